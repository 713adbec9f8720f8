"""Writing of the history: rows in their present state, counts once, moves followed, bounds kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.store import alert_history, alert_writing
from aiops.store.alert_history import AlertQuery, Episode
from aiops.store.frame_alerts import FrameAlerts, KeptChange, Move
from aiops.store.store import FrameDecisions, Store
from tests.store.episodes import begun, fill, keep, state


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


def rows(store: Store) -> list[Episode]:
    return alert_history.search(store.database.reader, AlertQuery(limit=1_000)).episodes


def test_frame_is_counted_once(store: Store) -> None:
    found = FrameAlerts(
        begun=[begun(0)],
        states=[state(0, count=3)],
        minutes={("i-1", 16, "Down", "db", 3): 3},
        totals={(33, "background"): 3},
    )
    for _ in range(2):
        keep(store, 0, found)
    assert alert_history.totals(store.database.reader) == {"background": 3}
    assert alert_history.minutes(store.database.reader, ["i-1"]) == {"i-1": [(16, "db", 3, 3)]}
    assert [one.count for one in rows(store)] == [3]


def test_state_written_again_changes_nothing(store: Store) -> None:
    fill(store, 3)
    for _ in range(2):
        store.keep_episodes([state(1, count=9, ended_at=1_050.0, ended_by="sender", severity=4)])
    one = rows(store)[1]
    assert (one.seq, one.count, one.ended_at, one.ended_by, one.severity) == (1, 9, 1_050.0, "sender", 4)
    store.keep_episodes([state(99)])
    assert len(rows(store)) == 3


def test_worst_severity_and_the_incident_stay(store: Store) -> None:
    fill(store, 1)
    store.keep_episodes([state(0, severity=4, incident="i-1", disposition="incident")])
    # The engine knows nothing of the cluster any more, which says nothing of where the alert went.
    store.keep_episodes([state(0, severity=1, ended_at=1_060.0)])
    (one,) = rows(store)
    assert (one.severity, one.incident, one.disposition, one.ended_at) == (4, "i-1", "incident", 1_060.0)


def test_promotion_takes_background_along_and_counts_its_beginning(store: Store) -> None:
    fill(store, 2)
    keep(store, 1, FrameAlerts(moves=[Move(1, 1, None, "i-1")]))
    assert [(one.disposition, one.incident) for one in rows(store)] == [("incident", "i-1"), ("background", None)]
    assert alert_history.minutes(store.database.reader, ["i-1"]) == {"i-1": [(1_001 // 60, "db", 3, 1)]}


def test_merge_and_split_move_members(store: Store) -> None:
    fill(store, 4)
    keep(store, 1, FrameAlerts(moves=[Move(1, 0, None, "i-1"), Move(0, 0, None, "i-1"), Move(2, 0, None, "i-1")]))
    keep(store, 2, FrameAlerts(moves=[Move(0, 50, [2], "i-2")]))
    assert [one.incident for one in rows(store)] == [None, "i-2", "i-1", "i-1"]


def test_silenced_episodes_stay_where_they_are(store: Store) -> None:
    keep(
        store,
        0,
        FrameAlerts(
            begun=[begun(5, disposition="suppressed", silence="s1", reason="silence s1")],
            states=[state(5, disposition="suppressed", reason="silence s1")],
            moves=[Move(5, 6, None, "i-1")],
        ),
    )
    (one,) = rows(store)
    assert (one.disposition, one.silence, one.incident) == ("suppressed", "s1", None)


def test_merged_incident_gives_its_alerts_to_the_one_that_continues(store: Store) -> None:
    keep(
        store,
        0,
        FrameAlerts(
            begun=[begun(0), begun(1)],
            states=[state(0, incident="i-1"), state(1, incident="i-2")],
            minutes={("i-1", 16, "Down", "db", 3): 2, ("i-2", 16, "Down", "db", 3): 5, ("i-2", 17, "Down", "db", 3): 1},
        ),
    )
    keep(store, 1, FrameAlerts(merged=[("i-2", "i-1")]))
    assert {one.incident for one in rows(store)} == {"i-1"}
    counted = alert_history.minutes(store.database.reader, ["i-1", "i-2"])
    assert counted == {"i-1": [(16, "db", 3, 7), (17, "db", 3, 1)], "i-2": []}


def test_names_and_services_beyond_the_bound_are_counted_without_them(store: Store) -> None:
    many = {("i-1", 16, f"N{n}", f"s{n}", 3): 1 for n in range(alert_writing.MAX_EACH + 50)}
    keep(store, 0, FrameAlerts(minutes=many))
    found = alert_history.minutes(store.database.reader, ["i-1"])["i-1"]
    assert len(found) == alert_writing.MAX_EACH + 1
    assert sum(count for *_, count in found) == len(many)
    assert ("", 50) in [(service, count) for _, service, _, count in found]


def test_episodes_beyond_the_hard_cap_are_counted_and_not_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_writing, "HARD_CAP", 5)
    fill(store, 8)
    kept = alert_history.kept(store.database.reader)
    assert (kept.episodes, kept.left_out) == (5, 3)
    assert len(rows(store)) == 5


def test_rejected_alert_without_a_stream_is_kept(store: Store) -> None:
    keep(store, 0, FrameAlerts(begun=[begun(3, name="bad", disposition="rejected", reason="it raises")]), at=2_000.0)
    (one,) = rows(store)
    assert (one.disposition, one.reason, one.started_at, one.count) == ("rejected", "it raises", 2_000.0, 1)


def test_changes_are_kept_once(store: Store) -> None:
    change = KeptChange(4, 1_500.0, "db-1", "db", "deploy", None, None, "{}")
    keep(store, 0, FrameAlerts(changes=[change]))
    keep(store, 1, FrameAlerts(changes=[change]))
    assert store.database.reader.execute("select count(*) from site_changes").fetchone()[0] == 1


def test_hostile_text_is_kept_as_text(store: Store) -> None:
    text = "'); drop table alert_episodes; -- \u202e\x00<script>"
    keep(store, 0, FrameAlerts(begun=[begun(0, name=text, entity=text, message=text)], states=[state(0)]))
    (one,) = rows(store)
    assert (one.name, one.entity, one.message) == (text, text, text)


def test_failed_transaction_keeps_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_writing, "_TOTAL", "insert into nowhere values (?, ?, ?)")
    with pytest.raises(Exception, match="nowhere"):
        store.apply([FrameDecisions(0, 1.0, [], alerts=FrameAlerts(begun=[begun(0)], totals={(0, "background"): 1}))])
    assert rows(store) == []
    assert store.applied() == 0
