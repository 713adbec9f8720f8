"""Replica contrast: what one replica shows and its siblings do not points at the replica, not at the service.

`C = sum of surprise x share of siblings without the type`; 0 for an entity without siblings. In nats.
"""

from __future__ import annotations

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
    """The other replicas of its service; of the same kind, so that the service itself is none."""
    scene = surprise.scene
    group, kind = scene.group_of(entity), scene.kind_of(entity)
    if group == entity:
        return []
    members = scene.land.members.get(group, ())
    return [other for other in members if other != entity and scene.kind_of(other) == kind]
