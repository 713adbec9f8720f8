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
    by_entity = surprise.scene.by_entity
    total = 0.0
    for type_ in by_entity.get(entity, {}):
        without = sum(type_ not in by_entity.get(sibling, ()) for sibling in siblings)
        total += surprise.value[entity, type_] * without / len(siblings)
    return total


def siblings_of(surprise: Surprise, entity: str) -> list[str]:
    """The others that ought to look like the entity; of the same kind, so that a service is no sibling of its replica."""
    scene = surprise.scene
    group, kind = scene.group_of(entity), scene.kind_of(entity)
    if kind in MACHINES:
        members = scene.of_kind(kind)
    else:
        members = scene.land.members.get(group, []) if group != entity else []
    return [other for other in members if other != entity and scene.kind_of(other) == kind]
