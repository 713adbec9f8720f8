"""Who is who in an incident: entities, the groups they belong to, and what depends on what.

`Landscape` is made once from the topology; `Scene` is one incident seen through it. An entity that the topology does
not know stands for its service where the topology knows that (pods come and go, their service stays); otherwise it is
a candidate of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from msgspec import Struct

from aiops.ports import AlertFact, IncidentView
from aiops.topology import Topology
from aiops_models.causes.lexicon import MACHINES, Lexicon

# How strongly what depends on a thing suffers from it. A replica carries its service's whole work for those it
# answers; a host is shared by many, and most of its faults are none of theirs. Findings of the reference runs; the
# results move by at most .02 top-1 when the three are halved or doubled.
CALL, REPLICA, HOSTED = 1.0, 1.125, 0.625

# Facts read of one incident; a storm has more streams than a person or a score can use. The first by time are kept.
MAX_FACTS = 4096


class Signal(Struct, gc=False):
    """All alerts of one type on one entity: `z` is the largest |magnitude|, None where the tool told none."""

    entity: str
    type: str
    cls: str
    harm: float
    name: str
    first_at: float
    z: float | None = None
    count: int = 0
    severity: int = 0
    message: str = ""


class Landscape:
    """The topology as a ranker needs it: kinds, groups, weighted edges, and names by their last part."""

    def __init__(self, topology: Topology) -> None:
        """Read the topology once; later changes to it are not seen."""
        self.kind = {entity: node.kind.lower() for entity, node in topology.nodes.items()}
        self.group = {entity: self._group(topology, entity) for entity in topology.nodes}
        self.members: dict[str, list[str]] = {}
        for entity, group in self.group.items():
            self.members.setdefault(group, []).append(entity)
        self.edges: dict[str, dict[str, float]] = {}
        for edge in topology.edges:
            self._join(edge.source, edge.target, edge.kind)

    def _join(self, source: str, target: str, kind: str) -> None:
        """Replicas are drawn both as `service runs_on replica` and as `replica part_of service`."""
        if kind == "part_of" and self.group.get(source) == target:
            source, target, weight = target, source, REPLICA
        elif self.group.get(target) == source:
            weight = REPLICA
        else:
            weight = HOSTED if self.kind.get(target) in MACHINES else CALL
        self.edges.setdefault(source, {})[target] = weight

    def _group(self, topology: Topology, entity: str) -> str:
        if self.kind[entity] in MACHINES:
            return entity
        service = topology.service_of(entity)
        if service != entity:
            return service
        for parent, kind in topology.dependents.get(entity, {}).items():
            if kind == "runs_on" and self.kind.get(parent) not in MACHINES:
                return parent
        return entity


class Scene:
    """One incident: its signals by entity, its candidates, its groups and edges."""

    def __init__(self, land: Landscape, lexicon: Lexicon, view: IncidentView) -> None:
        """Fold the facts of `view` into signals."""
        self.land = land
        self.lexicon = lexicon
        self.view = view
        self.group: dict[str, str] = {}
        self.kind: dict[str, str] = {}
        self.by_entity: dict[str, dict[str, Signal]] = {}
        self.callers: dict[tuple[str, str], int] = {}
        for fact in _earliest(view.facts):
            self._take(fact)

    def group_of(self, entity: str) -> str:
        """The service of a replica, else the entity itself."""
        return self.land.group.get(entity) or self.group.get(entity, entity)

    def kind_of(self, entity: str) -> str:
        """Kind of an entity: from the topology, else from a `kind/name` spelling, else `unknown`."""
        return self.land.kind.get(entity) or self.kind.get(entity, "unknown")

    def edges(self) -> dict[str, dict[str, float]]:
        """Dependent -> dependency -> weight: the topology and, from client-side alerts, who was seen to call whom."""
        if not self.callers:
            return self.land.edges
        edges = dict(self.land.edges)
        copied: set[str] = set()
        for caller, callee in self.callers:
            if caller not in copied:
                edges[caller] = dict(edges.get(caller, {}))
                copied.add(caller)
            edges[caller].setdefault(callee, CALL)
        return edges

    def above(self) -> dict[str, list[str]]:
        """Dependency -> its dependents."""
        found: dict[str, list[str]] = {}
        for source, targets in self.edges().items():
            for target in targets:
                found.setdefault(target, []).append(source)
        return found

    def signals(self) -> Iterable[Signal]:
        """All signals, in the order in which they first appeared."""
        for types in self.by_entity.values():
            yield from types.values()

    def candidates(self) -> list[str]:
        """Every entity that can be named: those of the topology, then the alerting ones it does not know."""
        known = self.land.kind
        return [*known, *(entity for entity in self.by_entity if entity not in known)]

    def place(self, entity: str, service: str | None) -> str:
        """The candidate that an alert on `entity` speaks of."""
        if entity in self.land.kind:
            return entity
        if service and service in self.land.kind:
            return service
        if entity not in self.kind:
            self.kind[entity] = _spelled_kind(entity)
            self.group[entity] = service if service and self.kind[entity] not in MACHINES else entity
        return entity

    def _take(self, fact: AlertFact) -> None:
        entity = self.place(fact.entity, fact.service)
        reading = self.lexicon.read(_directed(fact), self.kind_of(entity) in MACHINES)
        types = self.by_entity.setdefault(entity, {})
        signal = types.get(reading.type)
        if signal is None:
            signal = types[reading.type] = Signal(
                entity, reading.type, reading.cls, reading.harm, fact.name, fact.first_at, message=fact.message or ""
            )
        _add(signal, fact)
        if fact.caller and fact.caller != fact.entity:
            pair = (self.place(fact.caller, None), entity)
            self.callers[pair] = self.callers.get(pair, 0) + fact.count


def _directed(fact: AlertFact) -> str:
    """The name with its direction, which a signed magnitude tells where the name does not."""
    if fact.magnitude is None or fact.name.endswith((":up", ":down")):
        return fact.name
    return f"{fact.name}:{'down' if fact.magnitude < 0 else 'up'}"


def _add(signal: Signal, fact: AlertFact) -> None:
    signal.count += fact.count
    signal.severity = max(signal.severity, fact.severity)
    signal.first_at = min(signal.first_at, fact.first_at)
    if fact.magnitude is not None and isfinite(fact.magnitude):
        signal.z = max(signal.z or 0.0, abs(fact.magnitude))


def _earliest(facts: Sequence[AlertFact]) -> Sequence[AlertFact]:
    if len(facts) <= MAX_FACTS:
        return facts
    return sorted(facts, key=lambda fact: (fact.first_at, fact.entity, fact.name))[:MAX_FACTS]


def _spelled_kind(entity: str) -> str:
    """The kind in spellings such as `nodes/worker-01`.

    >>> _spelled_kind("nodes/worker-01"), _spelled_kind("worker-01")
    ('node', 'unknown')
    """
    kind, slash, _ = entity.partition("/")
    return kind.lower().removesuffix("s") if slash and kind.isalpha() else "unknown"


def tail(entity: str) -> str:
    """The name without its `kind/` prefix.

    >>> tail("app/cart"), tail("cart")
    ('cart', 'cart')
    """
    kind, slash, rest = entity.partition("/")
    return rest if slash and kind.isalpha() and rest else entity
