"""Changes of entities, by time, entity and service."""

from __future__ import annotations

from pathlib import Path

from aiops.store.frame_alerts import FrameAlerts, KeptChange
from aiops.store.site_changes import site_changes
from aiops.store.store import Store
from tests.store.episodes import keep


def test_changes_are_found_by_time_entity_and_service(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rows = [
        KeptChange(n, 100.0 + n, f"e{n % 3}", "web" if n % 2 else None, f"deploy {n}", None, None, '{"kind":"deploy"}')
        for n in range(6)
    ]
    keep(store, 0, FrameAlerts(changes=rows))
    reader = store.database.reader
    assert [one.seq for one in site_changes(reader, 101.0, 104.0)] == [3, 2, 1]
    assert [one.seq for one in site_changes(reader, 0.0, 200.0, entities=["e0"])] == [3, 0]
    assert [one.seq for one in site_changes(reader, 0.0, 200.0, entities=["e0"], services=["web"])] == [5, 3, 1, 0]
    assert [one.seq for one in site_changes(reader, 0.0, 200.0, limit=2)] == [5, 4]
    assert site_changes(reader, 0.0, 200.0)[0].labels == {"kind": "deploy"}
    many = [f"x{n}" for n in range(1_000)]
    assert [one.seq for one in site_changes(reader, 0.0, 200.0, entities=[*many, "e1"])] == [4, 1]
    store.close()
