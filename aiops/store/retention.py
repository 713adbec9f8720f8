"""Retention: old rows go in small steps, so that ingestion never waits for more than one of them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from aiops.store.database import Database

_DAY_S = 86_400.0
# Rows removed in one transaction: some milliseconds of the writer's time.
STEP_ROWS = 500
# Rejected input is kept for somebody to look at; the newest hundred thousand show any pattern there is.
MAX_LETTERS = 100_000


# Below an hour, what is over would be gone while people still talk about it; above ten years, it is a typing error.
Age = Annotated[float, Meta(ge=3_600, le=10 * 366 * _DAY_S)]


class KeepConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """How long the store keeps what is over, in seconds. Open incidents and undelivered messages stay."""

    # A year and a month: "the same day last year" stays answerable.
    incidents_s: Age = 400 * _DAY_S
    audit_s: Age = 400 * _DAY_S
    letters_s: Age = 30 * _DAY_S
    # Deliveries are looked up while an incident is discussed.
    deliveries_s: Age = 30 * _DAY_S


_STEPS = (
    (
        "outbox",
        "id in (select o.id from outbox o left join incidents i on i.id = o.incident where o.state in"
        " ('sent', 'superseded', 'dropped') and o.changed_at < ? and coalesce(i.status, 'resolved')"
        " in ('resolved', 'merged') limit ?)",
    ),
    ("audit", "number in (select number from audit where at < ? order by at limit ?)"),
    ("dead_letters", "number in (select number from dead_letters where at < ? order by number limit ?)"),
    (
        "incidents",
        "id in (select id from incidents where status in ('resolved', 'merged') and last_alert_at < ? limit ?)",
    ),
)


def prune(database: Database, now: float, keep: KeepConfig, rows: int = STEP_ROWS) -> int:
    """Remove at most `rows` old rows of each table and give free pages back; return the rows removed."""
    ages = {
        "outbox": keep.deliveries_s,
        "audit": keep.audit_s,
        "dead_letters": keep.letters_s,
        "incidents": keep.incidents_s,
    }
    removed = 0
    for table, where in _STEPS:
        with database.transaction() as connection:
            statement = f"delete from {table} where {where}"  # noqa: S608 - the tables are this module's own
            removed += connection.execute(statement, (now - ages[table], rows)).rowcount
    removed += _cap_letters(database, rows)
    database.reclaim()
    return removed


def _cap_letters(database: Database, rows: int) -> int:
    newest = database.reader.execute("select coalesce(max(number), 0) from dead_letters").fetchone()[0]
    with database.transaction() as connection:
        return connection.execute(
            "delete from dead_letters where number in (select number from dead_letters where number <= ? limit ?)",
            (newest - MAX_LETTERS, rows),
        ).rowcount
