"""One incident seen through the topology: who shows what, who belongs together, what depends on what.

An entity that the topology does not know stands for its service where the topology knows that (pods come and go, their
service stays); otherwise it is a candidate of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from msgspec import Struct

from aiops.ports import AlertFact, IncidentView
from aiops_models.causes.entity_names import spelled, subject
from aiops_models.causes.lexicon import MACHINES, Lexicon
from aiops_models.causes.topology_index import CALL, TopologyIndex

# Dependents are followed this far; further away nearly everything depends on everything.
HOPS = 3

# Facts read of one incident; a storm has more streams than a person or a score can use. The first by time are kept.
MAX_FACTS = 4096


class Signal(Struct, gc=False):
    """All alerts of one type on one entity: `z` is the largest |magnitude|, None if the tool sent none."""

    entity: str
    type: str
    cls: str
    harm: float
    name: str
    z: float | None = None


class IncidentGraph:
    """One incident: its signals by entity, its candidates, its groups and edges."""

    def __init__(self, topology_index: TopologyIndex, lexicon: Lexicon, view: IncidentView) -> None:
        """Fold the facts of `view` into signals."""
        self.topology_index = topology_index
        self.lexicon = lexicon
        self.view = view
        self.group: dict[str, str] = {}
        self.kind: dict[str, str] = {}
        self.by_entity: dict[str, dict[str, Signal]] = {}
        self.callers: dict[tuple[str, str], int] = {}
        self._names: dict[str, str] | None = None
        self._above: dict[str, list[str]] | None = None
        self._peers: dict[tuple[str, str], frozenset[str]] = {}
        for fact in _earliest(view.facts):
            self._take(fact)

    def group_of(self, entity: str) -> str:
        """The service of a replica, else the entity itself."""
        return self.topology_index.group.get(entity) or self.group.get(entity, entity)

    def kind_of(self, entity: str) -> str:
        """Kind of an entity: from the topology, else from a `kind/name` spelling, else `unknown`."""
        return self.topology_index.kind.get(entity) or self.kind.get(entity, "unknown")

    def edges(self) -> dict[str, dict[str, float]]:
        """Return dependent -> dependency -> weight.

        From the topology and, by client-side alerts, from observed calls.
        """
        if not self.callers:
            return self.topology_index.edges
        edges = dict(self.topology_index.edges)
        copied: set[str] = set()
        for caller, callee in self.callers:
            if caller not in copied:
                edges[caller] = dict(edges.get(caller, {}))
                copied.add(caller)
            edges[caller].setdefault(callee, CALL)
        return edges

    def above(self) -> dict[str, list[str]]:
        """Dependency -> its dependents."""
        if self._above is None:
            self._above = {}
            for source, targets in self.edges().items():
                for target in targets:
                    self._above.setdefault(target, []).append(source)
        return self._above

    def reach(self, entity: str) -> float:
        """Share of the alerting groups that are the entity's own or depend on it within `HOPS`."""
        alerting = {self.group_of(other) for other in self.by_entity}
        if not alerting:
            return 0.0
        reached = {self.group_of(other) for other in self._dependents(entity)}
        return len(alerting & reached) / len(alerting)

    def _dependents(self, entity: str) -> set[str]:
        """The entity, its replicas, and what depends on them within `HOPS`."""
        above = self.above()
        seen = {entity, *self.topology_index.members.get(entity, ())}
        ring = seen
        for _ in range(HOPS):
            ring = {user for other in ring for user in above.get(other, ())} - seen
            if not ring:
                break
            seen = seen | ring
        return seen

    def signals(self) -> Iterable[Signal]:
        """All signals, in the order in which they first appeared."""
        for types in self.by_entity.values():
            yield from types.values()

    def pairs(self) -> list[tuple[str, str]]:
        """All (entity, type), in the order in which they first appeared."""
        return [(signal.entity, signal.type) for signal in self.signals()]

    def pairs_of(self, entity: str) -> list[tuple[str, str]]:
        """The (entity, type) of one entity."""
        return [(entity, type_) for type_ in self.by_entity.get(entity, ())]

    def candidates(self) -> list[str]:
        """Every entity that can be named: those of the topology, then the alerting ones it does not know."""
        known = self.topology_index.kind
        return [*known, *(entity for entity in self.by_entity if entity not in known)]

    def known(self, name: str) -> str:
        """The candidate that goes by this name, whole or without its kind; the name itself where none does."""
        if self._names is None:
            self._names = {}
            for entity in self.candidates():
                self._names.setdefault(spelled(entity)[1], entity)
        return name if name in self.topology_index.kind or name in self.by_entity else self._names.get(name, name)

    def peers(self, group: str, kind: str) -> frozenset[str]:
        """The candidates of a kind within a group; of all groups where that is empty."""
        found = self._peers.get((group, kind))
        if found is None:
            among = self.topology_index.members.get(group, ()) if group else self.candidates()
            found = self._peers[group, kind] = frozenset(one for one in among if self.kind_of(one) == kind)
        return found

    def place(self, entity: str, service: str | None) -> str:
        """Return the candidate for an alert on `entity`."""
        if entity in self.topology_index.kind:
            return entity
        if service and service in self.topology_index.kind:
            return service
        kind, name = spelled(entity)
        if name in self.topology_index.kind and kind in ("unknown", self.topology_index.kind[name]):
            return name
        entity = f"{kind}/{name}" if kind != "unknown" else entity
        if entity not in self.kind:
            self.kind[entity] = kind
        if service and kind not in MACHINES:
            # Of several, always the same one, in whatever order the facts come.
            self.group[entity] = min(service, self.group.get(entity, service))
        return entity

    def named(self, fact: AlertFact) -> str:
        """Return the fact's entity.

        If that is only the tool or the namespace it came from, return the subject of the message.
        """
        vague = (fact.source, "unknown", "", fact.labels.get("namespace"), fact.labels.get("cluster"))
        if fact.service is None and fact.message and fact.entity in vague:
            return subject(fact.message, fact.name) or fact.entity
        return fact.entity

    def _take(self, fact: AlertFact) -> None:
        entity = self.place(self.named(fact), fact.service)
        reading = self.lexicon.read(_directed(fact), self.kind_of(entity) in MACHINES)
        types = self.by_entity.setdefault(entity, {})
        signal = types.get(reading.type)
        if signal is None:
            signal = types[reading.type] = Signal(entity, reading.type, reading.cls, reading.harm, fact.name)
        if fact.magnitude is not None and isfinite(fact.magnitude):
            signal.z = max(signal.z or 0.0, abs(fact.magnitude))
        if fact.caller and fact.caller != fact.entity:
            pair = (self.place(fact.caller, None), entity)
            self.callers[pair] = self.callers.get(pair, 0) + fact.count


def _directed(fact: AlertFact) -> str:
    """Return the name with its direction, from a signed magnitude if the name has none."""
    if fact.magnitude is None or fact.name.endswith((":up", ":down")):
        return fact.name
    return f"{fact.name}:{'down' if fact.magnitude < 0 else 'up'}"


def _earliest(facts: Sequence[AlertFact]) -> Sequence[AlertFact]:
    if len(facts) <= MAX_FACTS:
        return facts
    return sorted(facts, key=lambda fact: (fact.first_at, fact.entity, fact.name))[:MAX_FACTS]
