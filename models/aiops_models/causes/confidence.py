"""Low, medium or high: how sure the first place is before there is any feedback.

Two things carry over between systems where percentages do not: the margin to the next suspect of another group, and
the share of the alerting groups that the suspect could explain (it is theirs, or they depend on it).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from aiops_models.causes.incident_graph import IncidentGraph

Level = Literal["low", "medium", "high"]
# Margins in score, where 1.5 is a suspect twice as surprising: below MEDIUM the first two might as well be swapped.
HIGH, MEDIUM = 1.2, 0.5
# A suspect that explains less than this of what alerts leaves most of the incident open.
COVERS = 0.3


def confidence(graph: IncidentGraph, ranked: Sequence[tuple[str, float]]) -> Level:
    """Confidence in the first of `ranked` (entity, score), best first."""
    entity, score = ranked[0]
    own = graph.group_of(entity)
    margin = score - next((other for name, other in ranked[1:] if graph.group_of(name) != own), 0.0)
    if margin < MEDIUM:
        return "low"
    return "high" if margin >= HIGH and graph.reach(entity) >= COVERS else "medium"
