"""The timeline, the neighbourhood and the alerts of an incident, over the API."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from aiops.records import Finding, Incident
from aiops.search.elsewhere import open_elsewhere
from aiops.views.alert_groups import AlertGroups, alert_groups
from aiops.views.course import read_course
from aiops.views.incident_alerts import IncidentAlerts, read_alerts
from aiops.views.looked_at import LookedAt, looked_at
from aiops.views.neighbourhood import Neighbourhood, mark_elsewhere, neighbourhood
from aiops.views.stretch import Stretch, stretch_of
from aiops.views.ties import Tie, ties_of
from aiops.views.timeline import Timeline, timeline
from aiops.web.incidents import show_incident
from aiops.web.operations import Call, Operation

# Runs of one incident that a timeline shows.
MAX_RUNS = 100


class TimelineQuery(Struct, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """The stretch of time to show, in Unix seconds; without it the whole incident."""

    start: Annotated[float, Meta(ge=0, lt=4_102_444_800)] | None = None
    end: Annotated[float, Meta(ge=0, lt=4_102_444_800)] | None = None


class IncidentViews(Struct):
    """All views of one incident, made of one reading of the store."""

    timeline: Timeline
    stretch: Stretch
    neighbourhood: Neighbourhood
    ties: list[Tie]
    alerts: AlertGroups


class Findings(Struct):
    """The reads for an incident, and the findings among them that count as evidence for a cause."""

    looked: list[LookedAt]
    findings: list[Finding]


def show_timeline(call: Call) -> Timeline:
    """Return the course of an incident, by service."""
    incident = show_incident(call).incident
    return _timeline(call, incident, _alerts(call, incident))[0]


def show_neighbourhood(call: Call) -> Neighbourhood:
    """Return the services of an incident, their quiet neighbours, and who depends on whom."""
    incident = show_incident(call).incident
    return _neighbourhood(call, incident, _alerts(call, incident))


def list_alerts(call: Call) -> AlertGroups:
    """Return the alerts of an incident by name."""
    incident = show_incident(call).incident
    return alert_groups(_alerts(call, incident), incident.stream_count)


def list_findings(call: Call) -> Findings:
    """Return what was read of other systems for an incident, and what of it counts for a suspect."""
    incident = show_incident(call).incident
    return Findings(looked_at(call.host.store.database.reader, incident.id), incident.findings)


def views_of(call: Call, incident: Incident) -> IncidentViews:
    """Return all views of an incident; the call's query is a `TimelineQuery`."""
    alerts = _alerts(call, incident)
    line, stretch = _timeline(call, incident, alerts)
    return IncidentViews(
        line,
        stretch,
        _neighbourhood(call, incident, alerts),
        ties_of(incident),
        alert_groups(alerts, incident.stream_count),
    )


def _alerts(call: Call, incident: Incident) -> IncidentAlerts:
    return read_alerts(call.host.store.database.reader, incident, call.host.services)


def _neighbourhood(call: Call, incident: Incident, alerts: IncidentAlerts) -> Neighbourhood:
    found = neighbourhood(incident, alerts, call.host.services)
    quiet = [node.name for node in found.nodes if node.severity is None]
    return mark_elsewhere(found, open_elsewhere(call.host.store.database.reader, quiet, incident.id))


def _timeline(call: Call, incident: Incident, alerts: IncidentAlerts) -> tuple[Timeline, Stretch]:
    query: TimelineQuery = call.query
    runs = call.host.runs.of(incident.id) if call.host.runs is not None else ()
    course = read_course(call.host.store.database.reader, incident, alerts, list(runs)[:MAX_RUNS], call.host.services)
    stretch = stretch_of(incident, [mark.at for mark in course.changes], call.clock(), query.start, query.end)
    return timeline(incident, alerts, course, stretch), stretch


OPERATIONS = [
    Operation(
        "showTimeline",
        "GET",
        "/api/v1/incidents/{id}/timeline",
        "Show the course of an incident, by service",
        "read",
        show_timeline,
        Timeline,
        query=TimelineQuery,
        errors=(404,),
    ),
    Operation(
        "showNeighbourhood",
        "GET",
        "/api/v1/incidents/{id}/neighbourhood",
        "Show the services around an incident",
        "read",
        show_neighbourhood,
        Neighbourhood,
        errors=(404,),
    ),
    Operation(
        "listIncidentAlerts",
        "GET",
        "/api/v1/incidents/{id}/alerts",
        "List the alerts of an incident by name",
        "read",
        list_alerts,
        AlertGroups,
        errors=(404,),
    ),
    Operation(
        "listFindings",
        "GET",
        "/api/v1/incidents/{id}/findings",
        "List what was read of other systems for an incident",
        "read",
        list_findings,
        Findings,
        errors=(404,),
    ),
]
