"""Changes as evidence: a deploy shortly before the onset, on a dependency of complaining entities.

`E = breadth x recency x reach`, in nats: breadth is the surprise of the change (few groups were changed; a roll-out
to all is weak evidence), recency falls exponentially with the time to the first alert, reach is the share of the
alerting groups that sit on the changed entity or depend on it. Cost: one bounded search per changed entity.
"""

from __future__ import annotations

import math

from msgspec import Struct

from aiops.records import Change
from aiops_models.causes.incident_graph import IncidentGraph

# A change is looked at for this long before the first alert. Most change-induced incidents show within minutes of the
# change; an hour covers caches that expire and leaks that fill.
WINDOW_S = 3600.0
# Recency halves about every ten minutes.
DECAY_S = 900.0
# A change is sometimes stamped when it ends, and clocks differ: up to a minute after the first alert it still counts.
LATE_S = 60.0
# Changes read of one incident; more is a roll-out to everything, of which the latest matter.
MAX_CHANGES = 256


class Suspect(Struct, gc=False):
    """The strongest change against an entity: `value` in nats, `before_s` seconds before the first alert."""

    change: Change
    value: float
    before_s: float


def suspects(graph: IncidentGraph) -> dict[str, Suspect]:
    """The strongest change of every changed entity."""
    facts = graph.view.facts
    if not graph.view.changes or not facts:
        return {}
    onset = min(fact.first_at for fact in facts)
    recent = [c for c in graph.view.changes if -LATE_S <= onset - c.ts <= WINDOW_S]
    recent = sorted(recent, key=lambda c: (-c.ts, c.entity, c.name, c.id))[:MAX_CHANGES]
    placed = [(graph.place(c.entity, c.service or c.labels.get("service")), c) for c in recent]
    changed = {graph.group_of(entity) for entity, _ in placed}
    # What was changed is a part of the estate, whether or not the topology or an alert names it.
    breadth = math.log((len(_groups(graph) | changed) + 1) / max(len(changed), 1))
    found: dict[str, Suspect] = {}
    for entity, change in placed:
        before_s = onset - change.ts
        value = breadth * math.exp(-max(before_s, 0.0) / DECAY_S) * graph.reach(entity)
        if value > 0 and (entity not in found or value > found[entity].value):
            found[entity] = Suspect(change, value, before_s)
    return found


def _groups(graph: IncidentGraph) -> set[str]:
    return {graph.group_of(entity) for entity in graph.candidates()}
