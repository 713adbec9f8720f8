"""Lines and words of incidents that an earlier release stored: made in steps, the last opened first."""

from __future__ import annotations

import sqlite3

import msgspec

from aiops.records import Incident
from aiops.search import indexing

# Incidents of one step, which holds the writer for some 30 ms.
STEP = 50
_DECODER = msgspec.json.Decoder(Incident)
_MISSING = "from incidents i where not exists (select 1 from incident_lines l where l.id = i.id)"


def missing(connection: sqlite3.Connection) -> int:
    """Return how many incidents have no line yet."""
    return int(connection.execute(f"select count(*) {_MISSING}").fetchone()[0])


def step(connection: sqlite3.Connection, *, active: bool = False, rows: int = STEP) -> int:
    """Write the lines of at most `rows` incidents that lack one; return their number.

    With `active`, only of open ones. `connection` is in the caller's transaction.
    A body that no longer decodes gets a line without names.
    """
    which = " and i.status in ('open', 'acknowledged')" if active else ""
    statement = (
        f"select i.id, i.version, i.opened_at, i.status, i.body {_MISSING}{which} order by i.opened_at desc limit ?"
    )
    found = connection.execute(statement, (rows,)).fetchall()
    for id, version, opened_at, status, body in found:
        indexing.write(connection, _incident(id, opened_at, status, body), version, opened_at)
    return len(found)


def _incident(id: str, opened_at: float, status: str, body: bytes) -> Incident:
    try:
        return _DECODER.decode(body)
    except msgspec.MsgspecError:
        return Incident(id=id, opened_at=opened_at, status=status)  # type: ignore[arg-type]
