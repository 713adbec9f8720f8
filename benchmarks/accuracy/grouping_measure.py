"""What a grouping of a labelled network is worth: the window that is clustered, rates, F1 and areas, pooled."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.result import Closed
from aiops.engine.snapshot import Reader, parts
from aiops.score import IncidentRates, grouping, macro, roc_area
from aiops.topology import Topology
from benchmarks.accuracy.grouping_data import Item, Stream, shuffled

LEAD_S = 3600.0
TAIL_S = 600.0
# After so long a silence every cluster has ended.
END_S = 2 * 86_400.0
EMPTY = Topology.build([], [])


class Window(NamedTuple):
    """The part of a network that is clustered, what lies before it, and how many alerts the whole has."""

    name: str
    before: list[Item]
    items: list[Item]
    total: int


class Point(NamedTuple):
    """One run over one network: rates without and with background, nanoseconds of each alert where they are kept."""

    without: list[IncidentRates]
    background: list[IncidentRates]
    spent: list[int]


# A seed: (network, knob) → what was found there.
Measured = dict[tuple[str, float], Point]


class Result(NamedTuple):
    """One row of the table."""

    area: float
    area_background: float
    f1: float
    tpr: float
    tnr: float
    mean_us: float
    p99_us: float


def window(stream: Stream, seed: int) -> Window:
    """Cut the attacks out of a network, with an hour of lead and ten minutes of tail."""
    marked = [index for index, item in enumerate(stream.items) if item.incident is not None]
    first, last = stream.items[marked[0]].ts - LEAD_S, stream.items[marked[-1]].ts + TAIL_S
    start = next(index for index, item in enumerate(stream.items) if item.ts >= first)
    inside = [item for item in stream.items[start:] if item.ts <= last]
    return Window(stream.name, stream.items[:start], shuffled(inside, seed), len(stream.items))


class Engine:
    """The correlator as a grouper; keeps what it learned before each window."""

    def __init__(
        self,
        packed: dict[str, Any] | None = None,
        learns: bool = True,
        build: Callable[[float], Correlator] = lambda knob: Correlator(CorrelateConfig(sensitivity=knob), EMPTY),
    ) -> None:
        self.packed = packed
        self.build = build
        self.learns = learns
        # In the pieces of a snapshot, as a loaded state is changed by what it is used for.
        self.states: dict[str, list[bytes]] = {}

    def __call__(self, part: Window, sensitivity: float) -> tuple[list[int], list[int]]:
        """Clusters, and nanoseconds, of each alert."""
        correlator = self.build(sensitivity)
        stages = {"correlate": correlator}
        reader = Reader(iter(self._state(part)), len(stages))
        reader.first()
        reader.stage(stages)
        return place_all(correlator, part.items)

    def _state(self, part: Window) -> list[bytes]:
        if part.name not in self.states:
            correlator = self.build(CorrelateConfig().sensitivity)
            if self.packed is not None:
                correlator.load_statistics(self.packed)
            for item in part.before if self.learns else ():
                correlator.learn(item.ts, item.type, item.entity)
            self.states[part.name] = list(parts({}, {"correlate": correlator}))
        return self.states[part.name]


def place_all(correlator: Correlator, items: Sequence[Item]) -> tuple[list[int], list[int]]:
    """The final cluster of each alert, after merges and splits, and the nanoseconds that it took."""
    places: list[tuple[int, int]] = []
    spent: list[int] = []
    moves = Moves()
    # CPU time: the machine may be shared, and nothing here waits.
    clock = time.thread_time_ns
    for seq, (ts, type_, entity, service, _) in enumerate(items):
        started = clock()
        closed = correlator.advance(ts)
        placement = correlator.place(seq, ts, type_, entity, service)
        spent.append(clock() - started)
        if closed:
            moves.split(closed)
        for source, _ in placement.merged:
            moves.parent[source] = placement.cluster
        places.append((placement.cluster, placement.member))
    if items:
        moves.split(correlator.advance(items[-1].ts + END_S))
    return [moves.final(*place) for place in places], spent


class Moves:
    """What merges and splits made of clusters and their members, as the ledger of a replay keeps it."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}
        self.moved: dict[int, int] = {}

    def split(self, closed: Sequence[Closed]) -> None:
        """Members leave clusters that ended or came to rest; clusters that were a return of another are that one."""
        for one in closed:
            self.parent |= {source: one.cluster for source, _ in one.merged}
            for split in one.splits:
                self.moved |= dict.fromkeys(split.members, split.target)

    def final(self, cluster: int, member: int) -> int:
        """The cluster that a member ended in."""
        cluster = self.moved.get(member, cluster)
        while cluster in self.parent:
            cluster = self.parent[cluster]
        return cluster


def pack(others: Sequence[Stream]) -> dict[str, Any]:
    """The statistics of streams, one after the other."""
    correlator = Correlator(CorrelateConfig(), EMPTY)
    offset = 0.0
    for stream in others:
        start = stream.items[0].ts
        for item in stream.items:
            correlator.learn(offset + item.ts - start, item.type, item.entity)
        offset += stream.items[-1].ts - start + LEAD_S
    found: dict[str, Any] = correlator.dump_statistics()
    return found


def rates(part: Window, clusters: Sequence[int], background: bool) -> list[IncidentRates]:
    """Rates of the incidents of one window; what lies outside it is background in clusters of its own."""
    found = grouping([item.incident for item in part.items], clusters, background).per_incident
    if not background:
        return found
    size = len(part.items)
    return [
        rate
        if rate.tnr is None
        else IncidentRates(
            rate.incident,
            rate.alerts,
            rate.tpr,
            1.0 - (1.0 - rate.tnr) * (size - rate.alerts) / (part.total - rate.alerts),
        )
        for rate in found
    ]


def f1(found: Sequence[IncidentRates]) -> float:
    """Macro F1: the harmonic mean of TPR and TNR of each incident, averaged over the hierarchy."""
    scores = []
    for rate in found:
        tnr = 1.0 if rate.tnr is None else rate.tnr
        both = rate.tpr + tnr
        scores.append(IncidentRates(rate.incident, rate.alerts, 2 * rate.tpr * tnr / both if both else 0.0, None))
    return macro(scores).tpr or 0.0


def summary(measured: Measured, networks: Sequence[str], default: float) -> Result:
    """Pool networks: areas over all knobs, and what stands at the default."""
    points, points_background = [], []
    at_default = (0.0, 0.0, 0.0)
    spent: list[int] = []
    for knob in sorted({knob for _, knob in measured}):
        chosen = [measured[name, knob] for name in networks]
        without = [rate for point in chosen for rate in point.without]
        low, high = macro(without), macro([rate for point in chosen for rate in point.background])
        points.append((low.tnr or 0.0, low.tpr or 0.0))
        points_background.append((high.tnr or 0.0, high.tpr or 0.0))
        if knob == default:
            at_default = (f1(without), low.tpr or 0.0, low.tnr or 0.0)
            spent = sorted(nanoseconds for point in chosen for nanoseconds in point.spent)
    mean_us = sum(spent) / len(spent) / 1000 if spent else 0.0
    p99_us = spent[int(len(spent) * 0.99)] / 1000 if spent else 0.0
    return Result(roc_area(points), roc_area(points_background), *at_default, mean_us, p99_us)
