"""The episodes of one incident: all of them in order, and of no other."""

from __future__ import annotations

from pathlib import Path

from aiops.store.frame_alerts import FrameAlerts
from aiops.store.incident_episodes import episodes_of, minutes_of
from aiops.store.store import Store
from tests.store.episodes import begun, keep, state


def test_episodes_are_those_of_the_incident_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = [
        begun(seq, "Slow", f"web-{seq}", service="web", labels='{"env":"prod"}', message="slow") for seq in range(4)
    ]
    own = {"incident": "inc-1", "disposition": "incident"}
    states = [
        state(0, started_at=1_030.0, severity=4, **own),
        state(1, started_at=1_010.0, ended_at=1_090.0, count=7, **own),
        state(2, incident="inc-2", disposition="incident"),
        state(3),
    ]
    keep(store, 0, FrameAlerts(begun=rows, states=states))
    found = episodes_of(store.database.reader, "inc-1")
    assert [(one.entity, one.started_at, one.ended_at, one.count, one.severity) for one in found] == [
        ("web-1", 1_010.0, 1_090.0, 7, 3),
        ("web-0", 1_030.0, None, 1, 4),
    ]
    assert (found[0].labels, found[0].message, found[0].alert_id) == ('{"env":"prod"}', "slow", "a1")
    assert [one.entity for one in episodes_of(store.database.reader, "inc-1", 1)] == ["web-1"]
    assert episodes_of(store.database.reader, "inc-3") == []
    store.close()


def test_minutes_are_those_of_the_incident_in_order(tmp_path: Path) -> None:
    store = Store(tmp_path)
    minutes = {
        ("inc-1", 20, "Slow", "web", 3): 4,
        ("inc-1", 10, "Slow", "web", 2): 1,
        ("inc-2", 10, "Slow", "web", 2): 7,
    }
    keep(store, 0, FrameAlerts(minutes=minutes))
    assert minutes_of(store.database.reader, "inc-1") == [(10, "Slow", "web", 2, 1), (20, "Slow", "web", 3, 4)]
    assert minutes_of(store.database.reader, "inc-1", 1) == [(10, "Slow", "web", 2, 1)]
    store.close()
