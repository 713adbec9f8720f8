"""Contrast: what one replica shows and its siblings do not points at the replica, not at the service.

The siblings of a replica are the other replicas of its service; those of a machine are the other machines, which carry
the same kind of load and are watched by the same metrics. `C = sum of surprise x share of siblings without the type`; 0
for an entity without siblings. In nats.
"""

from __future__ import annotations

from aiops_models.causes.lexicon import MACHINES
from aiops_models.causes.surprise import Surprise


def contrast(surprise: Surprise, entity: str) -> float:
    """C of an entity."""
    siblings = siblings_of(surprise, entity)
    if not siblings:
        return 0.0
    total = 0.0
    for type_ in surprise.scene.by_entity.get(entity, ()):
        total += surprise.value[entity, type_] * without(surprise, siblings, type_) / len(siblings)
    return total


def without(surprise: Surprise, siblings: frozenset[str], type_: str) -> int:
    """How many of the siblings do not show the type."""
    return len(siblings - surprise.holders(type_))


def siblings_of(surprise: Surprise, entity: str) -> frozenset[str]:
    """The others that ought to look like the entity, all of its kind: a service is no sibling of its replica."""
    scene = surprise.scene
    group, kind = scene.group_of(entity), scene.kind_of(entity)
    if kind in MACHINES:
        return scene.peers("", kind) - {entity}
    return scene.peers(group, kind) - {entity} if group != entity else frozenset()
