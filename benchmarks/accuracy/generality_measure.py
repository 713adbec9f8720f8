"""The figures of the correlator for one stream in one order, and their means over orders or seeds: a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import fsum
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import asdict

from aiops.score import grouping, pieces
from benchmarks.accuracy.generality_rows import BY_NAME, Row
from benchmarks.accuracy.generality_settings import applied
from benchmarks.accuracy.grouping_data import Item
from benchmarks.accuracy.grouping_measure import EMPTY, place_all
from benchmarks.accuracy.grouping_naive import time_gap

# The one-line rules of other tools; the best of them in hindsight is the floor of a plain stream.
GAPS_S = (60, 120, 300)
Line = dict[str, Any]


class Task(NamedTuple):
    """One stream in one order, or with one seed, with settings that differ from the defaults."""

    row: str
    root: Path
    seed: int
    given: tuple[tuple[str, str], ...] = ()


class Found(Struct):
    """Figures of a grouping.

    `pieces`: clusters that an incident of at least two alerts came to. `foreign`: the share of labelled alerts in a
    cluster that another incident began.
    """

    f1: float
    precision: float
    recall: float
    pieces: float
    foreign: float


class Measured(Struct):
    """A task's figures: ours, the figure of each session gap and without a graph, processor time of an alert."""

    ours: Found
    gaps: list[float]
    no_graph: float | None
    mean_us: float
    p99_us: float


def measure(task: Task) -> Measured:
    """Place all alerts of a stream with the correlator, and by the gaps."""
    row = BY_NAME[task.row]
    stream = row.make(task.root, task.seed)
    with applied(dict(task.given)) as settings:
        clusters, spent = place_all(settings.correlator(stream.topology), stream.items)
        blind = place_all(settings.correlator(EMPTY), stream.items)[0] if row.graph else None
    return Measured(
        found(row, stream.items, clusters),
        [figure(row, found(row, stream.items, time_gap(stream.items, gap_s))) for gap_s in GAPS_S],
        figure(row, found(row, stream.items, blind)) if blind is not None else None,
        *cost(spent),
    )


def cost(spent: Sequence[int]) -> tuple[float, float]:
    """Mean and 99th percentile of nanoseconds, in microseconds."""
    if not spent:
        return 0.0, 0.0
    return fsum(spent) / len(spent) / 1000, sorted(spent)[int(len(spent) * 0.99)] / 1000


def figure(row: Row, of: Found) -> float:
    """The figure that a row is held to."""
    return 1.0 - of.foreign if row.figure == "apart" else of.f1


def found(row: Row, items: Sequence[Item], clusters: Sequence[int]) -> Found:
    """The figures of clusters."""
    truth = [item.incident for item in items]
    sizes = Counter(truth)
    # One alert is one piece, whatever becomes of it.
    several = pieces([each if sizes[each] > 1 else None for each in truth], clusters)
    scored = grouping(truth, clusters, row.noise)
    return Found(
        scored.pairwise_f1,
        scored.pairwise_precision,
        scored.pairwise_recall,
        1.0 if several.pieces is None else several.pieces,
        pieces(truth, clusters).foreign or 0.0,
    )


def line(row: Row, measured: Sequence[Measured]) -> Line:
    """A line of the table: means, with half the range of the figure that is held to the goal."""
    figures = [figure(row, each.ours) for each in measured]
    gaps = [_mean([each.gaps[place] for each in measured]) for place in range(len(GAPS_S))]
    blind = [each.no_graph for each in measured if each.no_graph is not None]
    floor = _mean(blind) if blind else None
    found = {name: _mean([asdict(each.ours)[name] for each in measured]) for name in Found.__struct_fields__}
    mean = _mean(figures)
    return {
        "table": "generality",
        "row": row.name,
        "family": row.family,
        "orders": len(measured),
        "distance": mean - bar(row, gaps, floor),
        "figure": mean,
        "goal": row.goal,
        "spread": (max(figures) - min(figures)) / 2,
        **_own(row, found),
        "most pieces": row.pieces,
        **{f"gap {gap_s} s": gap for gap_s, gap in zip(GAPS_S, gaps, strict=True)},
        "no graph": floor,
        "mean us": _mean([each.mean_us for each in measured]),
        "p99 us": _mean([each.p99_us for each in measured]),
    }


def _own(row: Row, found: Mapping[str, float]) -> dict[str, float | None]:
    """Figures that mean something for the row: among unrelated alerts nothing is to be joined."""
    return {name: None if row.figure == "apart" and name != "foreign" else value for name, value in found.items()}


def bar(row: Row, gaps: Sequence[float], no_graph: float | None) -> float:
    """The bar for the figure: the best of the session gaps, the goal and the names alone."""
    return max(each for each in (*gaps, row.goal, no_graph) if each is not None)


def shortfall(row: Row, measured: Sequence[Measured]) -> float:
    """The figure less that of the best session gap; negative where the gaps are better."""
    gaps = max(_mean([each.gaps[place] for each in measured]) for place in range(len(GAPS_S)))
    return _mean([figure(row, each.ours) for each in measured]) - gaps


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values)
