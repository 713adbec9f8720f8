"""A line of a list: what people see of an incident before they open it, without its body."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from aiops.records import Incident, parse_severity
from aiops.search.words import named
from aiops.verdict.places import hurt
from aiops.verdict.reason import short_reason
from aiops.verdict.sentence import likely_cause, verdict

State = Literal["open", "acknowledged", "snoozed", "recent", "resolved", "merged"]
MAX_NAME = 200
# Suspects that are named where no cause is clear.
PERHAPS = 2


class Shown(Struct):
    """The columns of a line that follow from the incident's record; lists of names are bounded.

    `verdict` is a sentence, whose cause is `cause`; both are empty where none is clear, and `perhaps` names suspects.
    `alert` and `entity` are the worst ones. `more` counts the further entities, at least so many if `is_cut`.
    """

    severity: int
    title: str
    last_alert_at: float
    alert_count: int
    verdict: str
    alert: str
    entity: str
    more: int
    is_cut: bool
    entity_count: int
    cause: str | None
    confidence: Literal["low", "medium", "high"] | None
    probability: float | None
    is_confirmed: bool
    reason: str
    perhaps: list[str]
    services: list[str]
    sources: list[str]
    teams: list[str]
    owner: str | None
    snoozed_until: float | None
    is_storm: bool


class Line(Shown, kw_only=True):
    """An incident in a list; times are Unix seconds. `rank` orders the groups of the page."""

    id: str
    version: int
    status: Literal["open", "acknowledged", "resolved", "merged"]
    opened_at: float
    resolved_at: float | None
    merged_into: str | None
    state: State = "open"
    rank: int = 0


def shown_of(incident: Incident, at: float) -> Shown:
    """Return what a list shows of an incident; `at` stands for times that its record lacks."""
    cause = likely_cause(incident) if not incident.is_storm else None
    places = hurt(incident, cause.entity if cause is not None else None)
    first = incident.members[0] if incident.members else None
    names = named(incident)
    return Shown(
        severity=int(parse_severity(incident.severity)),
        title=incident.title or "",
        last_alert_at=incident.last_alert_at or incident.opened_at or at,
        alert_count=incident.alert_count,
        verdict=verdict(incident).text if cause is not None else "",
        alert=first.name[:MAX_NAME] if first is not None else "",
        entity=places.names[0] if places.names else "",
        more=max(0, places.count - 1),
        is_cut=places.is_cut,
        entity_count=max(incident.entity_count, len(incident.entities)),
        cause=cause.entity[:MAX_NAME] if cause is not None else None,
        confidence=cause.confidence if cause is not None else None,
        probability=cause.probability if cause is not None else None,
        is_confirmed=incident.root_cause is not None,
        reason=short_reason(incident, cause) if cause is not None else "",
        perhaps=[one.entity[:MAX_NAME] for one in incident.causes[:PERHAPS]] if cause is None else [],
        services=names.services,
        sources=names.sources,
        teams=names.teams,
        owner=owner_of(incident),
        snoozed_until=incident.snoozed_until,
        is_storm=incident.is_storm,
    )


def owner_of(incident: Incident) -> str | None:
    """Return who has an incident: the person whom it was assigned to, or who acknowledged it."""
    return incident.assigned_to or incident.acknowledged_by
