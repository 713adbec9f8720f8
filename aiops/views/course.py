"""Events of an incident beside its alerts, read from audit, outbox, runs and changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from msgspec import Struct

from aiops.records import Change, Incident
from aiops.respond.history import Run
from aiops.store.audit import Entry, entries
from aiops.store.outbox_reads import Sending, of_incident
from aiops.store.site_changes import site_changes
from aiops.views.incident_alerts import IncidentAlerts
from aiops.views.marks import Mark, changes_of, decisions_of, notifications_of, people_of, runs_of
from aiops.views.service_graph import ServiceGraph
from aiops.views.stretch import BEFORE_S

# Entries of one incident that are read; a storm of updates has more, and the first explain it.
MAX_ENTRIES, MAX_SENDINGS, MAX_CHANGES = 1_000, 200, 50
# Services whose changes are looked up.
MAX_PLACES = 200


class Course(Struct):
    """Events beside the alerts, by kind."""

    changes: list[Mark] = []
    decisions: list[Mark] = []
    notifications: list[Mark] = []
    people: list[Mark] = []
    runs: list[Mark] = []

    def in_order(self) -> list[tuple[str, Mark]]:
        """Return all marks by time, each with the kind of what it is."""
        kinds = (
            ("change", self.changes),
            ("engine", self.decisions),
            ("notification", self.notifications),
            ("person", self.people),
            ("run", self.runs),
        )
        found = [(kind, mark) for kind, marks in kinds for mark in marks]
        return sorted(found, key=lambda item: item[1].at)


def read_course(
    reader: sqlite3.Connection, incident: Incident, alerts: IncidentAlerts, runs: Sequence[Run], graph: ServiceGraph
) -> Course:
    """Read what happened in an incident."""
    audit = entries(reader, incident=incident.id, limit=MAX_ENTRIES)
    sent, _, _ = of_incident(reader, incident.id, MAX_SENDINGS)
    return course_of(_changes(reader, incident, alerts, graph), audit, sent, runs)


def course_of(
    changes: Sequence[Change], audit: Sequence[Entry], sent: Sequence[Sending], runs: Sequence[Run]
) -> Course:
    """Return what happened, by kind."""
    return Course(changes_of(changes), decisions_of(audit), notifications_of(sent), people_of(audit), runs_of(runs))


def _changes(
    reader: sqlite3.Connection, incident: Incident, alerts: IncidentAlerts, graph: ServiceGraph
) -> list[Change]:
    """Return the changes of the incident's services, from an hour before it to its last alert.

    Those of what it depends on count, too: a deploy of a quiet database is worth a look. The change that counts against
    the cause is always among them.
    """
    begun = incident.first_alert_at if incident.first_alert_at is not None else incident.opened_at or 0.0
    last = incident.last_alert_at if incident.last_alert_at is not None else begun
    places = dict.fromkeys([*([alerts.cause] if alerts.cause else []), *(one.place for one in alerts.streams)])
    beside = [other for place in list(places)[:MAX_PLACES] for other in graph.depends_on.get(place, ())]
    services = list(dict.fromkeys([*list(places)[:MAX_PLACES], *beside]))[:MAX_PLACES]
    entities = list(dict.fromkeys([*services, *(one.entity for one in alerts.streams)]))[:MAX_PLACES]
    found = [
        Change(ts=one.at, entity=one.entity, name=one.name, message=one.message, labels=one.labels, url=one.url)
        for one in site_changes(reader, begun - BEFORE_S, last + 1.0, entities, services, MAX_CHANGES)
    ]
    against = next((one.change for one in incident.causes if one.change is not None), None)
    if against is not None and all(
        (one.ts, one.entity, one.name) != (against.ts, against.entity, against.name) for one in found
    ):
        found.append(against)
    return sorted(found, key=lambda one: one.ts)
