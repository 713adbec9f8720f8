"""Retention: old rows are removed in small steps; ingestion never waits for more than one of them.

Between two steps the writer's lock is free for as long as `pause` takes. Without a pause, the thread that releases a
lock mostly holds it again before the waiting one has woken up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from msgspec import Meta, Struct

from aiops.search import backfill
from aiops.store import alert_retention
from aiops.store.database import VACUUM_PAGES, Database

_DAY_S = 86_400.0
# Rows of a table removed in one call, in one transaction. An incident of a hundred members has ten pages of its own,
# which are freed one by one: 500 of them held the writer for 300 ms, 25 for a few milliseconds.
CALL_ROWS = 500
STEP_ROWS = 25
# Pages freed in one call, and in one step of it.
CALL_PAGES = 1_000
# A person reads the dead letters; the newest hundred thousand show any pattern.
MAX_LETTERS = 100_000


# Below an hour, incidents would vanish while people still discuss them; above ten years, it is a typing error.
Age = Annotated[float, Meta(ge=3_600, le=10 * 366 * _DAY_S)]


class KeepConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Ages in seconds after which closed items are removed.

    They count from receipt, since old alerts may arrive today. Open incidents and undelivered messages stay.
    """

    # A year and a month: "the same day last year" stays answerable.
    incidents_s: Age = 400 * _DAY_S
    audit_s: Age = 400 * _DAY_S
    letters_s: Age = 30 * _DAY_S
    # Deliveries are looked up while an incident is discussed.
    deliveries_s: Age = 30 * _DAY_S
    # Alerts are looked up while an incident is discussed and when a silence is reviewed; a quarter of a year has both.
    alerts_s: Age = 90 * _DAY_S


_STEPS = (
    (
        "outbox",
        "id in (select o.id from outbox o left join incidents i on i.id = o.incident where o.state in"
        " ('sent', 'superseded', 'dropped') and o.changed_at < ? and coalesce(i.status, 'resolved')"
        " in ('resolved', 'merged') limit ?)",
    ),
    (
        "delivery_references",
        "number in (select r.number from delivery_references r left join incidents i on i.id = r.incident where"
        " r.changed_at < ? and coalesce(i.status, 'resolved') in ('resolved', 'merged') limit ?)",
    ),
    (
        "findings",
        "(incident, round, playbook, collector) in (select f.incident, f.round, f.playbook, f.collector from findings f"
        " left join incidents i on i.id = f.incident where f.at < ? and coalesce(i.status, 'resolved')"
        " in ('resolved', 'merged') limit ?)",
    ),
    ("audit", "number in (select number from audit where received_at < ? order by received_at limit ?)"),
    ("dead_letters", "number in (select number from dead_letters where at < ? order by number limit ?)"),
    (
        "incidents",
        "id in (select id from incidents where status in ('resolved', 'merged') and received_at < ? limit ?)",
    ),
)

_BEYOND = "delete from dead_letters where number in (select number from dead_letters where number <= ? limit ?)"


def prune(
    database: Database, now: float, keep: KeepConfig, rows: int = CALL_ROWS, pause: Callable[[], object] = lambda: None
) -> int:
    """Remove at most `rows` old rows of each table and free pages; return the number of rows removed.

    `pause` is called between two steps, for the few milliseconds in which others may write.
    """
    ages = {
        "outbox": keep.deliveries_s,
        "delivery_references": keep.deliveries_s,
        "findings": keep.incidents_s,
        "audit": keep.audit_s,
        "dead_letters": keep.letters_s,
        "incidents": keep.incidents_s,
    }
    newest = database.reader.execute("select coalesce(max(number), 0) from dead_letters").fetchone()[0]
    statements = [(f"delete from {table} where {where}", now - ages[table]) for table, where in _STEPS]  # noqa: S608
    statements.append((_BEYOND, newest - MAX_LETTERS))
    removed = sum(_remove(database, statement, bound, rows, pause) for statement, bound in statements)
    _index_older(database, rows, pause)
    removed += alert_retention.prune(database, now, keep.alerts_s, pause)
    for _ in range(CALL_PAGES // VACUUM_PAGES):
        if not database.reclaim():
            break
        pause()
    return removed


def _index_older(database: Database, rows: int, pause: Callable[[], object]) -> None:
    """Write the lines of incidents that an earlier release stored."""
    for _ in range(rows // backfill.STEP):
        if not backfill.missing(database.reader):
            return
        with database.transaction() as connection:
            backfill.step(connection)
        pause()


def _remove(database: Database, statement: str, bound: float, rows: int, pause: Callable[[], object]) -> int:
    removed = 0
    while removed < rows:
        some = min(STEP_ROWS, rows - removed)
        with database.transaction() as connection:
            found = connection.execute(statement, (bound, some)).rowcount
        removed += found
        if found < some:
            break
        pause()
    return removed
