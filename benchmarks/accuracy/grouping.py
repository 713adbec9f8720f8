"""How well alerts are grouped, on labelled streams, beside naive rows and the nine-term reference.

    python -m benchmarks.accuracy.grouping [--quick] [--seeds N] [--json FILE]

Protocol: pairwise TPR and TNR of each incident, averaged instance → stage → type → macro over the pooled networks; the
area under the sweep of the one knob, without and with background among the pairs; macro F1 is the mean over incidents
(same hierarchy) of the harmonic mean of TPR and TNR. Overlays: pairwise F1. The order within equal time stamps is drawn
anew for each seed. `online`: the engine starts empty on each network. `warm`: with statistics packed from the other
networks only (leave one out). `--quick`: one seed, seven points, three small
networks, without the rows of packing, of the reference and of the other kinds. What leaves a closing cluster is not
applied: it hardly ever happens, and not at the default.

The engine's statistics do not depend on its clusters, so what lies more than an hour before the first attack is learned
without being clustered. Data: `ait-ads-a` and `microservice-faults` under AIOPS_DATA, else beside the repository.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from aiops.engine.correlate import CorrelateConfig, Correlator
from aiops.score import IncidentRates, grouping, macro, roc_area
from aiops.topology import Topology
from benchmarks.accuracy.grouping_data import Item, Stream, networks, overlays, shuffled
from benchmarks.accuracy.grouping_naive import Offline, by_entity, time_gap, union_find
from benchmarks.accuracy.grouping_reference import NineTerms, chronic_keys
from benchmarks.accuracy.grouping_simulated import local_faults
from benchmarks.data import data_folder

# Points of the sweep, from "joins nothing" to "joins all".
SWEEP = (0.02, 0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.82, 0.92, 0.975, 0.99)
QUICK_SWEEP = (0.02, 0.3, 0.4, 0.5, 0.7, 0.92, 0.99)
# Together an eighth of all alerts of the six.
QUICK_NETWORKS = ("train-0", "train-1", "val-1")
DEFAULT = 0.5
LEAD_S = 3600.0
TAIL_S = 600.0


class Window(NamedTuple):
    """The part of a network that is clustered, what lies before it, and how many alerts the whole has."""

    name: str
    before: list[Item]
    items: list[Item]
    total: int


class Result(NamedTuple):
    """One row of the table, means over seeds."""

    area: float
    area_background: float
    f1: float
    tpr: float
    tnr: float
    mean_us: float
    p99_us: float


EMPTY = Topology.build([], [])
Row = dict[str, Any]
LABELS = ("", "train", "val")
# Thresholds of the reference, and pauses of the time gap in seconds.
THRESHOLDS = (14.0, 9.0, 7.5, 6.5, 6.0, 5.0, 4.0, 2.0, 0.0, -4.0, -9.0)
GAPS = (0.0, 0.1, 0.3, 1.0, 2.0, 5.0, 15.0, 60.0, 600.0)
# (network, knob) → rates without and with background, nanoseconds of each alert.
Measured = dict[tuple[str, float], tuple[list[IncidentRates], list[IncidentRates], list[int]]]
Grouper = Callable[[Window, float], tuple[list[int], list[int]]]


def window(stream: Stream, seed: int) -> Window:
    """Cut the attacks out of a network, with an hour of lead and ten minutes of tail."""
    marked = [index for index, item in enumerate(stream.items) if item.incident is not None]
    first, last = stream.items[marked[0]].ts - LEAD_S, stream.items[marked[-1]].ts + TAIL_S
    start = next(index for index, item in enumerate(stream.items) if item.ts >= first)
    inside = [item for item in stream.items[start:] if item.ts <= last]
    return Window(stream.name, stream.items[:start], shuffled(inside, seed), len(stream.items))


class Engine:
    """The correlator as a grouper; keeps what it learned before each window."""

    def __init__(self, packed: dict[str, Any] | None = None, learns: bool = True) -> None:
        self.packed = packed or {}
        self.learns = learns
        # Encoded, as a loaded state is changed by what it is used for.
        self.states: dict[str, bytes] = {}

    def __call__(self, part: Window, sensitivity: float) -> tuple[list[int], list[int]]:
        """Clusters, and nanoseconds, of each alert."""
        correlator = Correlator(CorrelateConfig(sensitivity=sensitivity), EMPTY)
        correlator.load(msgspec.msgpack.decode(self._state(part)))
        return place_all(correlator, part.items)

    def _state(self, part: Window) -> bytes:
        if part.name not in self.states:
            correlator = Correlator(CorrelateConfig(), EMPTY)
            if part.name in self.packed:
                correlator.load_statistics(self.packed[part.name])
            for item in part.before if self.learns else ():
                correlator.learn(item.ts, item.type, item.entity)
            self.states[part.name] = msgspec.msgpack.encode(correlator.dump())
        return self.states[part.name]


def place_all(correlator: Correlator, items: Sequence[Item]) -> tuple[list[int], list[int]]:
    """The final cluster of each alert, and the nanoseconds that it took."""
    clusters: list[int] = []
    spent: list[int] = []
    parent: dict[int, int] = {}
    # CPU time: the machine may be shared, and nothing here waits.
    clock = time.thread_time_ns
    for seq, (ts, type_, entity, service, _) in enumerate(items):
        started = clock()
        correlator.advance(ts)
        placement = correlator.place(seq, ts, type_, entity, service)
        spent.append(clock() - started)
        for source, _ in placement.merged:
            parent[source] = placement.cluster
        clusters.append(placement.cluster)
    return [_final(parent, cluster) for cluster in clusters], spent


def _final(parent: dict[int, int], cluster: int) -> int:
    while cluster in parent:
        cluster = parent[cluster]
    return cluster


def pack(streams: Sequence[Stream]) -> dict[str, Any]:
    """For each network the statistics of all others, one after the other."""
    packed = {}
    for left_out in streams:
        correlator = Correlator(CorrelateConfig(), EMPTY)
        offset = 0.0
        for stream in streams:
            if stream.name == left_out.name:
                continue
            start = stream.items[0].ts
            for item in stream.items:
                correlator.learn(offset + item.ts - start, item.type, item.entity)
            offset += stream.items[-1].ts - start + LEAD_S
        packed[left_out.name] = correlator.dump_statistics()
    return packed


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


def measure(grouper: Grouper, parts: Sequence[Window], knobs: Sequence[float]) -> Measured:
    """Run the knob over the networks of one seed, each once."""
    found: Measured = {}
    for knob in knobs:
        for part in parts:
            clusters, spent = grouper(part, knob)
            found[(part.name, knob)] = (rates(part, clusters, False), rates(part, clusters, True), spent)
    return found


def summary(measured: Measured, label: str, default: float) -> Result:
    """Pool the networks whose name has `label` in it."""
    points, points_background = [], []
    at_default = (0.0, 0.0, 0.0)
    spent: list[int] = []
    for knob in sorted({knob for _, knob in measured}):
        chosen = [value for (name, at), value in measured.items() if at == knob and label in name]
        without = [rate for value in chosen for rate in value[0]]
        low, high = macro(without), macro([rate for value in chosen for rate in value[1]])
        points.append((low.tnr or 0.0, low.tpr or 0.0))
        points_background.append((high.tnr or 0.0, high.tpr or 0.0))
        if knob == default:
            at_default = (f1(without), low.tpr or 0.0, low.tnr or 0.0)
            spent = sorted(nanoseconds for value in chosen for nanoseconds in value[2])
    mean_us = sum(spent) / len(spent) / 1000 if spent else 0.0
    p99_us = spent[int(len(spent) * 0.99)] / 1000 if spent else 0.0
    return Result(roc_area(points), roc_area(points_background), *at_default, mean_us, p99_us)


def rows(name: str, measured: Sequence[Measured], default: float, labels: Sequence[str] = LABELS) -> list[Row]:
    """One row for all networks, and one for each part of the split."""
    return [row(f"{name}: {label or 'all'}", [summary(seed, label, default) for seed in measured]) for label in labels]


def row(name: str, results: Sequence[Result]) -> Row:
    """Print the mean over seeds, and hand it on for the JSON file."""
    means = Result(*(sum(values) / len(values) for values in zip(*results, strict=True)))
    cost = f"{means.mean_us:6.1f} {means.p99_us:6.1f}" if means.mean_us else " " * 13
    shares = f"{means.f1:.3f} ({means.tpr:.2f}/{means.tnr:.2f})"
    print(f"{name:44} {means.area:.3f} {means.area_background:.3f}   {shares} {cost}", flush=True)
    return {"row": name, **means._asdict()}


def timed(function: Callable[[Sequence[Item], float], list[int]]) -> Grouper:
    """A naive rule as a grouper."""
    return lambda part, knob: (function(part.items, knob), [])


def network_rows(streams: Sequence[Stream], seeds: int, knobs: Sequence[float]) -> list[Row]:
    """The rows of `simul-attacks`."""
    drawn = [[window(stream, seed) for stream in streams] for seed in range(seeds)]
    out: list[Row] = []
    out += rows("engine, online", [measure(Engine(), parts, knobs) for parts in drawn], DEFAULT)
    # One order is enough where rows are only set beside the first: the whole stays within some ten minutes.
    out += rows("engine, warm, leave one out", [measure(Engine(pack(streams)), drawn[0], knobs)], DEFAULT)
    out += rows("engine, empty at the first attack", [measure(Engine(learns=False), drawn[0], QUICK_SWEEP)], DEFAULT)
    out += rows("nine terms, offline, leave one out", [measure(reference(streams), drawn[0], THRESHOLDS)], 6.0)
    return out + naive_rows(streams, drawn[0])


def quick_rows(streams: Sequence[Stream]) -> list[Row]:
    """The engine from empty beside the naive rows, one order within time stamps."""
    parts = [window(stream, 0) for stream in streams]
    return rows("engine, online", [measure(Engine(), parts, QUICK_SWEEP)], DEFAULT) + naive_rows(streams, parts)


def reference(streams: Sequence[Stream]) -> Grouper:
    """The nine-term findings with offline statistics of the other networks."""
    offline: dict[str, tuple[Offline, set[tuple[str, str]]]] = {}
    for stream in streams:
        others = [other.items for other in streams if other is not stream]
        offline[stream.name] = (Offline(others), chronic_keys(others))

    def nine(part: Window, threshold: float) -> tuple[list[int], list[int]]:
        known, chronic = offline[part.name]
        return NineTerms(known, chronic, threshold).run(part.items), []

    return nine


def naive_rows(streams: Sequence[Stream], parts: Sequence[Window]) -> list[Row]:
    """Time gap, entity and NPMI union-find; their knob is chosen in hindsight, on the very networks."""
    offline = {s.name: Offline([o.items for o in streams if o is not s]) for s in streams}
    rules: list[tuple[str, Grouper, Sequence[float]]] = [
        ("time gap", timed(time_gap), GAPS),
        ("by entity, closed by a gap", timed(by_entity), GAPS),
        ("NPMI union-find, offline", lambda p, k: (union_find(p.items, offline[p.name], k), []), (0.5, 0.7, 0.8, 0.99)),
    ]
    out: list[Row] = []
    for name, rule, knobs in rules:
        measured = measure(rule, parts, knobs)
        for label in LABELS:
            best = max(knobs, key=lambda knob: summary(measured, label, knob).f1)
            out += rows(f"{name} (best: {best:g})", [measured], best, (label,))
    return out


def other_rows(root: Path, kind: str, seeds: int, knobs: Sequence[float]) -> list[Row]:
    """The rows of `original` and `more-noise-11`: one attack at a time, and twelve times the noise."""
    streams = networks(root, kind)
    drawn = [[window(stream, seed) for stream in streams] for seed in range(seeds)]
    out = rows(f"{kind}: engine, online", [measure(Engine(), parts, knobs) for parts in drawn], DEFAULT, ("",))
    return out + rows(f"{kind}: time gap (2 s)", [measure(timed(time_gap), drawn[0], GAPS)], 2.0, ("",))


def overlay_rows(streams: Sequence[Stream], seeds: int) -> list[Row]:
    """Pairwise F1 on overlapping faults, with and without topology, beside the best of five session gaps."""
    out: list[Row] = []
    print(f"{'overlay':44} engine (no graph)  session gap, best of five   µs: mean   p99")
    for stream in streams:
        scores, blind, costs = [], [], []
        for seed in range(seeds):
            items = shuffled(stream.items, seed)
            truth = [item.incident for item in items]
            clusters, spent = place_all(Correlator(CorrelateConfig(), stream.topology), items)
            scores.append(grouping(truth, clusters).pairwise_f1)
            blind.append(grouping(truth, place_all(Correlator(CorrelateConfig(), EMPTY), items)[0]).pairwise_f1)
            costs += spent
        truth = [item.incident for item in stream.items]
        gap = max(grouping(truth, time_gap(stream.items, s)).pairwise_f1 for s in (10, 20, 30, 45, 60))
        costs.sort()
        mean, p99 = sum(costs) / len(costs) / 1000, costs[int(len(costs) * 0.99)] / 1000
        mine, without = math.fsum(scores) / seeds, math.fsum(blind) / seeds
        print(
            f"{stream.name:44} {mine:.3f} ({without:.3f})      {gap:.3f} {' ' * 22} {mean:6.1f} {p99:6.1f}", flush=True
        )
        out.append({"row": stream.name, "f1": mine, "f1_no_graph": without, "gap": gap, "mean_us": mean, "p99_us": p99})
    return out


def simulated_rows(seeds: int = 5) -> list[Row]:
    """Local faults with the graph, with service names only, and with neither; mean pairwise F1 and its spread."""
    out: list[Row] = []
    print(f"\n{'simulated, background counted':44} graph  services  neither  (gain of the graph, worst seed)")
    for gap_s in (300.0, 90.0, 40.0):
        scores = []
        for seed in range(seeds):
            stream = local_faults(seed, gap_s)
            blank = [item._replace(service=None) for item in stream.items]
            runs = ((stream.topology, stream.items), (EMPTY, stream.items), (EMPTY, blank))
            truth = [item.incident for item in stream.items]
            clusters = [place_all(Correlator(CorrelateConfig(), graph), items)[0] for graph, items in runs]
            scores.append([grouping(truth, found, True).pairwise_f1 for found in clusters])
        means = [math.fsum(score[index] for score in scores) / seeds for index in range(3)]
        worst = min(score[0] - score[1] for score in scores)
        name = f"local faults, {gap_s:g} s apart"
        print(f"{name:44} {means[0]:.3f}  {means[1]:.3f}     {means[2]:.3f}    {worst:+.3f}", flush=True)
        out.append({"row": name, "graph": means[0], "services": means[1], "neither": means[2], "worst_gain": worst})
    return out


def main() -> int:
    """Print the tables; exit code 0 also where the data is absent."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    root = data_folder()
    if root is None or not (root / "ait-ads-a").is_dir():
        print("skipped: the measuring data is not here (set AIOPS_DATA to its folder)")
        return 0
    seeds = 1 if options.quick else options.seeds
    knobs = QUICK_SWEEP if options.quick else SWEEP
    found = overlay_rows(overlays(root), seeds) + simulated_rows()
    print(f"\n{'simul-attacks':44} area  +backgr.  F1 (TPR/TNR) at the default    µs: mean  p99")
    if options.quick:
        found += quick_rows([stream for name in QUICK_NETWORKS for stream in networks(root, f"simul-attacks.{name}")])
    else:
        found += network_rows(networks(root, "simul-attacks"), seeds, knobs)
    for kind in () if options.quick else ("original", "more-noise-11"):
        found += other_rows(root, kind, 1, knobs)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
