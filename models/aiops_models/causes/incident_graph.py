"""One incident seen through the topology: who shows what, who belongs together, what depends on what.

An entity that the topology does not know stands for its service where the topology knows that (pods come and go, their
service stays), else for its workload where its name was generated; otherwise it is a candidate of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from msgspec import Struct

from aiops.ports import AlertFact, IncidentView
from aiops_models.causes.entity_names import spelled, subject
from aiops_models.causes.lexicon import BLAMED, MACHINES, Lexicon
from aiops_models.causes.topology_index import CALL, TopologyIndex, dependents_of

# Dependents are followed this far; further away nearly everything depends on everything.
HOPS = 3

# Facts read of one incident; a storm has more streams than a person or a score can use. The first by time are kept.
MAX_FACTS = 4096
# A longer number is a part of a hash or a time.
MAX_ORDINAL = 4
# Kinds that a controller makes or is.
CONTROLLED = frozenset(
    (
        *("app", "container", "cronjob", "daemonset", "deployment"),
        *("job", "pod", "replicaset", "service", "statefulset"),
    )
)


class Signal(Struct, gc=False):
    """All alerts of one type on one entity: `z` is the largest |magnitude|, None if the tool sent none.

    `recent` is that of the alert that fired least within the last hours.
    """

    entity: str
    type: str
    cls: str
    harm: float
    name: str
    z: float | None = None
    recent: float = 1.0


class IncidentGraph:
    """One incident: its signals by entity, its candidates, its groups and edges."""

    def __init__(self, topology_index: TopologyIndex, lexicon: Lexicon, view: IncidentView) -> None:
        """Fold the facts of `view` into signals."""
        self.topology_index = topology_index
        self.lexicon = lexicon
        self.view = view
        self.group: dict[str, str] = {}
        self.kind: dict[str, str] = {}
        self.workload: dict[str, str] = {}
        self.by_entity: dict[str, dict[str, Signal]] = {}
        self.callers: dict[tuple[str, str], int] = {}
        self._edges: dict[str, dict[str, float]] | None = None
        self._names: dict[str, str] | None = None
        self._above: dict[str, dict[str, float]] | None = None
        self._peers: dict[tuple[str, str], frozenset[str]] = {}
        # The classes of what users felt: as the view states them, else those of alerts that watch the site as users do.
        self.entry_classes = {view.entry_class} & BLAMED
        for fact in _earliest(view.facts):
            self._take(fact)

    def group_of(self, entity: str) -> str:
        """The service of a replica, else the entity itself."""
        return self.topology_index.group.get(entity) or self.group.get(entity, entity)

    def kind_of(self, entity: str) -> str:
        """Kind of an entity: from the topology, else from a `kind/name` spelling, else `unknown`."""
        return self.topology_index.kind.get(entity) or self.kind.get(entity, "unknown")

    def lasting(self, entity: str) -> str:
        """The name under which an entity is learned: its workload, unless the topology knows the entity.

        The next pod of a deployment has another name, and the same habits.
        """
        return self.workload.get(entity, entity)

    def edges(self) -> dict[str, dict[str, float]]:
        """Return dependent -> dependency -> weight.

        From the topology and, by client-side alerts, from observed calls.
        """
        if self._edges is None:
            self._edges = self._with_calls() if self.callers else self.topology_index.edges
        return self._edges

    def edge_kind(self, source: str, target: str) -> str:
        """Return the kind of an edge; what the topology lacks is an observed call."""
        return self.topology_index.edge_kind.get((source, target), "calls")

    def _with_calls(self) -> dict[str, dict[str, float]]:
        edges = dict(self.topology_index.edges)
        copied: set[str] = set()
        for caller, callee in self.callers:
            if caller not in copied:
                edges[caller] = dict(edges.get(caller, {}))
                copied.add(caller)
            edges[caller].setdefault(callee, CALL)
        return edges

    def above(self) -> dict[str, dict[str, float]]:
        """Return dependency -> dependent -> weight."""
        if self._above is None:
            self._above = dependents_of(self.edges()) if self.callers else self.topology_index.above
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
        """All (lasting name, type), in the order in which they first appeared."""
        workload = self.workload
        return list(
            dict.fromkeys((workload.get(e, e), type_) for e, types in self.by_entity.items() for type_ in types)
        )

    def pairs_of(self, entity: str) -> list[tuple[str, str]]:
        """The (lasting name, type) of one entity."""
        return [(self.lasting(entity), type_) for type_ in self.by_entity.get(entity, ())]

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

    def place(self, entity: str, service: str | None, workload: str = "") -> str:
        """Return the candidate for an alert on `entity`."""
        if entity in self.topology_index.kind:
            return entity
        if service and service in self.topology_index.kind:
            return service
        kind, name = spelled(entity)
        if name in self.topology_index.kind and kind in ("unknown", self.topology_index.kind[name]):
            return name
        if workload and kind not in MACHINES and _is_generated(kind, name, workload):
            # Pods come and go under new names: what can be named, compared and remembered is their controller.
            return workload
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
        if fact.service is not None or not fact.message:
            return fact.entity
        vague = (fact.source, "unknown", "", fact.labels.get("namespace"), fact.labels.get("cluster"))
        return (subject(fact.message, fact.name) or fact.entity) if fact.entity in vague else fact.entity

    def placed(self, fact: AlertFact) -> str:
        """Return the candidate that a fact counts for."""
        return self.place(self.named(fact), fact.service, fact.workload)

    def _take(self, fact: AlertFact) -> None:
        entity = self.placed(fact)
        reading = self.lexicon.read(_directed(fact), self.kind_of(entity) in MACHINES)
        self._name_workload(entity, fact)
        if self.view.entry_class is None and reading.cls in BLAMED and self.lexicon.is_entry(fact.name):
            self.entry_classes.add(reading.cls)
        types = self.by_entity.setdefault(entity, {})
        signal = types.get(reading.type)
        if signal is None:
            signal = types[reading.type] = Signal(entity, reading.type, reading.cls, reading.harm, fact.name)
            signal.recent = fact.recent
        signal.recent = min(signal.recent, fact.recent)
        if fact.magnitude is not None and isfinite(fact.magnitude):
            signal.z = max(signal.z or 0.0, abs(fact.magnitude))
        if fact.caller and fact.caller != fact.entity:
            pair = (self.place(fact.caller, None), entity)
            self.callers[pair] = self.callers.get(pair, 0) + fact.count

    def _name_workload(self, entity: str, fact: AlertFact) -> None:
        """Note the workload of a replica.

        Machines have habits of their own, and their alerts name the service of an exporter.
        """
        if fact.workload and entity not in self.topology_index.kind and self.kind_of(entity) not in MACHINES:
            # Of several, always the same one, in whatever order the facts come.
            self.workload[entity] = min(fact.workload, self.workload.get(entity, fact.workload))


def _is_generated(kind: str, name: str, workload: str) -> bool:
    """Return True for a replica whose name nobody chose: `cart-x7k2p`, and not `cart-0`."""
    if kind in CONTROLLED:
        number = name.rpartition("-")[2]
        return not (number.isdecimal() and len(number) <= MAX_ORDINAL)
    return name.startswith(workload) and any(letter.isalpha() for letter in name[len(workload) :])


def _directed(fact: AlertFact) -> str:
    """Return the name with its direction, from a signed magnitude if the name has none."""
    if fact.magnitude is None or fact.name.endswith((":up", ":down")):
        return fact.name
    return f"{fact.name}:{'down' if fact.magnitude < 0 else 'up'}"


def _earliest(facts: Sequence[AlertFact]) -> Sequence[AlertFact]:
    if len(facts) <= MAX_FACTS:
        return facts
    return sorted(facts, key=lambda fact: (fact.first_at, fact.entity, fact.name))[:MAX_FACTS]
