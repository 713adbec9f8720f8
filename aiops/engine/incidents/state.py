"""An incident as the engine keeps it, and as it stands in snapshots."""

from __future__ import annotations

from math import inf
from typing import Annotated, Final, Literal

from aiops.engine.fields import SINCE_8, state
from aiops.engine.incidents.announced import Named, no_names
from aiops.records import Cause, Evidence, Finding, Suggestion

State = Literal["open", "acknowledged", "resolved"]
# Findings of one incident, the oldest dropped first: evidence for a person and a ranking, not a report.
MAX_FINDINGS: Final = 10


@state(acyclic=True)
class IncidentState:
    """An incident as the engine keeps it; its alerts are those of its cluster.

    `rank_due` is when the next ranking is due; none is while nothing changed. `named` is what its changes have named;
    `unsaid` while that is more than at the last of them, at `said_at`; `news_due` is when that is reported.
    `queued_at` is the time of its one valid
    entry in the queue of what is due, infinity without one. `silenced`: all that fires was silenced at its last change.

    `ended_by_hand`: a person ended it last. `is_return`: it is open as it returned, and continues. `was_acknowledged`:
    a person works on it, which an end in between does not change. `returns` is their number at its last change.
    `acknowledged_by` and `resolved_by` name the persons, `fixed_by` the playbook that somebody confirmed.
    `paused_s` is the time from its last end to its reopening. `findings` is what collectors found.
    """

    id: str
    cluster: int
    opened_at: float
    causes: list[Cause]
    playbooks: list[Suggestion]
    similar: list[Evidence]
    merged_from: list[str]
    notes: list[str]
    named: Named
    status: State = "open"
    severity: int = 0
    version: int = 0
    resolved_at: float | None = None
    changed: bool = False
    ranked: bool = False
    rank_due: float | None = None
    rank_gap: float = 0.0
    resolve_due: float | None = None
    entities: int = 0
    trust: str = ""
    learned: bool = False
    root: str | None = None
    unsaid: bool = False
    said_at: float = 0.0
    news_due: float | None = None
    queued_at: float = inf
    silenced: bool = False
    ended_by_hand: bool = False
    is_return: bool = False
    was_acknowledged: bool = False
    returns: int = 0
    acknowledged_by: str = ""
    resolved_by: str = ""
    fixed_by: str = ""
    paused_s: float | None = None
    findings: Annotated[list[Finding] | None, SINCE_8] = None


def due_of(incident: IncidentState) -> float:
    """Return the time at which the incident is ranked, may end, or has news; infinity if nothing is due."""
    if incident.status == "resolved":
        return inf
    due = inf
    for at in (incident.rank_due, incident.resolve_due, incident.news_due):
        if at is not None and at < due:
            due = at
    return due


def take_findings(ours: IncidentState, theirs: IncidentState) -> None:
    """Let an incident have the findings of one that is merged into it."""
    ours.findings = [*(ours.findings or ()), *(theirs.findings or ())][-MAX_FINDINGS:] or None


def drop_findings(ours: IncidentState, theirs: IncidentState) -> None:
    """Take the findings of an incident out of the one that it was merged into."""
    left = [one for one in ours.findings or () if one not in (theirs.findings or ())]
    ours.findings = left or None


def new_incident(name: str, cluster: int, at: float, severity: int) -> IncidentState:
    """An incident that nothing is known of yet but its cluster."""
    incident = IncidentState()
    incident.id, incident.cluster, incident.opened_at, incident.severity = name, cluster, at, severity
    incident.causes, incident.playbooks, incident.similar = [], [], []
    incident.merged_from, incident.notes = [], []
    incident.named = no_names()
    return incident
