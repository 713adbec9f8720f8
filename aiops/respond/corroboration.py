"""The guard on the alerts of the target itself and of what it depends on, part of guard 3.

A thing that only suffers alerts like one that is broken. Two kinds of wrong run look certain to any ranker: the target
is suspected by its neighbours alone, while the broken thing is silent; and the target suffers from something below it
that alerts as well. A person may run in both cases, the engine alone does not.
"""

from __future__ import annotations

from aiops.ports import AlertFact
from aiops.respond.guard_case import Case, Refused
from aiops.respond.situation import Situation
from aiops.topology import Topology

# Entities below a target that are looked at; what depends on more than that is a site, and no single thing.
MAX_BELOW = 1_000


def corroboration(case: Case) -> Refused | None:
    """Refuse a target without a firing alert of its own, and one that may suffer from another thing."""
    if not case.is_alone:
        return None
    facts = [case.situation.seen[index].fact for index in case.fit.facts]
    firing = case.world.firing
    for target in case.targets:
        own = [fact for fact in facts if _is_of(fact, target, case.situation)]
        if not any(firing is None or (fact.entity, fact.name) in firing for fact in own):
            why = f"no alert that it is for fires on {target}: it is suspected by alerts elsewhere"
            return Refused("target_silent", why)
        if (other := _below(target, case.situation)) is not None:
            why = f"{other.name} on {other.entity}, which {target} depends on: it may suffer rather than be the cause"
            return Refused("upstream_alerts", why)
    return None


def _is_of(fact: AlertFact, target: str, now: Situation) -> bool:
    """Return True for an alert on a target, or on a replica of it."""
    if target in (fact.entity, fact.workload):
        return True
    return now.topology is not None and now.topology.service_of(fact.entity) == target


def _below(target: str, now: Situation) -> AlertFact | None:
    """Return an alert of the incident on something that the target depends on."""
    if now.topology is None:
        return None
    below = _dependencies(target, now.topology)
    found = (one.fact for one in now.seen if one.fact.entity in below and not _is_of(one.fact, target, now))
    return next(found, None)


def _dependencies(target: str, topology: Topology) -> set[str]:
    """Return what a target and its replicas depend on, however far away, without themselves."""
    replicas = [one for one in topology.neighbours(target) if topology.service_of(one) == target]
    found: dict[str, None] = dict.fromkeys([target, *replicas])
    edge = list(found)
    while edge and len(found) < MAX_BELOW:
        entity = edge.pop(0)
        for other, kind in topology.depends_on.get(entity, {}).items():
            # A replica is a part of its service, and does not depend on it.
            if kind != "part_of" and other not in found:
                found[other] = None
                edge.append(other)
    return set(found).difference((target, *replicas))
