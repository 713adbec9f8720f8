"""Overlapping faults of two systems, and simulated local ones: what the graph is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.correlator import Correlator
from aiops.score import grouping
from benchmarks.accuracy.grouping_data import overlay, shuffled
from benchmarks.accuracy.grouping_measure import EMPTY, place_all
from benchmarks.accuracy.grouping_naive import time_gap
from benchmarks.accuracy.grouping_simulated import local_faults
from benchmarks.pool import run_all

Row = dict[str, Any]
SESSION_GAPS_S = (10, 20, 30, 45, 60)
FAULT_GAPS_S = (300.0, 90.0, 40.0)
# A sign test over fewer than six seeds cannot fall below .05, whatever it finds.
SIMULATED_SEEDS = 20


def overlay_rows(root: Path, names: Sequence[str], seeds: int, jobs: int) -> list[Row]:
    """Pairwise F1 with and without topology, beside the best of five session gaps."""
    found = run_all(_overlay, [(root, name, seeds) for name in names], jobs, lambda task: task[2])
    if found:
        print(f"{'overlay':30} engine (no graph)  session gap, best of five   µs: mean   p99")
    for row in found:
        print(
            f"{row['row']:30} {row['f1']:.3f} ({row['f1_no_graph']:.3f})      {row['gap']:.3f} {' ' * 20} "
            f"{row['mean_us']:6.1f} {row['p99_us']:6.1f}",
            flush=True,
        )
    return found


def _overlay(task: tuple[Path, str, int]) -> Row:
    root, name, seeds = task
    stream = overlay(root, name)
    scores, blind, costs = [], [], []
    for seed in range(seeds):
        items = shuffled(stream.items, seed)
        truth = [item.incident for item in items]
        clusters, spent = place_all(Correlator(CorrelateConfig(), stream.topology), items)
        scores.append(grouping(truth, clusters).pairwise_f1)
        blind.append(grouping(truth, place_all(Correlator(CorrelateConfig(), EMPTY), items)[0]).pairwise_f1)
        costs += spent
    truth = [item.incident for item in stream.items]
    gap = max(grouping(truth, time_gap(stream.items, s)).pairwise_f1 for s in SESSION_GAPS_S)
    costs.sort()
    mean, p99 = sum(costs) / len(costs) / 1000, costs[int(len(costs) * 0.99)] / 1000
    mine, without = math.fsum(scores) / seeds, math.fsum(blind) / seeds
    spread = (max(scores) - min(scores)) / 2
    row = {"table": "overlays", "row": name, "orders": seeds, "f1": mine, "spread": spread, "f1_no_graph": without}
    return {**row, "gap": gap, "mean_us": mean, "p99_us": p99}


def simulated_rows(jobs: int, seeds: int = SIMULATED_SEEDS) -> list[Row]:
    """Local faults with the graph, with service names only, and with neither; the gain of the graph over the names."""
    tasks = [(seed, gap_s) for gap_s in FAULT_GAPS_S for seed in range(seeds)]
    scores = run_all(_simulated, tasks, jobs, lambda task: task[1])
    out: list[Row] = []
    print(f"\n{'simulated, background counted':30} graph  services  neither  gain (worst seed, seeds won, sign test p)")
    for gap_s in FAULT_GAPS_S:
        mine = [score for score, (_, gap) in zip(scores, tasks, strict=True) if gap == gap_s]
        means = [math.fsum(score[index] for score in mine) / seeds for index in range(3)]
        gains = [score[0] - score[1] for score in mine]
        row = {"row": f"local faults, {gap_s:g} s apart", "seeds": seeds}
        row |= dict(zip(("graph", "services", "neither"), means, strict=True))
        row |= {"gain": means[0] - means[1], "worst_gain": min(gains), "won": sum(gain > 0 for gain in gains)}
        row["p"] = sign_test(gains)
        print(
            f"{row['row']:30} {means[0]:.3f}  {means[1]:.3f}     {means[2]:.3f}    {row['gain']:+.3f} "
            f"({row['worst_gain']:+.3f}, {row['won']}/{seeds}, {row['p']:.1g})",
            flush=True,
        )
        out.append({"table": "simulated local faults", **row})
    return out


def _simulated(task: tuple[int, float]) -> list[float]:
    """Pairwise F1 of one seed: with the graph, with names only, with neither."""
    stream = local_faults(*task)
    blank = [item._replace(service=None) for item in stream.items]
    runs = ((stream.topology, stream.items), (EMPTY, stream.items), (EMPTY, blank))
    truth = [item.incident for item in stream.items]
    clusters = [place_all(Correlator(CorrelateConfig(), graph), items)[0] for graph, items in runs]
    return [grouping(truth, found, True).pairwise_f1 for found in clusters]


def sign_test(gains: Sequence[float]) -> float:
    """Two-sided p that gains and losses are as likely (exact; ties left out); 1 where nothing differs.

    >>> sign_test([0.1] * 5), sign_test([0.1] * 6), sign_test([0.1, -0.1, 0.0])
    (0.0625, 0.03125, 1.0)
    """
    won, lost = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    count = won + lost
    tail: float = sum(math.comb(count, taken) for taken in range(min(won, lost) + 1)) / 2**count
    return min(1.0, 2 * tail)
