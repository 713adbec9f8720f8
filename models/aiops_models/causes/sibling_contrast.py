"""Contrast: what one replica shows and its siblings do not points at the replica, not at the service.

The siblings of a replica are the other replicas of its service; those of a machine are the other machines, which carry
the same kind of load and are watched by the same metrics. `C = sum of surprise x share of siblings without the type`
over the internal classes; 0 for an entity without siblings. In nats. What users see counts for no contrast: which
replica they saw it at is chance. With it the mean of six systems was .596/.724 for .597/.730 cold, .615/.745 for
.620/.749 with history.
"""

from __future__ import annotations

from aiops_models.causes.lexicon import INTERNAL, MACHINES
from aiops_models.causes.rarity import Surprise


def contrast(surprise: Surprise, entity: str) -> float:
    """C of an entity."""
    peers = peers_of(surprise, entity)
    if len(peers) < 2:
        return 0.0
    total = 0.0
    for type_, signal in surprise.graph.by_entity.get(entity, {}).items():
        if signal.cls in INTERNAL:
            total += surprise.value[entity, type_] * without(surprise, peers, type_)
    return total / (len(peers) - 1)


def without(surprise: Surprise, peers: frozenset[str], type_: str) -> int:
    """Count the peers that do not show the type.

    It is counted once, or each machine of a storm would count all others.
    """
    found = surprise.lacking.get((type_, peers))
    if found is None:
        found = surprise.lacking[type_, peers] = len(peers) - len(peers & surprise.holders(type_))
    return found


def peers_of(surprise: Surprise, entity: str) -> frozenset[str]:
    """Return the entity and its siblings, all of one kind.

    A service is no sibling of its replica. Empty if there are none.
    """
    graph = surprise.graph
    group, kind = graph.group_of(entity), graph.kind_of(entity)
    if kind in MACHINES:
        return graph.peers("", kind)
    return graph.peers(group, kind) if group != entity else frozenset()
