"""The cause of an incident: suspects with their evidence, what changed, and the way to what is hurt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from aiops.records import Cause, Change, Incident
from aiops.verdict.changes import what_of
from aiops.verdict.sentence import likely_cause
from aiops.views import evidence
from aiops.views.cause_path import paths
from aiops.views.certainty import Certainty, certainty_of, measured
from aiops.views.evidence import EvidenceRow
from aiops.views.evidence_path import Step, steps
from aiops.views.one_line import one_line
from aiops.views.service_graph import ServiceGraph
from aiops.wording import about, capital

# Suspects beside the first; what follows them has next to no evidence.
MAX_OTHERS = 4
MAX_CHANGES = 5
# Entities that a person may name as the cause, from a list; any other name can be typed.
MAX_CHOICES = 100
MAX_TEXT = 300


class Suspect(Struct):
    """A ranked entity with its evidence. `kind` is its kind by the topology, empty if unknown.

    `path` leads from it to a symptom; empty if nothing that alerts is known to depend on it.
    """

    entity: str
    kind: str
    evidence: list[EvidenceRow]
    path: list[Step] = []


class SeenChange(Struct):
    """A change that counts against a suspect.

    `when` is its time beside the first alert's. `url` is not checked.
    """

    at: float
    entity: str
    what: str
    when: str
    message: str = ""
    url: str | None = None


class CauseCard(Struct):
    """The suspects, best first.

    `is_clear`: the first may be named as the likely cause. `certainty` is that of the first, None without any;
    `measured` is the record of the ranking on this site. `confirmed` is the entity that a person confirmed.
    `choices` are entities of the incident that may be confirmed, `more_choices` those that are not listed.
    """

    is_clear: bool
    certainty: Certainty | None
    measured: str
    suspects: list[Suspect]
    confirmed: str | None = None
    more_suspects: int = 0
    changes: list[SeenChange] = []
    paths: list[str] = []
    choices: list[str] = []
    more_choices: int = 0


def cause_card(incident: Incident, graph: ServiceGraph, calibration: Mapping[str, Any] | None) -> CauseCard:
    """Return the card of an incident."""
    ranked = [one for one in incident.causes if one.score > 0 or one.probability is not None]
    named = likely_cause(incident) if not incident.is_storm else None
    if named is not None and named.entity not in {one.entity for one in ranked}:
        ranked = [named, *ranked]
    elif named is not None:
        ranked = [named, *(one for one in ranked if one.entity != named.entity)]
    shown = ranked[: 1 + MAX_OTHERS]
    most = max((abs(each.value) for one in shown for each in one.evidence), default=0.0)
    choices = _choices(incident, ranked)
    return CauseCard(
        named is not None,
        certainty_of(ranked[0], calibration) if ranked else None,
        measured(calibration),
        [
            Suspect(one.entity, graph.kind_of(one.entity), evidence.rows(one, incident, most), steps(one.path))
            for one in shown
        ],
        incident.root_cause.entity if incident.root_cause is not None else None,
        len(ranked) - len(shown),
        _changes(incident, shown),
        paths(incident, named.entity, graph) if named is not None and len(named.path) < 2 else [],
        choices[:MAX_CHOICES],
        max(0, len(choices) - MAX_CHOICES),
    )


def _choices(incident: Incident, ranked: list[Cause]) -> list[str]:
    names = [*(one.entity for one in ranked), *incident.entities, *incident.services]
    return list(dict.fromkeys([*names, *(one.workload for one in incident.workloads if one.workload)]))


def _changes(incident: Incident, suspects: list[Cause]) -> list[SeenChange]:
    found = {(one.change.ts, one.change.entity, one.change.name): one.change for one in suspects if one.change}
    newest = sorted(found.values(), key=lambda one: -one.ts)[:MAX_CHANGES]
    return [_seen(one, incident) for one in newest]


def _seen(change: Change, incident: Incident) -> SeenChange:
    what = what_of(change)
    when = ""
    if incident.first_alert_at is not None:
        before_s = incident.first_alert_at - change.ts
        when = f"{about(abs(before_s))} {'before' if before_s >= 0 else 'after'} the first alert"
    message = one_line(change.message or "", MAX_TEXT)
    return SeenChange(change.ts, change.entity, capital(what), when, message, change.url)
