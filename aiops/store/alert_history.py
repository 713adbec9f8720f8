"""The history of alerts, read: episodes by where they went, and counts by the minute.

A search by name, entity or label finds the streams first, of which there are far fewer than episodes. Pages continue
after the last row (`Key`): each costs the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from aiops.search.syntax import Query
from aiops.store.alert_terms import Condition, conditions

# Streams that match up to this number are followed one by one; of more, the episodes are passed through by time.
FEW_STREAMS = 400
MAX_LIMIT = 1_000

# The start of an episode, and its number: newest first.
Key = tuple[float, int]
# Minute (Unix time / 60), service, level and number of alerts.
MinuteCount = tuple[int, str, int, int]
# The same with the name of the alert before its service.
NamedCount = tuple[int, str, str, int, int]


class Episode(Struct, kw_only=True):
    """One episode of an alert, from firing to its end, and where it went.

    `disposition` is incident, suppressed, background or rejected; `reason` is why, if it is none of an incident.
    `count` are its alerts with all repeats. `silence` is the silence that muted it, which may have ended since.
    """

    seq: int
    fingerprint: str
    name: str
    entity: str
    workload: str
    service: str | None
    source: str | None
    severity: int
    started_at: float
    last_at: float
    ended_at: float | None
    ended_by: str | None
    count: int
    disposition: str
    incident: str | None
    silence: str | None
    reason: str | None
    message: str | None
    labels: dict[str, str]
    url: str | None
    alert_id: str


class AlertQuery(Struct, kw_only=True, frozen=True):
    """A search; what is empty does not count.

    `query` are the terms that a person wrote (`alert_terms`), the others are exact. `since` and `until` bound the time
    in which an episode began. `before` is the `next` of the page before.
    """

    query: Query = Query()
    name: str = ""
    entity: str = ""
    service: str = ""
    source: str = ""
    fingerprint: str = ""
    incident: str = ""
    silence: str = ""
    since: float | None = None
    until: float | None = None
    before: Key | None = None
    limit: int = 50


class EpisodePage(Struct):
    """Episodes, newest first; `next` is the key of the next page, None on the last one."""

    episodes: list[Episode]
    next: Key | None = None


class Kept(Struct):
    """The extent of the history.

    `removed_episodes` with `removed_alerts` that began up to `removed_until` were removed by age or number. `left_out`
    were never kept, as they came faster than old ones could be removed.
    """

    episodes: int
    removed_episodes: int
    removed_alerts: int
    removed_until: float | None
    left_out: int


_COLUMNS = (
    "e.seq, s.fingerprint, s.name, s.entity, s.workload, s.service, s.source, e.severity, e.started_at, e.last_at,"
    " e.ended_at, e.ended_by, e.count, e.disposition, e.incident, e.silence, e.reason, e.message, s.labels, e.url,"
    " e.alert_id"
)
_FROM = "from alert_episodes e join alert_streams s on s.id = e.stream"
_ORDER = "order by e.started_at desc, e.seq desc limit ?"
_LABELS = Episode.__struct_fields__.index("labels")


def search(reader: sqlite3.Connection, query: AlertQuery) -> EpisodePage:
    """Return the episodes that a query finds, newest first."""
    limit = max(1, min(query.limit, MAX_LIMIT))
    of_streams, of_episodes = _conditions(query)
    if of_streams:
        clause, values = _joined(of_streams)
        found = reader.execute(f"select id from alert_streams s where {clause} limit ?", (*values, FEW_STREAMS + 1))  # noqa: S608
        streams = [int(row[0]) for row in found]
        if not streams:
            return EpisodePage([])
        if len(streams) <= FEW_STREAMS:
            of_streams = [(f"e.stream in ({', '.join('?' * len(streams))})", tuple(streams))]
    clause, values = _joined([*of_streams, *of_episodes])
    rows = reader.execute(f"select {_COLUMNS} {_FROM} where {clause} {_ORDER}", (*values, limit + 1))
    episodes = [_episode(row) for row in rows]
    if len(episodes) <= limit:
        return EpisodePage(episodes)
    last = episodes[limit - 1]
    return EpisodePage(episodes[:limit], (last.started_at, last.seq))


def of_incident(reader: sqlite3.Connection, incident: str, limit: int = 500) -> list[Episode]:
    """Return the newest episodes of an incident."""
    return search(reader, AlertQuery(incident=incident, limit=limit)).episodes


def minutes(reader: sqlite3.Connection, incidents: Sequence[str], since: float = 0.0) -> dict[str, list[MinuteCount]]:
    """Return the counts of incidents by minute, service and level, in order of time.

    An alert without a service counts for its workload; the service is empty beyond the bound.
    """
    found: dict[str, list[MinuteCount]] = {name: [] for name in incidents}
    for some in _parts(list(found)):
        rows = reader.execute(
            "select incident, minute, service, severity, sum(count) from alert_minutes"  # noqa: S608
            f" where incident in ({', '.join('?' * len(some))}) and minute >= ?"
            " group by incident, minute, service, severity order by incident, minute",
            (*some, int(since // 60)),
        )
        for incident, minute, service, severity, count in rows:
            found[incident].append((minute, service, severity, count))
    return found


def named_minutes(reader: sqlite3.Connection, incident: str, since: float = 0.0) -> list[NamedCount]:
    """Return (minute, name, service, level, alerts) of one incident, in order of time."""
    rows = reader.execute(
        "select minute, name, service, severity, count from alert_minutes where incident = ? and minute >= ?"
        " order by minute, name, service, severity",
        (incident, int(since // 60)),
    )
    return [tuple(row) for row in rows]


def totals(reader: sqlite3.Connection, since: float = 0.0, until: float | None = None) -> dict[str, int]:
    """Return the alerts received by disposition; minutes of long ago are added up in the minute 0."""
    rows = reader.execute(
        "select disposition, sum(count) from alert_totals where minute >= ? and (? is null or minute < ?)"
        " group by disposition",
        (int(since // 60), until, None if until is None else int(until // 60)),
    )
    return {str(disposition): int(count) for disposition, count in rows}


def rates(reader: sqlite3.Connection, since: float) -> list[tuple[int, str, int]]:
    """Return (minute of receipt, disposition, alerts) in order of time."""
    rows = reader.execute(
        "select minute, disposition, count from alert_totals where minute >= ? order by minute", (int(since // 60),)
    )
    return [(int(minute), str(disposition), int(count)) for minute, disposition, count in rows]


def kept(reader: sqlite3.Connection) -> Kept:
    """Return the extent of the history, and what it does not hold."""
    row = reader.execute(
        "select episodes, removed_episodes, removed_alerts, removed_until, left_out from alert_history"
    ).fetchone()
    return Kept(*row)


def _episode(row: tuple[object, ...]) -> Episode:
    values = dict(zip(Episode.__struct_fields__, row, strict=True))
    values["labels"] = msgspec.json.decode(str(row[_LABELS]), type=dict[str, str])
    return Episode(**values)  # type: ignore[arg-type]


def _conditions(query: AlertQuery) -> tuple[list[Condition], list[Condition]]:
    """Return the conditions on streams, and those on episodes."""
    of_streams, of_episodes = conditions(query.query)
    for name in ("name", "entity", "service", "source", "fingerprint"):
        value = getattr(query, name)
        if value:
            of_streams.append((f"s.{name} = ?", (value,)))
    for name in ("incident", "silence"):
        value = getattr(query, name)
        if value:
            of_episodes.append((f"e.{name} = ?", (value,)))
    if query.since is not None:
        of_episodes.append(("e.started_at >= ?", (query.since,)))
    if query.until is not None:
        of_episodes.append(("e.started_at < ?", (query.until,)))
    if query.before is not None:
        of_episodes.append(("(e.started_at, e.seq) < (?, ?)", query.before))
    return of_streams, of_episodes


def _joined(conditions: Iterable[Condition]) -> Condition:
    found = list(conditions)
    clause = " and ".join(clause for clause, _ in found)
    return clause or "1", tuple(value for _, values in found for value in values)


def _parts(names: list[str], size: int = 500) -> Iterable[list[str]]:
    return (names[at : at + size] for at in range(0, len(names), size))
