"""The attack networks as rows of the benchmark of generality; see `grouping` for their measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from benchmarks.accuracy.generality_measure import GAPS_S, Line, cost
from benchmarks.accuracy.generality_rows import ATTACKS
from benchmarks.accuracy.generality_settings import applied
from benchmarks.accuracy.grouping_data import network, network_names
from benchmarks.accuracy.grouping_measure import EMPTY, Engine, Measured, Point, Result, Window, rates, summary, window
from benchmarks.accuracy.grouping_naive import time_gap
from benchmarks.accuracy.grouping_rules import DEFAULT, QUICK_SWEEP

# Together an eighth of all alerts of the six, in some seconds.
SMALL = ("train-0", "train-1", "val-1")


class AttackRow(Struct, frozen=True):
    """Networks of one kind, pooled, with the goals of the area without and with background, and of F1 at the default.

    `slow`: minutes, so only measured where it is asked for.
    """

    name: str
    kind: str
    area: float
    background: float
    f1: float | None = None
    networks: tuple[str, ...] = ()
    slow: bool = True
    family: str = ATTACKS


# The small ones, and those of one attack at a time, are held to what they had before there was this table.
ATTACK_ROWS = (
    AttackRow("three small attack networks", "simul-attacks", 0.88, 0.97, 0.82, SMALL, slow=False),
    AttackRow("simul-attacks", "simul-attacks", 0.90, 0.96, 0.83),
    AttackRow("original", "original", 0.988, 0.997),
    AttackRow("more-noise-11", "more-noise-11", 0.972, 0.988),
)
ATTACK_BY_NAME = {row.name: row for row in ATTACK_ROWS}


class AttackTask(NamedTuple):
    """One network in one order, over the sweep, with settings that differ from the defaults."""

    row: str
    root: Path
    network: str
    seed: int
    given: tuple[tuple[str, str], ...] = ()

    @property
    def file(self) -> Path:
        """The file that is read."""
        return self.root / "ait-ads-a" / f"{ATTACK_BY_NAME[self.row].kind}.{self.network}.jsonl.gz"


class Attacked(NamedTuple):
    """Points of a network: ours by the knob, time gaps by their seconds; the cost of an alert at the default."""

    ours: Measured
    gaps: Measured
    mean_us: float
    p99_us: float


def names_of(row: AttackRow, root: Path) -> list[str]:
    """The networks of a row that are there; of a row with chosen ones none where one is missing."""
    there = network_names(root, row.kind)
    if not row.networks:
        return there
    return list(row.networks) if set(row.networks) <= set(there) else []


def measure_attack(task: AttackTask) -> Attacked:
    """Sweep the knob over one network, and group it by time gaps."""
    part = window(network(task.root, ATTACK_BY_NAME[task.row].kind, task.network), task.seed)
    ours: Measured = {}
    mine = (0.0, 0.0)
    with applied(dict(task.given)) as settings:
        engine = Engine(build=lambda knob: settings.correlator(EMPTY, knob))
        for knob in QUICK_SWEEP:
            clusters, spent = engine(part, knob)
            ours[task.network, knob] = _point(part, clusters)
            if knob == DEFAULT:
                mine = cost(spent)
    gaps = {(task.network, float(gap_s)): _point(part, time_gap(part.items, gap_s)) for gap_s in GAPS_S}
    return Attacked(ours, gaps, *mine)


def _point(part: Window, clusters: Sequence[int]) -> Point:
    return Point(rates(part, clusters, False), rates(part, clusters, True), [])


def attack_line(row: AttackRow, found: Mapping[tuple[str, int], Attacked]) -> Line:
    """A line of the table: means over the orders; precision is the TNR, recall the TPR."""
    names = sorted({name for name, _ in found})
    orders = sorted({seed for _, seed in found})
    results = [_summary([found[name, seed].ours for name in names], names, DEFAULT) for seed in orders]
    first = [found[name, orders[0]].gaps for name in names]
    gaps = [_summary(first, names, float(gap_s)).f1 for gap_s in GAPS_S]
    mean = Result(*(fsum(values) / len(orders) for values in zip(*results, strict=True)))
    f1s = [result.f1 for result in results]
    return {
        "table": "generality",
        "row": row.name,
        "family": row.family,
        "orders": len(orders),
        "distance": distance(row, mean, gaps),
        "figure": (mean.area + mean.area_background + mean.f1) / 3,
        "goal": row.f1,
        "spread": (max(f1s) - min(f1s)) / 2,
        "f1": mean.f1,
        "precision": mean.tnr,
        "recall": mean.tpr,
        **{f"gap {gap_s} s": gap for gap_s, gap in zip(GAPS_S, gaps, strict=True)},
        "area": mean.area,
        "area with background": mean.area_background,
        "mean us": fsum(each.mean_us for each in found.values()) / len(found),
        "p99 us": fsum(each.p99_us for each in found.values()) / len(found),
    }


def distance(row: AttackRow, mean: Result, gaps: Sequence[float]) -> float:
    """The distance of the worst of three figures from its goal; of F1 also from the best of the gaps."""
    at_default = max(*gaps, row.f1 or 0.0)
    return min(mean.area - row.area, mean.area_background - row.background, mean.f1 - at_default)


def _summary(parts: Sequence[Measured], names: Sequence[str], knob: float) -> Result:
    return summary({key: point for part in parts for key, point in part.items()}, names, knob)
