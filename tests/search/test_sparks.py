"""Alerts a minute of the last hour, by incident."""

from __future__ import annotations

from pathlib import Path

from aiops.search.sparks import MINUTES, sparks
from tests.search.stored import NOW, Filled, filled, incident, member


def counted(store: Filled, *rows: tuple[str, float, int, str]) -> None:
    with store.store.database.transaction() as connection:
        connection.executemany(
            "insert into alert_minutes (incident, minute, name, service, severity, count, received_at)"
            " values (?, ?, 'A', ?, 4, ?, 0)",
            [(id, int(at // 60), service, count) for id, at, count, service in rows],
        )


def test_minutes_are_summed_and_the_present_one_is_last(tmp_path: Path) -> None:
    with filled(tmp_path, incident("a", member("A", "x"))) as store:
        counted(
            store,
            ("a", NOW, 3, "s"),
            ("a", NOW, 4, "t"),
            ("a", NOW - 60 * (MINUTES - 1), 5, "s"),
            ("a", NOW - 60 * MINUTES, 6, "s"),
            ("a", NOW + 120, 7, "s"),
            ("b", NOW, 8, "s"),
        )
        found = sparks(store.reader, ["a", "none"], NOW)
        assert found == {"a": [5, *[0] * (MINUTES - 2), 7], "none": [0] * MINUTES}


def test_no_incidents_have_no_bars(tmp_path: Path) -> None:
    with filled(tmp_path) as store:
        assert sparks(store.reader, [], NOW) == {}
