"""Pages of the outbox for people: rows without their bodies, with the sentence of their incident."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

MAX_LIMIT = 500
# The largest number that a row can have.
MAX_ID = (1 << 63) - 1
# What a newer message of the same incident replaced is no delivery of its own.
STATES = ("dead", "due", "sent", "dropped")
# Those on which nothing is to be done any more.
OVER = ("sent", "dropped")


class Line(Struct):
    """One message; `title` is the verdict of its incident, `is_held` true if inhibition holds it."""

    id: int
    endpoint: str
    incident: str
    title: str
    change: str
    state: str
    attempt: int
    due_at: float
    created_at: float
    changed_at: float
    last_status: int | None
    last_error: str | None
    repeats: int
    is_held: int


_LINES = """
select o.id, o.endpoint, o.incident, coalesce(nullif(l.verdict, ''), l.title, ''), o.change, o.state, o.attempt,
    o.due_at, o.created_at, o.changed_at, o.last_status, o.last_error, o.repeats, o.held is not null
from outbox o left join incident_lines l on l.id = o.incident
where o.state in ({}) and (?2 = '' or o.endpoint = ?2) and (?3 is null or o.id < ?3) order by o.id desc limit ?1
"""


def lines(
    reader: sqlite3.Connection, state: str = "", endpoint: str = "", before: int | None = None, limit: int = 50
) -> tuple[list[Line], int | None]:
    """Return messages, the newest first, and what `before` is for the page that follows; None on the last.

    Without a state, those that were given up or wait stand first, on the first page.
    """
    if state not in STATES and before is None:
        first = [one for each in ("dead", "due") for one in lines(reader, each, endpoint, None, limit)[0]]
        rest, older = lines(reader, "", endpoint, MAX_ID, limit)
        return [*first, *rest], older
    states = [state] if state in STATES else list(OVER)
    marks = ", ".join(f"'{one}'" for one in states)
    wanted = max(1, min(limit, MAX_LIMIT))
    found = [Line(*row) for row in reader.execute(_LINES.format(marks), (wanted + 1, endpoint, before))]
    return found[:wanted], found[wanted - 1].id if len(found) > wanted else None
