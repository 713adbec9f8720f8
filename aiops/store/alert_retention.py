"""Retention of the history of alerts: by age, and by number; all that goes is counted.

Rows are removed in the order in which they came, some hundred at a time. Receipt counts: old alerts may arrive today.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from aiops.store.alert_writing import MAX_EPISODES
from aiops.store.database import Database

# Rows of a table removed in one step, which takes some milliseconds, and steps in one call. Storms bring some hundred
# episodes a second; these are 1,000 a second with a call every ten seconds.
STEP_ROWS, STEPS = 250, 40
MAX_MINUTES, MAX_CHANGES = 3_000_000, 200_000
# Totals of minutes before that are added up: their sum stays.
TOTALS_S = 14 * 86_400.0
EARLIER = 0


def prune(database: Database, now: float, keep_s: float, pause: Callable[[], object] = lambda: None) -> int:
    """Remove what is older than `keep_s` seconds or beyond the bounds; return the number of rows removed."""
    removed = 0
    for step in (_episodes, _minutes, _changes):
        for _ in range(STEPS):
            with database.transaction() as connection:
                found = step(connection, now - keep_s)
            removed += found
            if found < STEP_ROWS:
                break
            pause()
    with database.transaction() as connection:
        _add_up(connection, now - TOTALS_S)
    return removed


def _episodes(connection: sqlite3.Connection, before: float) -> int:
    beyond = int(connection.execute("select episodes from alert_history").fetchone()[0]) - MAX_EPISODES
    oldest = connection.execute(
        "select seq, count, started_at, received_at, stream from alert_episodes order by seq limit ?", (STEP_ROWS,)
    ).fetchall()
    gone = [row for number, row in enumerate(oldest) if row[3] < before or number < beyond]
    if gone:
        connection.executemany("delete from alert_episodes where seq = ?", [(row[0],) for row in gone])
        connection.executemany(
            "delete from alert_streams where id = ?1 and not exists (select 1 from alert_episodes where stream = ?1)",
            [(stream,) for stream in {row[4] for row in gone}],
        )
        connection.execute(
            "update alert_history set episodes = episodes - ?, removed_episodes = removed_episodes + ?,"
            " removed_alerts = removed_alerts + ?, removed_until = max(coalesce(removed_until, 0), ?)",
            (len(gone), len(gone), sum(row[1] for row in gone), max(row[2] for row in gone)),
        )
    return len(gone)


def _minutes(connection: sqlite3.Connection, before: float) -> int:
    return _oldest(connection, "alert_minutes", before, MAX_MINUTES)


def _changes(connection: sqlite3.Connection, before: float) -> int:
    return _oldest(connection, "site_changes", before, MAX_CHANGES)


def _oldest(connection: sqlite3.Connection, table: str, before: float, most: int) -> int:
    """Remove the first rows of a table if they are old, or if `most` rows or more came after them."""
    found = connection.execute(
        f"select number, received_at from {table} order by number limit ?",  # noqa: S608
        (STEP_ROWS,),
    ).fetchall()
    last = connection.execute(f"select coalesce(max(number), 0) from {table}").fetchone()[0]  # noqa: S608
    gone = [(row[0],) for row in found if row[1] < before or row[0] <= last - most]
    connection.executemany(f"delete from {table} where number = ?", gone)  # noqa: S608
    return len(gone)


def _add_up(connection: sqlite3.Connection, before: float) -> None:
    """Add the totals of old minutes to those of the minute `EARLIER`."""
    bounds = (EARLIER, int(before // 60))
    connection.execute(
        "insert into alert_totals (minute, disposition, count)"
        " select ?1, disposition, sum(count) from alert_totals where minute > ?1 and minute < ?2"
        " group by disposition on conflict (minute, disposition) do update set count = count + excluded.count",
        bounds,
    )
    connection.execute("delete from alert_totals where minute > ? and minute < ?", bounds)
