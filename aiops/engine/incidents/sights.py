"""Sights: a cluster as a decision sees it, for the noise model and its training."""

from __future__ import annotations

import math

from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.noise.sight import MAX_ENTITIES, MAX_KINDS, Sight, entropy, kind_of


def sight_of(cluster: ClusterState, at: float) -> Sight:
    """Return a cluster as it stands at a time (engine time)."""
    members = cluster.members.values()
    counts: dict[str, int] = {}
    kinds: dict[str, None] = {}
    entities: dict[str, None] = {}
    habitual = 0
    for member in members:
        counts[member.name] = counts.get(member.name, 0) + member.count
        kinds[kind_of(member.name, member.workload or member.entity)] = None
        entities[member.entity] = None
        habitual += member.habitual
    sight = Sight()
    sight.at, sight.severity = at, cluster.severity
    sight.values = [
        math.log1p(cluster.count),
        math.log1p(len(entities)),
        math.log1p(len(counts)),
        entropy(counts),
        float(cluster.severity),
        habitual / max(1, len(members)),
        math.log1p(max(0.0, at - cluster.opened_at)),
    ]
    sight.kinds, sight.entities = list(kinds)[:MAX_KINDS], list(entities)[:MAX_ENTITIES]
    sight.is_cut = len(kinds) > MAX_KINDS or len(entities) > MAX_ENTITIES or cluster.overflow > 0
    return sight
