"""All that is known of the alerts of an incident, read once for the parts that show it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from msgspec import Struct

from aiops.records import Incident
from aiops.store.incident_episodes import IncidentEpisode, episodes_of, minutes_of
from aiops.verdict.sentence import likely_cause
from aiops.views.service_graph import ServiceGraph
from aiops.views.streams import Stream, streams_of

# The place of alerts whose service was not counted one by one.
OTHER = "other services"


class Minute(Struct, array_like=True, gc=False):
    """The alerts of one name, service and severity in the minute that begins at `at` (Unix seconds)."""

    at: float
    name: str
    place: str
    severity: int
    count: int


class IncidentAlerts(Struct):
    """The streams of an incident, and its alerts by the minute; `cause` is the place of the likely cause.

    There are no minutes of an incident from before they were counted.
    """

    streams: list[Stream]
    minutes: list[Minute] = []
    cause: str | None = None


def read_alerts(reader: sqlite3.Connection, incident: Incident, graph: ServiceGraph) -> IncidentAlerts:
    """Read the alerts of an incident."""
    return alerts_of(incident, graph, episodes_of(reader, incident.id), minutes_of(reader, incident.id))


def alerts_of(
    incident: Incident,
    graph: ServiceGraph,
    episodes: Iterable[IncidentEpisode] = (),
    minutes: Iterable[tuple[int, str, str, int, int]] = (),
) -> IncidentAlerts:
    """Return the alerts of an incident; `minutes` are (minute since 1970, name, service, severity, count)."""
    found = likely_cause(incident)
    cause = graph.place(None, found.entity) if found is not None else None
    streams = streams_of(incident, episodes, graph)
    counted = _counted(minutes, _places(streams), graph)
    return IncidentAlerts(streams, [*counted, *_begun(streams, counted)] if counted else [], cause)


def _places(streams: Iterable[Stream]) -> dict[str, str]:
    """Return where alerts are counted that name a service, or a workload where they name none."""
    found = {"": OTHER}
    for one in streams:
        found.setdefault(one.service or one.workload or one.entity, one.place)
    return found


def _counted(
    minutes: Iterable[tuple[int, str, str, int, int]], places: dict[str, str], graph: ServiceGraph
) -> list[Minute]:
    found = []
    for minute, name, service, level, count in minutes:
        place = places.get(service)
        if place is None:
            place = places[service] = graph.place(service, service)
        found.append(Minute(minute * 60.0, name, place, level, count))
    return found


def _begun(streams: Iterable[Stream], counted: Iterable[Minute]) -> list[Minute]:
    """Return a minute for each stream that began before its cluster became an incident.

    Those alerts were counted for no incident; that the stream began then is known.
    """
    known = {(one.at, one.name, one.place) for one in counted}
    return [
        Minute(at // 60.0 * 60.0, one.name, one.place, one.severity, 1)
        for one in streams
        for at in one.onsets
        if (at // 60.0 * 60.0, one.name, one.place) not in known
    ]
