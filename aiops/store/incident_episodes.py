"""The episodes of one incident: more of them, and less of each, than a search gives."""

from __future__ import annotations

import sqlite3

import msgspec
from msgspec import Struct

# An incident of a storm has thousands. Reading so many and grouping them takes some 60 ms; 5,000 took 150 ms of a page.
MAX_EPISODES = 2_000


class IncidentEpisode(Struct, gc=False):
    """One episode of an incident; `labels` are JSON, as many streams share them."""

    fingerprint: str
    name: str
    entity: str
    workload: str
    service: str | None
    source: str | None
    labels: str
    severity: int
    started_at: float
    last_at: float
    ended_at: float | None
    count: int
    message: str | None
    url: str | None
    alert_id: str


_QUERY = """
select s.fingerprint, s.name, s.entity, s.workload, s.service, s.source, s.labels, e.severity, e.started_at, e.last_at,
    e.ended_at, e.count, e.message, e.url, e.alert_id
from alert_episodes e join alert_streams s on s.id = e.stream
where e.incident = ? and e.disposition = 'incident' order by e.started_at, e.seq limit ?
"""


# An alert counted by the minute: (minute since 1970, name, service, level, alerts). All come as one row of JSON: a row
# that crosses into Python waits for its turn with the threads of the engine.
_MINUTES = """
select json_group_array(json_array(minute, name, service, severity, count)) from (
    select minute, name, service, severity, count from alert_minutes where incident = ? order by minute limit ?
)
"""
# Ten thousand alerts take as many rows at most, and a few milliseconds.
MAX_MINUTES = 20_000


def minutes_of(
    reader: sqlite3.Connection, incident: str, limit: int = MAX_MINUTES
) -> list[tuple[int, str, str, int, int]]:
    """Return the counts of an incident by minute, name, service and level, in order of time."""
    text = reader.execute(_MINUTES, (incident, limit)).fetchone()[0]
    return msgspec.json.decode(text, type=list[tuple[int, str, str, int, int]])


def episodes_of(reader: sqlite3.Connection, incident: str, limit: int = MAX_EPISODES) -> list[IncidentEpisode]:
    """Return the episodes of an incident in the order in which they began."""
    return [IncidentEpisode(*row) for row in reader.execute(_QUERY, (incident, limit))]
