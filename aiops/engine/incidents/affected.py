"""The workloads that an incident affects: four pods of one deployment read as one thing."""

from __future__ import annotations

from typing import Final

from aiops.engine.incidents.clusters import MemberState
from aiops.records import Affected

# Kinds that stand before a name (`pod/cart-1`); anything else before a slash is a part of the name.
KINDS: Final = frozenset(("container", "host", "instance", "job", "node", "pod", "replicaset", "server", "vm"))
# Labels that name an entity, with what such entities are called.
LABELS: Final = {
    "pod": "pod",
    "container": "container",
    "instance": "instance",
    "host": "host",
    "hostname": "host",
    "node": "node",
    "device": "device",
}


def affected(members: list[MemberState]) -> list[Affected]:
    """Return the workloads of an incident's streams, in the order in which they came first."""
    found: dict[str, Affected] = {}
    seen: set[str] = set()
    for member in members:
        if member.entity in seen:
            continue
        seen.add(member.entity)
        workload, kind = member.workload or member.entity, _kind(member)
        known = found.get(workload)
        if known is None:
            found[workload] = Affected(workload, member.entity, 1, kind)
            continue
        known.entities += 1
        if known.kind != kind:
            known.kind = "entity"
    return list(found.values())


def same_alert(members: list[MemberState], worst: MemberState) -> Affected:
    """Return the entities of a member's workload on which the same alert fires."""
    alike = [member for member in members if member.name == worst.name and member.workload == worst.workload]
    return affected(alike)[0] if worst.workload and len(alike) > 1 else Affected(worst.workload, worst.entity)


def _kind(member: MemberState) -> str:
    kind, slash, _ = member.entity.partition("/")
    kind = kind.lower().removesuffix("s")
    if slash and kind in KINDS:
        return kind
    for label, word in LABELS.items():
        if member.labels.get(label) == member.entity:
            return word
    # Its name shows that it is a replica, unless the workload is the service that the alert states.
    return "entity" if member.workload == member.service else "replica"
