"""Reads of the outbox for people: the messages about one incident."""

from __future__ import annotations

import sqlite3

from msgspec import Struct


class Sending(Struct):
    """One message about an incident; times are Unix seconds, `due_at` is its next attempt while it waits."""

    id: int
    endpoint: str
    version: int
    change: str
    state: str
    attempt: int
    due_at: float
    created_at: float
    changed_at: float
    last_status: int | None
    last_error: str | None
    repeats: int
    news: str
    held: bytes | None
    body: bytes


_COLUMNS = ", ".join(f"o.{name}" for name in Sending.__struct_fields__)
# The index is by endpoint, then incident: the few endpoints are found by it first, one step each.
_OF_INCIDENT = """
with recursive known(endpoint) as (
    select min(endpoint) from outbox
    union all
    select (select min(endpoint) from outbox where endpoint > known.endpoint) from known
    where known.endpoint is not null
)
"""
_FROM = "from known join outbox o on o.endpoint = known.endpoint and o.incident = ?"


def of_incident(connection: sqlite3.Connection, incident: str, limit: int) -> tuple[list[Sending], int, int]:
    """Return the newest messages about an incident, their number, and that of superseded ones.

    Superseded ones are not among them: a later message replaced each.
    """
    counted = connection.execute(
        f"{_OF_INCIDENT} select sum(o.state != 'superseded'), sum(o.state = 'superseded') {_FROM}",
        (incident,),
    ).fetchone()
    found = connection.execute(
        f"{_OF_INCIDENT} select {_COLUMNS} {_FROM} where o.state != 'superseded'"
        " order by o.created_at desc, o.id desc limit ?",
        (incident, limit),
    )
    return [Sending(*row) for row in found], int(counted[0] or 0), int(counted[1] or 0)
