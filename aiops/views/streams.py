"""The alert streams of an incident, as page, API and command line show them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec
from msgspec import Struct

from aiops.records import Incident, Member, parse_severity
from aiops.records.runbook_link import runbook_link
from aiops.store.incident_episodes import IncidentEpisode
from aiops.views.service_graph import ServiceGraph

# Onsets of one stream that are kept: one that flaps has hundreds.
MAX_ONSETS = 100


class Stream(Struct, gc=False):
    """One alert stream of an incident.

    `place` is the service that it counts for, `onsets` are the times at which it began to fire, `alert_id` is the id of
    its first alert, `message_at` the time of the alert that `message` is of. `ended_at` is None while it fires, and if
    it is not known. Times are Unix seconds.
    """

    fingerprint: str
    name: str
    place: str
    entity: str
    severity: int
    first_at: float
    last_at: float
    count: int
    is_firing: bool
    onsets: list[float]
    source: str | None = None
    service: str | None = None
    workload: str = ""
    message: str | None = None
    labels: dict[str, str] = {}
    url: str | None = None
    runbook_url: str | None = None
    alert_id: str = ""
    silenced_by: str | None = None
    silenced_until: float | None = None
    ended_at: float | None = None
    message_at: float | None = None


def streams_of(incident: Incident, episodes: Iterable[IncidentEpisode], graph: ServiceGraph) -> list[Stream]:
    """Return the streams of an incident: those of its episodes, and what its record knows beyond.

    Incidents from before episodes were kept have those of the record alone.
    """
    found: dict[str, Stream] = {}
    for episode in episodes:
        known = found.get(episode.fingerprint)
        if known is None:
            found[episode.fingerprint] = _begun(episode, graph)
        else:
            _continue(known, episode)
    for member in incident.members:
        stream = found.get(member.fingerprint)
        if stream is None:
            found[member.fingerprint] = _of_member(member, graph)
        else:
            _complete(stream, member)
    return list(found.values())


def _begun(one: IncidentEpisode, graph: ServiceGraph) -> Stream:
    labels = _labels(one.labels)
    return Stream(
        one.fingerprint, one.name, graph.place(one.service, one.entity), one.entity, one.severity, one.started_at,
        one.last_at, one.count, one.ended_at is None, [one.started_at], one.source, one.service, one.workload,
        one.message, labels, one.url, runbook_link({}, labels), one.alert_id, None, None, one.ended_at,
        one.started_at if one.message else None,
    )  # fmt: skip


def _continue(stream: Stream, one: IncidentEpisode) -> None:
    stream.severity = max(stream.severity, one.severity)
    stream.last_at = max(stream.last_at, one.last_at)
    stream.count += one.count
    stream.is_firing = stream.is_firing or one.ended_at is None
    stream.ended_at = None if stream.is_firing else max(stream.ended_at or 0.0, one.ended_at or 0.0)
    stream.url = one.url or stream.url
    if one.message:
        stream.message, stream.message_at = one.message, one.started_at
    if len(stream.onsets) < MAX_ONSETS:
        stream.onsets.append(one.started_at)


def _complete(stream: Stream, member: Member) -> None:
    """Add what only the record has: the newest text, the runbook, and the silence."""
    stream.url = member.url or stream.url
    if member.message and member.message != stream.message:
        stream.message, stream.message_at = member.message, member.last_at
    stream.runbook_url = runbook_link(member.annotations, stream.labels)
    stream.alert_id = member.alert_id or stream.alert_id
    stream.count = max(stream.count, member.count)
    stream.last_at = max(stream.last_at, member.last_at)
    stream.silenced_by, stream.silenced_until = member.silenced_by, member.silenced_until


def _of_member(member: Member, graph: ServiceGraph) -> Stream:
    return Stream(
        member.fingerprint, member.name, graph.place(member.service, member.entity), member.entity,
        int(parse_severity(member.severity)), member.first_at, member.last_at, member.count, member.status == "firing",
        [member.first_at], member.source, member.service, member.workload, member.message, member.labels, member.url,
        runbook_link(member.annotations, member.labels), member.alert_id, member.silenced_by, member.silenced_until,
        None, member.last_at if member.message else None,
    )  # fmt: skip


# Streams of one incident mostly differ in a label or two; those of one pod share all of them.
@lru_cache(maxsize=4_096)
def _labels(text: str) -> dict[str, str]:
    return msgspec.json.decode(text, type=dict[str, str])
