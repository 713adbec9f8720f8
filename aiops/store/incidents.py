"""The incidents table: the newest state of each incident, and lists for people and the API."""

from __future__ import annotations

import sqlite3
from typing import Literal

import msgspec
from msgspec import Struct

from aiops.engine.events import IncidentChanged
from aiops.records import Incident, parse_severity
from aiops.search import indexing

Status = Literal["open", "acknowledged", "resolved", "merged"]
# One page of a list; the API continues with `before`.
MAX_LIMIT = 1_000
_DECODER = msgspec.json.Decoder(Incident)
_ENCODER = msgspec.json.Encoder()


class Summary(Struct):
    """A line of a list.

    Times are Unix seconds; `changed` is the number of the audit entry of its last change.
    """

    id: str
    version: int
    status: Status
    severity: int
    title: str
    opened_at: float
    last_alert_at: float
    resolved_at: float | None
    alert_count: int
    merged_into: str | None
    changed: int


class Stored(Struct):
    """An incident with its version and the number of the audit entry of its last change."""

    incident: Incident
    version: int
    changed: int


class Present(Struct):
    """An incident as it is after record number `seq`, between version `version` and the next one."""

    incident: Incident
    version: int
    seq: int
    body: bytes = b""

    def __post_init__(self) -> None:
        """Encode the incident once."""
        self.body = self.body or _ENCODER.encode(self.incident)


_COLUMNS = ", ".join(Summary.__struct_fields__)


def refresh(connection: sqlite3.Connection, present: Present) -> None:
    """Update a row to the present state; a row of another version, or of a later record, stays as it is."""
    incident = present.incident
    found = connection.execute(
        "update incidents set severity = ?, title = ?, last_alert_at = ?, alert_count = ?, body = ?, seq = ?"
        " where id = ? and version = ? and seq <= ?",
        (
            int(parse_severity(incident.severity)),
            incident.title or "",
            incident.last_alert_at or incident.opened_at or 0.0,
            incident.alert_count,
            present.body,
            present.seq,
            incident.id,
            present.version,
            present.seq,
        ),
    )
    if found.rowcount:
        indexing.refresh(connection, incident, incident.opened_at or 0.0)


def upsert(connection: sqlite3.Connection, event: IncidentChanged, changed: int, received_at: float) -> None:
    """Write the newest state; an older version, or the state of an earlier record, is left out.

    `received_at` is the host's clock.
    """
    incident = event.incident
    values = (
        incident.id,
        event.version,
        incident.status or "open",
        int(parse_severity(incident.severity)),
        incident.title or "",
        incident.opened_at or event.at,
        incident.last_alert_at or incident.opened_at or event.at,
        incident.resolved_at,
        incident.alert_count,
        incident.merged_into,
        changed,
        _ENCODER.encode(incident),
        event.seq,
        received_at,
    )
    found = connection.execute(
        f"insert into incidents ({_COLUMNS}, body, seq, received_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        " on conflict (id) do update set version = excluded.version, status = excluded.status,"
        " severity = excluded.severity, title = excluded.title, opened_at = excluded.opened_at,"
        " last_alert_at = excluded.last_alert_at, resolved_at = excluded.resolved_at,"
        " alert_count = excluded.alert_count, merged_into = excluded.merged_into, changed = excluded.changed,"
        " body = excluded.body, seq = excluded.seq, received_at = excluded.received_at"
        " where (excluded.version, excluded.seq) >= (incidents.version, incidents.seq)",
        values,
    )
    if found.rowcount:
        indexing.write(connection, incident, event.version, event.at)


def get(connection: sqlite3.Connection, id: str) -> Stored | None:
    """Return an incident with all its details; None if there is none."""
    found = connection.execute("select body, version, changed from incidents where id = ?", (id,)).fetchone()
    return None if found is None else Stored(_DECODER.decode(found[0]), found[1], found[2])


def listed(
    connection: sqlite3.Connection,
    *,
    statuses: tuple[Status, ...] = (),
    min_severity: int = 0,
    since: float | None = None,
    before: tuple[float, str] | None = None,
    limit: int = 100,
) -> list[Summary]:
    """Return incidents, last opened first.

    `before` is the (opened_at, id) of the last line of the previous page.
    """
    where, values = ["severity >= ?"], [min_severity]
    if statuses:
        where.append(f"status in ({', '.join('?' * len(statuses))})")
        values.extend(statuses)  # type: ignore[arg-type]
    if since is not None:
        where.append("last_alert_at >= ?")
        values.append(since)  # type: ignore[arg-type]
    if before is not None:
        where.append("(opened_at, id) < (?, ?)")
        values.extend(before)  # type: ignore[arg-type]
    found = connection.execute(
        f"select {_COLUMNS} from incidents where {' and '.join(where)}"  # noqa: S608 - only placeholders vary
        " order by opened_at desc, id desc limit ?",
        (*values, max(1, min(limit, MAX_LIMIT))),
    )
    return [Summary(*row) for row in found]


def counts(connection: sqlite3.Connection) -> dict[tuple[Status, int], int]:
    """Count incidents by (status, severity)."""
    found = connection.execute("select status, severity, count(*) from incidents group by status, severity")
    return {(status, severity): count for status, severity, count in found}
