"""The things that alert beside the cause, the worst first, each by the name people know."""

from __future__ import annotations

from msgspec import Struct

from aiops.records import Affected, Incident, Member
from aiops.wording import listed, located

MAX_NAME = 80


class Hurt(Struct):
    """The names of what is hurt, the worst first, and how many there are in all (at least, if `is_cut`)."""

    names: list[str]
    count: int
    is_cut: bool = False

    def text(self, shown: int) -> str:
        """Return the first names and the number of the others: `payments-gateway and 8 more`."""
        return listed(self.names, shown, self.count, is_cut=self.is_cut)


def hurt(incident: Incident, cause: str | None = None) -> Hurt:
    """Return what an incident hurts beside its cause; the cause itself where nothing else alerts."""
    names = dict.fromkeys([*(place_of(one, incident) for one in incident.members), *_places(incident)])
    count = len(names) if _is_whole(incident) else max(len(names), incident.entity_count)
    own = {cause, *(_name(one) for one in incident.workloads if cause in (one.entity, one.workload))}
    others = [name for name in names if name not in own]
    if others:
        count -= len(names) - len(others)
    return Hurt([_short(name) for name in others or names], count, incident.more_entities)


def place_of(member: Member, incident: Incident) -> str:
    """Return the place of a member: its workload if several replicas of that alert, else its entity."""
    for one in incident.workloads:
        if one.workload == member.workload and one.entities > 1:
            return one.workload
    # An alert that names no entity stands for itself.
    alone = located(member.name, member.entity) == member.name
    return member.name if alone else member.entity


def stands_for_itself(member: Member) -> bool:
    """Return True if an alert names no entity: its name, with its key or labels, then stands for one."""
    return member.entity == member.name or member.entity.startswith((f"{member.name} [", f"{member.name} {{"))


def on(incident: Incident, entity: str) -> list[Member]:
    """Return the members on an entity or, if it is a workload or a service, on its replicas."""
    own = [one for one in incident.members if one.entity == entity]
    return own or [one for one in incident.members if entity in (one.workload, one.service)]


def _places(incident: Incident) -> list[str]:
    return [_name(one) for one in incident.workloads] if _is_whole(incident) else incident.entities


def _name(one: Affected) -> str:
    return one.entity if one.entities == 1 else one.workload


def _is_whole(incident: Incident) -> bool:
    """Return True if the workloads are those of all that alerts."""
    return bool(incident.workloads) and sum(one.entities for one in incident.workloads) >= incident.entity_count


def _short(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= MAX_NAME else line[: MAX_NAME - 1] + "…"
