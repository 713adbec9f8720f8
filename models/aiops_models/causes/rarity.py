"""The rarity of each signal, in nats: few others have it now, and few past incidents had it.

`breadth = ln((G + 1) / n)`: G groups could raise the type, n do. `rarity = 1 - (df + .5) / (N + 1)`: the share of N
past incidents in which it did not fire on this entity (in df it did). The surprise is their product, for what is usual
explains nothing, but at least `FLOOR` of the breadth, and a chronic offender can still be the cause. The product did
better than the smaller of the breadth and -ln of the frequency, which forgets a culprit as soon as it fires again.
Before there is history, and beside it, age counts: `1 / n` at most is the rarity of what began to fire on n occasions
within the last hours. cloudbed-1 cold .40/.64 -> .54/.74, aiops22 .56/.67 -> .63/.73, k8s boutique .70/.73 -> .68/.73.
`1 / n^2` gave .56/.80, .64/.77 and .67/.73: more than .02 less where the same faults are tried one after another.
Cost: one pass over the signals. Never negative.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from aiops_models.causes.history import History
from aiops_models.causes.incident_graph import IncidentGraph, Signal
from aiops_models.causes.lexicon import BLAMED, INTERNAL

FLOOR = 0.15
# Past incidents from which counts are evidence; with fewer, one coincidence would silence a signal.
MIN_INCIDENTS = 3
# A kind with fewer groups than this share of all is one of few.
FEW = 0.5


class Sums(NamedTuple):
    """Surprise of an entity by kind of class, in nats; `blamed` is a part of `symptom`."""

    internal: float
    symptom: float
    blamed: float


class Surprise:
    """Surprise of every signal of a scene, and the sums that evidence is made of."""

    def __init__(self, graph: IncidentGraph, history: History) -> None:
        """Weigh every signal once."""
        self.graph = graph
        self._history = history
        self._groups = _groups_by_kind(graph)
        self._group = {entity: graph.group_of(entity) for entity in graph.by_entity}
        self._kind = {entity: graph.kind_of(entity) for entity in graph.by_entity}
        # All signals of a type, in the order in which they first appeared.
        self.of_type = _signals_by_type(graph)
        self._z_top = max((s.z for s in graph.signals() if s.z and s.cls in INTERNAL), default=0.0)
        self._holders = {type_: frozenset([s.entity for s in signals]) for type_, signals in self.of_type.items()}
        # Counts that `contrast` keeps: of so many peers, how many do not show a type.
        self.lacking: dict[tuple[str, frozenset[str]], int] = {}
        self._sorted: dict[str, list[Signal]] = {}
        self.value: dict[tuple[str, str], float] = {}
        for type_, signals in self.of_type.items():
            could, best = self._could(signals), self._best(signals)
            whole = _breadth(could, len(best))
            for signal in signals:
                breadth = _breadth(could, _spread(signal.z, best)) if signal.z else whole
                self.value[signal.entity, type_] = self._weigh(signal, breadth)
        self._searched = self._searched_classes()
        self._sums = {entity: self._sum(types.values()) for entity, types in graph.by_entity.items()}

    def sums(self, entity: str) -> Sums:
        """Return the sums of an entity that alerts."""
        return self._sums[entity]

    def internal(self, entity: str) -> float:
        """A: what the entity itself suffers, in nats."""
        return self._sums[entity].internal

    def symptom(self, entity: str) -> float:
        """B: what its users see of it, in nats."""
        return self._sums[entity].symptom

    def blamed(self, entity: str) -> float:
        """Return the mass that searches for a culprit down the dependencies: latency and errors, in nats."""
        return self._sums[entity].blamed

    def signals(self, entity: str) -> list[Signal]:
        """The signals of an entity, the most surprising first."""
        found = self._sorted.get(entity)
        if found is None:
            own = self.graph.by_entity.get(entity, {}).values()
            found = self._sorted[entity] = sorted(own, key=lambda s: (-self.value[entity, s.type], s.type))
        return found

    def holders(self, type_: str) -> frozenset[str]:
        """The entities that show this type."""
        return self._holders.get(type_, frozenset())

    def _sum(self, signals: Iterable[Signal]) -> Sums:
        internal = symptom = blamed = 0.0
        for signal in signals:
            value = self.value[signal.entity, signal.type]
            if signal.cls in INTERNAL:
                internal += value
            else:
                symptom += value
                blamed += value if signal.cls in self._searched else 0.0
        return Sums(internal, symptom, blamed)

    def _searched_classes(self) -> frozenset[str]:
        """Return the classes whose complaints search for a culprit.

        Those of the entry symptom, where it is known and complained of; else all of `BLAMED`.
        """
        entry = self.graph.entry_classes
        if not entry:
            return BLAMED
        seen = {s.cls for s in self.graph.signals() if s.cls in entry and self.value[s.entity, s.type] > 0}
        return frozenset(seen) or BLAMED

    def _could(self, signals: list[Signal]) -> float:
        """Return G: groups of the kinds that raise this type, alerting or not.

        Of a kind that the topology does not list only the alerting ones are known; it is taken to be as numerous as all
        that is listed, or the one machine that complains would be nothing unusual. A kind of few, such as the one
        database, can never be rare among its like: once there is history of its usual noise, that is no longer
        held against it.
        """
        kinds = {self._kind[s.entity] for s in signals}
        groups = len(frozenset().union(*(self._groups.get(kind, frozenset()) for kind in kinds)))
        known = len(self.graph.topology_index.groups)
        if not any(kind in self.graph.topology_index.of_kind for kind in kinds):
            return max(groups, known)
        return max(groups, FEW * known) if self._history.incidents >= MIN_INCIDENTS else groups

    def _best(self, signals: list[Signal]) -> dict[str, float]:
        """Return the largest magnitude per group that has the type now, infinite if the tool sent none."""
        best: dict[str, float] = {}
        for signal in signals:
            group = self._group[signal.entity]
            size = math.inf if signal.z is None else signal.z
            if size > best.get(group, -1.0):
                best[group] = size
        return best

    def _weigh(self, signal: Signal, breadth: float) -> float:
        value = breadth * max(self._rarity(signal), FLOOR) * signal.harm
        return value * self._size(signal.z) if signal.z and signal.cls in INTERNAL else value

    def _rarity(self, signal: Signal) -> float:
        """Share of past incidents without the signal, 1 while there are too few; less if it fired of late.

        With a known entry symptom, what users see is the incident, however often it occurs.
        """
        if self.graph.entry_classes and signal.cls not in INTERNAL:
            return 1.0
        news = 1.0 / signal.recent if signal.recent > 1.0 else 1.0
        incidents = self._history.incidents
        if incidents < MIN_INCIDENTS:
            return news
        seen = self._history.seen(self.graph.lasting(signal.entity), signal.type)
        return min(news, 1.0 - (seen + 0.5) / (incidents + 1))

    def _size(self, size: float) -> float:
        """Share of the largest internal magnitude, log scale, squared.

        Never of symptoms, which grow downstream.
        """
        return (math.log1p(size) / math.log1p(self._z_top)) ** 2


def _breadth(could: float, spread: float) -> float:
    return math.log((could + 1) / max(spread, 1.0))


def _spread(size: float, best: dict[str, float]) -> float:
    """Return n: groups that have the type now; those that have it less than by `size` count in part."""
    return sum(min(1.0, z / size) for z in best.values())


def _groups_by_kind(graph: IncidentGraph) -> dict[str, frozenset[str]]:
    known = graph.topology_index
    others: dict[str, set[str]] = {}
    for entity in graph.by_entity:
        if entity not in known.kind:
            others.setdefault(graph.kind_of(entity), set()).add(graph.group_of(entity))
    none: frozenset[str] = frozenset()
    return known.groups_of_kind | {kind: known.groups_of_kind.get(kind, none) | more for kind, more in others.items()}


def _signals_by_type(graph: IncidentGraph) -> dict[str, list[Signal]]:
    found: dict[str, list[Signal]] = {}
    for signal in graph.signals():
        found.setdefault(signal.type, []).append(signal)
    return found
