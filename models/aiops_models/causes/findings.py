"""Findings as evidence: what collectors read of other systems when the incident opened.

A finding names the entity that it counts for, and only a candidate can have one: an answer of another system makes
nobody a suspect whom neither the alerts nor the topology know. The sum for an entity is bounded, below what the own
alerts of a clear cause weigh (5 to 8): a finding decides between suspects that are close.
"""

from __future__ import annotations

from msgspec import Struct

from aiops.records import Finding
from aiops_models.causes.entity_names import tail
from aiops_models.causes.incident_graph import IncidentGraph

WEIGHTS = {"weak": 0.5, "medium": 1.5, "strong": 3.0}
# All findings for one entity together.
MAX_VALUE = 4.0
# Findings that are put into words.
MAX_NAMED = 3


class Supported(Struct, gc=False):
    """The findings for one entity: their weight together, and their sentences."""

    value: float
    sentences: list[str]


def supported(graph: IncidentGraph) -> dict[str, Supported]:
    """Return the candidates that findings count for."""
    found: dict[str, Supported] = {}
    if not graph.view.findings:
        return found
    candidates = set(graph.candidates())
    for finding in graph.view.findings:
        entity = _candidate(graph, finding)
        if entity not in candidates:
            continue
        known = found.setdefault(entity, Supported(0.0, []))
        if finding.text not in known.sentences:
            # Two collectors that see the same thing have seen one thing.
            known.value = min(MAX_VALUE, known.value + WEIGHTS[finding.weight])
            known.sentences.append(finding.text)
    return found


def finding_text(one: Supported) -> str:
    """Describe what was found."""
    more = f"; and {len(one.sentences) - MAX_NAMED} more" if len(one.sentences) > MAX_NAMED else ""
    return "looked and found: " + "; ".join(one.sentences[:MAX_NAMED]) + more


def _candidate(graph: IncidentGraph, finding: Finding) -> str:
    """Return the candidate that goes by the entity's name, or that stands for a replica of that name."""
    name = tail(finding.entity)
    for spelling in (graph.known(finding.entity), graph.known(name)):
        if spelling in graph.by_entity or spelling in graph.topology_index.kind:
            return spelling
    for fact in graph.view.facts:
        if fact.entity == name or fact.entity.endswith(f"/{name}"):
            return graph.placed(fact)
    return name
