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

# Dependents are followed this far; further away nearly everything depends on everything.
HOPS = 3

# Facts read of one incident; a storm has more streams than a person or a score can use. The first by time are kept.
MAX_FACTS = 4096

# Kinds that names are spelled with (`nodes/worker-1`) and messages open with ("Node worker-1 is …"); anything else
# before a slash belongs to the name.
NAMED_KINDS = frozenset(
    (
        *("node", "host", "server", "vm", "machine", "pod", "container", "replicaset", "deployment", "statefulset"),
        *("daemonset", "job", "cronjob", "service", "app", "instance", "database", "queue", "cluster", "namespace"),
        *("volume", "persistentvolume", "persistentvolumeclaim", "pvc"),
    )
)
# How much of a message is read: messages come from payloads.
MAX_MESSAGE = 512


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
        self.of_kind: dict[str, list[str]] = {}
        for entity, kind in self.kind.items():
            self.of_kind.setdefault(kind, []).append(entity)
        self.group = {entity: self._group(topology, entity) for entity in topology.nodes}
        self.groups = set(self.group.values())
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
        self._peers: dict[tuple[str, str], frozenset[str]] = {}
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
        seen = {entity, *self.land.members.get(entity, ())}
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
        known = self.land.kind
        return [*known, *(entity for entity in self.by_entity if entity not in known)]

    def peers(self, group: str, kind: str) -> frozenset[str]:
        """The candidates of a kind within a group; of all groups where that is empty."""
        found = self._peers.get((group, kind))
        if found is None:
            among = self.land.members.get(group, ()) if group else self.candidates()
            found = self._peers[group, kind] = frozenset(one for one in among if self.kind_of(one) == kind)
        return found

    def place(self, entity: str, service: str | None) -> str:
        """The candidate that an alert on `entity` speaks of."""
        if entity in self.land.kind:
            return entity
        if service and service in self.land.kind:
            return service
        kind, name = spelled(entity)
        if name in self.land.kind and kind in ("unknown", self.land.kind[name]):
            return name
        entity = f"{kind}/{name}" if kind != "unknown" else entity
        if entity not in self.kind:
            self.kind[entity] = kind
            self.group[entity] = service if service and kind not in MACHINES else entity
        return entity

    def named(self, fact: AlertFact) -> str:
        """The fact's entity; where that is only the tool or the namespace it came from, what the message speaks of."""
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


def subject(message: str, name: str) -> str | None:
    """Whom a message speaks of, where the alert has no entity: "Node worker-1 is NotReady", "worker-1: NAME …".

    >>> subject("Node worker-1 is NotReady", "NodeNotReady"), subject("worker-1: PacketLoss 3 %", "PacketLoss")
    ('node/worker-1', 'worker-1')
    """
    words = message[:MAX_MESSAGE].split(None, 3)
    if len(words) < 2:
        return None
    if words[0].lower() in NAMED_KINDS:
        return f"{words[0].lower()}/{words[1]}"
    return words[0][:-1] if words[0].endswith(":") and words[1] == name and len(words[0]) > 1 else None


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


def spelled(entity: str) -> tuple[str, str]:
    """Kind and name in spellings such as `nodes/worker-01`, which tools also write `node/worker-01`.

    >>> spelled("nodes/worker-01"), spelled("worker-01"), spelled("https://queue")
    (('node', 'worker-01'), ('unknown', 'worker-01'), ('unknown', 'https://queue'))
    """
    kind, slash, name = entity.partition("/")
    kind = kind.lower().removesuffix("s")
    return (kind, name) if slash and name and kind in NAMED_KINDS else ("unknown", entity)


def tail(entity: str) -> str:
    """The name without its `kind/` prefix.

    >>> tail("app/cart"), tail("cart")
    ('cart', 'cart')
    """
    return spelled(entity)[1]
