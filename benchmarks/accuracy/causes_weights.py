"""Leave one system out: the weights that do best on the other systems, measured on the one left out.

What the terms say of each candidate does not depend on the weights, so it is taken once and weighed again for each
choice of a small grid around the shipped weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from aiops_models.causes import CauseRanker
from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.score_terms import WEIGHTS

from aiops.score import Case as Scored
from aiops.score import Ranking, ranking
from benchmarks.accuracy.causes_data import System
from benchmarks.accuracy.causes_rows import is_right

GRID = {
    "internal": (1.6, 2.2, 2.8, 3.4),
    "blame": (0.6, 0.9, 1.3),
    "symptom": (0.2, 0.5),
    "contrast": (0.25, 0.5, 0.8),
}
Parts = list[tuple[dict[str, float], bool]]


def parts_of(system: System, unlabelled: bool) -> list[Parts]:
    """Per case, per candidate: what each term says before it is weighed, and whether the candidate is right."""
    ranker = CauseRanker(system.topology, {"rules": []})
    found: list[Parts] = []
    for case in system.cases:
        graph = IncidentGraph(ranker._topology_index, ranker._lexicon, case.view)
        _, accounts = ranker._accounts(graph)
        found.append(
            [
                (
                    {name: value / WEIGHTS[name] for name, value in each.parts.items()},
                    is_right(each.entity, case, system),
                )
                for each in accounts
            ]
        )
        if unlabelled:
            ranker.learn(case.view, None)
    return found


def weighed(cases: Sequence[Parts], weights: Mapping[str, float]) -> Ranking:
    """The figures of a choice of weights."""
    return ranking(
        Scored(
            [round(sum(value * weights[name] for name, value in parts.items()), 6) for parts, _ in case],
            [right for _, right in case],
        )
        for case in cases
    )


def choices() -> Iterator[dict[str, float]]:
    """Every choice of the grid."""
    for values in product(*GRID.values()):
        yield {**WEIGHTS, **dict(zip(GRID, values, strict=True))}


def left_out(systems: Sequence[System]) -> Iterator[tuple[str, dict[str, float], Ranking, Ranking]]:
    """Per system: weights chosen on the others (mean of top-1 and top-3, cold and learned), figures on it."""
    parts = {s.name: (parts_of(s, False), parts_of(s, True)) for s in systems}
    worth = {
        tuple(weights.items()): {name: _worth(*two, weights) for name, two in parts.items()} for weights in choices()
    }
    for system in systems:
        best = max(worth, key=lambda key: sum(v for name, v in worth[key].items() if name != system.name))
        cold, learned = parts[system.name]
        yield system.name, dict(best), weighed(cold, dict(best)), weighed(learned, dict(best))


def _worth(cold: Sequence[Parts], learned: Sequence[Parts], weights: Mapping[str, float]) -> float:
    one, two = weighed(cold, weights), weighed(learned, weights)
    return one.top1 + one.top3 + two.top1 + two.top3
