"""The brief of an incident: all that its page, `aiops incidents show` and the API show, as plain data.

Every list is bounded, with the number of what is left out: a storm of ten thousand alerts has a brief of the same size.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from aiops.records import Incident
from aiops.store import audit
from aiops.store.held import held_of
from aiops.store.incidents import Stored
from aiops.verdict.sentence import verdict
from aiops.views.cause_card import CauseCard, cause_card
from aiops.views.incident_history import History, history
from aiops.views.lead import Figures, figures, lead
from aiops.views.looked_at import LookedAt, looked_at
from aiops.views.notified import Notified, notified
from aiops.views.one_line import one_line
from aiops.views.others import OpenTogether, Similar, similar, together
from aiops.views.playbook_card import PlaybookCard, Source, playbook_card
from aiops.views.service_graph import ServiceGraph
from aiops.views.states import Owned, State, states

MAX_MESSAGE = 1_000
MAX_AFFECTED = 6


class Link(Struct):
    """A link of the incident: to the alert in its tool, to the runbook, to a change. `url` is not checked."""

    label: str
    url: str


class Brief(Struct):
    """An incident as people read it: the verdict, what to do, why, and what happened."""

    id: str
    version: int
    status: str
    severity: str
    verdict: str
    is_confirmed: bool
    lead: str
    title: str
    message: str
    affected: list[str]
    more_affected: int
    figures: Figures
    states: list[State]
    cause: CauseCard
    playbook: PlaybookCard | None
    similar: list[Similar]
    together: OpenTogether
    notified: Notified
    history: History
    links: list[Link]
    looked: list[LookedAt] = []


class Beside(Struct):
    """The input of a brief beside the store: services, the measure of the ranking, playbooks."""

    graph: ServiceGraph
    calibration: Mapping[str, Any] | None = None
    playbooks: Source = field(default_factory=lambda: Source(lambda name: None, lambda name: None))


def brief(connection: sqlite3.Connection, stored: Stored, beside: Beside, playbook: str = "") -> Brief:
    """Return the brief of an incident; `playbook` names the suggestion to show, by default the first."""
    incident = stored.incident
    found = verdict(incident)
    return Brief(
        incident.id,
        stored.version,
        incident.status or "open",
        incident.severity or "warning",
        found.text,
        found.is_confirmed,
        lead(incident),
        one_line(incident.title or incident.id, 300),
        one_line(incident.message or "", MAX_MESSAGE),
        *_affected(incident),
        figures(incident),
        _states(connection, incident),
        cause_card(incident, beside.graph, beside.calibration),
        playbook_card(incident, beside.playbooks, playbook, beside.graph.kind_of),
        similar(connection, incident),
        together(connection, incident),
        notified(connection, incident.id),
        history(connection, incident),
        _links(incident),
        looked_at(connection, incident.id),
    )


def _states(connection: sqlite3.Connection, incident: Incident) -> list[State]:
    held = held_of(connection, [incident.id]).get(incident.id, [])
    return states(incident, held, _owned(connection, incident))


def _owned(connection: sqlite3.Connection, incident: Incident) -> Owned:
    owner = incident.assigned_to
    has_acted = not owner or owner == incident.acknowledged_by or audit.has_acted(connection, incident.id, owner)
    assigned = None if has_acted else audit.last_assigned(connection, incident.id)
    return Owned(audit.last_acknowledged(connection, incident.id), assigned)


def _affected(incident: Incident) -> tuple[list[str], int]:
    """Return the workloads of which several replicas alert, with their number, and how many are left out."""
    if not any(one.entities > 1 for one in incident.workloads):
        return [], 0
    names = [one_line(one.text, 120) for one in incident.workloads]
    return names[:MAX_AFFECTED], max(0, len(names) - MAX_AFFECTED)


def _links(incident: Incident) -> list[Link]:
    pairs = [("Runbook", incident.runbook_url), ("Alert in its tool", incident.url)]
    return [Link(label, url) for label, url in pairs if url]
