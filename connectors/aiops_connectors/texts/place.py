"""The fields by which pagers sort: what it is about, its group, and the kind of alert."""

from __future__ import annotations

from aiops.records import Incident
from aiops.verdict.sentence import verdict
from aiops_connectors.texts.truncation import line

MAX_FIELD = 255
_NO_PLACE = "unknown"


def first_place(incident: Incident) -> str:
    """Return the entity or service to name: the cause, the first suspect, or the first that alerted."""
    found = verdict(incident).cause
    candidates = [found.entity] if found is not None else []
    candidates += [cause.entity for cause in incident.causes[:1]] + incident.entities + incident.services
    return line(next((name for name in candidates if name), _NO_PLACE), MAX_FIELD) or _NO_PLACE


def group_of(incident: Incident) -> str:
    """Return the first service; empty if none is named."""
    return line(incident.services[0], MAX_FIELD) if incident.services else ""


def kind_of(incident: Incident) -> str:
    """Return the name of the worst alert; empty without members."""
    return line(incident.members[0].name, MAX_FIELD) if incident.members else ""
