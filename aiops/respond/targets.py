"""The entity that a playbook is for: of the kind that it names first, where its alerts fire."""

from __future__ import annotations

import msgspec

from aiops.ports import AlertFact
from aiops.respond.matching import Compiled, Fit
from aiops.respond.situation import Situation, same_kind
from aiops.topology import Topology

# Kinds whose faults stay where they are: the steps are for that very entity, even if others suffer from it. A
# fault of a service or a pod is passed on, and its playbook is for the suspected cause.
LOCAL_KINDS = frozenset({"host", "database", "cache", "queue", "search"})
# Kinds that run a database, a cache or a queue as well as a service: they do not exclude it.
_CARRIERS = frozenset({"pod", "statefulset", "deployment", "workload"})
# Neighbours in the dependency graph that are looked at; a host of hundreds of pods names no single one anyway.
MAX_NEIGHBOURS = 100


def leading(found: Fit, now: Situation) -> AlertFact | None:
    """Return the alert that represents a playbook.

    It is on the suspected cause, else the most severe, else the first.
    """
    if not found.facts:
        return None
    facts = [now.seen[index].fact for index in found.facts]
    return min(
        facts, key=lambda fact: (fact.entity != now.cause, -fact.severity, fact.first_at, fact.entity, fact.name)
    )


def subject_of(compiled: Compiled) -> str:
    """Return the kind of entity that the steps are for, if only that one will do; else nothing."""
    kinds = compiled.playbook.match.cause.kind
    first = same_kind(kinds[0]) if kinds else ""
    return first if first in LOCAL_KINDS else ""


def target_of(compiled: Compiled, found: Fit, now: Situation) -> str | None:
    """Return the entity that a playbook is for: the suspected cause, unless its alerts are all elsewhere.

    A playbook for a full disk is for the host whose disk is full, whatever else is suspected. One that names the kind
    of cause that it is for is for a cause of that kind. One for a database names no host and no web service where the
    topology knows databases: it is for the one that alerts, or the only one beside the alert. None: nothing is known.
    """
    subject = subject_of(compiled)
    lead = leading(found, now)
    if subject and lead is not None:
        return _of_kind(subject, lead, found, now)
    return _cause_or_lead(compiled, found, now)


def alike_target(compiled: Compiled, now: Situation) -> str | None:
    """Return the entity of a playbook that only text suggests: the cause, if it can be of its kind."""
    subject = subject_of(compiled)
    entities = dict.fromkeys([*([now.cause] if now.cause else []), *(one.fact.entity for one in now.seen)])
    if subject:
        of_kind = [entity for entity in entities if _kind(entity, now) == subject]
        possible = of_kind or [entity for entity in entities if _may_be(subject, entity, now)]
        return possible[0] if possible else None
    return next(iter(entities), None)


def on_target(now: Situation, target: str | None) -> Situation:
    """Return the situation as seen from a target, which `cause.entity` and its like then name."""
    if target == now.cause:
        return now
    service = now.topology.service_of(target) if target is not None and now.topology is not None else None
    return msgspec.structs.replace(now, cause=target, kind=_kind(target, now) or None, service=service)


def shown_for(now: Situation, target: str | None) -> Situation:
    """Return the situation for a person's commands: no target is a cause where none is suspected."""
    return now if now.cause is None else on_target(now, target)


def _of_kind(subject: str, lead: AlertFact, found: Fit, now: Situation) -> str | None:
    """Return the entity of a kind that the alerts are about."""
    entities = dict.fromkeys([lead.entity, *(now.seen[index].fact.entity for index in found.facts)])
    alerting = [entity for entity in entities if _kind(entity, now) == subject]
    if alerting:
        return now.cause if now.cause in alerting else alerting[0]
    if now.cause is not None and now.kind == subject:
        return now.cause
    beside = dict.fromkeys(other for entity in entities for other in _neighbours(entity, subject, now))
    if len(beside) == 1:
        return next(iter(beside))
    return next((entity for entity in entities if _may_be(subject, entity, now)), None)


def _may_be(subject: str, entity: str, now: Situation) -> bool:
    """Return False for an entity of another kind, in a topology that knows entities of this one."""
    kind = _kind(entity, now)
    if not kind or kind == subject or (kind in _CARRIERS and subject != "host"):
        return True
    return now.topology is None or not any(same_kind(node.kind) == subject for node in now.topology.nodes.values())


def _neighbours(entity: str, kind: str, now: Situation) -> list[str]:
    """Return what an entity uses, runs or runs on that is of a kind."""
    topology = now.topology if now.topology is not None else Topology()
    found = []
    for number, other in enumerate(topology.neighbours(entity)):
        if number == MAX_NEIGHBOURS:
            return []
        if _kind(other, now) == kind:
            found.append(other)
    return found


def _kind(entity: str | None, now: Situation) -> str:
    node = now.topology.nodes.get(entity) if entity is not None and now.topology is not None else None
    return same_kind(node.kind) if node is not None and node.kind != "unknown" else ""


def _cause_or_lead(compiled: Compiled, found: Fit, now: Situation) -> str | None:
    facts = [now.seen[index].fact for index in found.facts]
    is_meant = now.kind is not None and now.kind in compiled.kinds
    if now.cause is not None and (is_meant or not facts or any(_is_of_cause(fact, now) for fact in facts)):
        return now.cause
    lead = leading(found, now)
    return lead.entity if lead is not None else now.cause


def _is_of_cause(fact: AlertFact, now: Situation) -> bool:
    """Return True for an alert on the suspected cause, on a replica of it, or of its service."""
    return now.is_on_cause(fact) or (fact.service is not None and fact.service in (now.cause, now.service))
