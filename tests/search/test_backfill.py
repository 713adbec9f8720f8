"""Incidents of an earlier release get their lines: open ones at the start, the others with retention."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from aiops.search import backfill
from aiops.store.retention import KeepConfig, prune
from aiops.store.schema import MIGRATIONS
from aiops.store.store import Store
from tests.search.stored import NOW, Filled, incident, member

OLDER = 5


def older_store(directory: Path, count: int) -> None:
    """A store as the release before lines left it."""
    with closing(sqlite3.connect(directory / "aiops.db")) as raw:
        raw.executescript(f"{';'.join(MIGRATIONS[:OLDER])}; pragma user_version = {OLDER};")
        for n in range(count):
            status = "resolved" if n % 2 else "open"
            one = incident(f"inc-{n:03}", member("DiskFull", f"db-{n}"), status=status, opened_at=NOW - n)
            body = msgspec.json.encode(one) if n != 1 else b'{"kind": "incident", "id": 7}'
            raw.execute(
                "insert into incidents values (?, 1, ?, 4, 't', ?, ?, null, 3, null, 0, ?, 0, ?)",
                (one.id, status, NOW - n, NOW - n, body, NOW),
            )
        raw.commit()


def test_open_incidents_are_found_at_once_and_the_others_soon(tmp_path: Path) -> None:
    older_store(tmp_path, 120)
    with closing(Store(tmp_path)) as opened:
        store = Filled(opened)
        assert store.found("entity:db-2") == ["inc-002"]
        assert (store.found("entity:db-3"), backfill.missing(store.reader)) == ([], 60)
        prune(opened.database, NOW, KeepConfig())
        assert (store.found("entity:db-3"), backfill.missing(store.reader)) == (["inc-003"], 0)
        assert len(store.found("")) == 120


def test_a_body_that_no_longer_decodes_has_a_line(tmp_path: Path) -> None:
    older_store(tmp_path, 2)
    with closing(Store(tmp_path)) as opened:
        prune(opened.database, NOW, KeepConfig())
        assert Filled(opened).found("") == ["inc-000", "inc-001"]


def test_a_step_is_bounded_and_takes_the_last_opened_first(tmp_path: Path) -> None:
    older_store(tmp_path, 9)
    with closing(Store(tmp_path)) as opened:
        with opened.database.transaction() as connection:
            assert backfill.step(connection, rows=2) == 2
        assert backfill.missing(opened.database.reader) == 2
        assert Filled(opened).found("status:resolved") == ["inc-001", "inc-003"]
