"""All of an incident's page for a terminal: the brief, the timeline, its ties and its alerts."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from aiops.store.incidents import Stored
from aiops.views.alert_groups import AlertGroups, alert_groups
from aiops.views.brief import Beside, Brief, brief
from aiops.views.course import read_course
from aiops.views.incident_alerts import read_alerts
from aiops.views.stretch import stretch_of
from aiops.views.ties import Tie, ties_of
from aiops.views.timeline import Timeline, timeline


class Whole(Struct):
    """The parts of an incident's page."""

    brief: Brief
    timeline: Timeline
    ties: list[Tie]
    alerts: AlertGroups


def whole(connection: sqlite3.Connection, stored: Stored, beside: Beside, now: float, playbook: str = "") -> Whole:
    """Return all parts of an incident as of `now` (Unix seconds)."""
    incident, graph = stored.incident, beside.graph
    alerts = read_alerts(connection, incident, graph)
    course = read_course(connection, incident, alerts, list(beside.playbooks.runs), graph)
    stretch = stretch_of(incident, [mark.at for mark in course.changes], now, None, None)
    return Whole(
        brief(connection, stored, beside, playbook),
        timeline(incident, alerts, course, stretch),
        ties_of(incident),
        alert_groups(alerts, incident.stream_count),
    )
