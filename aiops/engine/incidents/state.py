"""An incident as the engine keeps it, and as it stands in snapshots."""

from __future__ import annotations

from math import inf
from typing import Literal

from mypy_extensions import mypyc_attr

from aiops.engine.incidents.announced import Named
from aiops.engine.snapshot_records import DumpedIncident, DumpedNamed, values_of
from aiops.records import Cause, Evidence, Suggestion

State = Literal["open", "acknowledged", "resolved"]

_FIELDS, _NAMED = values_of(DumpedIncident), values_of(DumpedNamed)


@mypyc_attr(acyclic=True)
class IncidentState:
    """An incident as the engine keeps it; its alerts are those of its cluster.

    `rank_due` is when the next ranking is due; none is while nothing changed. `named` is what its changes have named;
    `unsaid` while that is more than at the last of them, at `said_at`; `news_due` is when that is reported.
    `queued_at` is the time of its one valid
    entry in the queue of what is due, infinity without one. `silenced`: all that fires was silenced at its last change.
    """

    __slots__ = (
        "causes",
        "changed",
        "cluster",
        "entities",
        "id",
        "learned",
        "merged_from",
        "named",
        "news_due",
        "notes",
        "opened_at",
        "playbooks",
        "queued_at",
        "rank_due",
        "rank_gap",
        "ranked",
        "resolve_due",
        "resolved_at",
        "root",
        "said_at",
        "severity",
        "silenced",
        "similar",
        "status",
        "trust",
        "unsaid",
        "version",
    )

    def __init__(
        self,
        id: str,
        cluster: int,
        opened_at: float,
        status: State = "open",
        severity: int = 0,
        version: int = 0,
        resolved_at: float | None = None,
        changed: bool = False,
        ranked: bool = False,
        rank_due: float | None = None,
        rank_gap: float = 0.0,
        resolve_due: float | None = None,
        entities: int = 0,
        causes: list[Cause] | None = None,
        playbooks: list[Suggestion] | None = None,
        similar: list[Evidence] | None = None,
        merged_from: list[str] | None = None,
        notes: list[str] | None = None,
        trust: str = "",
        learned: bool = False,
        root: str | None = None,
        named: Named | None = None,
        unsaid: bool = False,
        said_at: float = 0.0,
        news_due: float | None = None,
        queued_at: float = inf,
        silenced: bool = False,
    ) -> None:
        self.id = id
        self.cluster = cluster
        self.opened_at = opened_at
        self.status = status
        self.severity = severity
        self.version = version
        self.resolved_at = resolved_at
        self.changed = changed
        self.ranked = ranked
        self.rank_due = rank_due
        self.rank_gap = rank_gap
        self.resolve_due = resolve_due
        self.entities = entities
        self.causes: list[Cause] = [] if causes is None else causes
        self.playbooks: list[Suggestion] = [] if playbooks is None else playbooks
        self.similar: list[Evidence] = [] if similar is None else similar
        self.merged_from: list[str] = [] if merged_from is None else merged_from
        self.notes: list[str] = [] if notes is None else notes
        self.trust = trust
        self.learned = learned
        self.root = root
        self.named: Named = Named() if named is None else named
        self.unsaid = unsaid
        self.said_at = said_at
        self.news_due = news_due
        self.queued_at = queued_at
        self.silenced = silenced


def due_of(incident: IncidentState) -> float:
    """Return the time at which the incident is ranked, may end, or has news; infinity if nothing is due."""
    if incident.status == "resolved":
        return inf
    due = inf
    for at in (incident.rank_due, incident.resolve_due, incident.news_due):
        if at is not None and at < due:
            due = at
    return due


def dumped_of(incident: IncidentState) -> DumpedIncident:
    """Return an incident as it stands in snapshots."""
    dumped = DumpedIncident(*_FIELDS(incident))
    dumped.named = DumpedNamed(*_NAMED(incident.named))
    return dumped


def loaded(dumped: DumpedIncident) -> IncidentState:
    """Return the incident of a snapshot; its parts are taken out of `dumped`."""
    named, dumped.named = dumped.named, None
    incident = IncidentState(*_FIELDS(dumped))
    if named is not None:
        incident.named = Named(*_NAMED(named))
    return incident
