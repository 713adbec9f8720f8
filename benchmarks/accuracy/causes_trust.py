"""Whether the ranker knows how sure it is: levels before feedback, probabilities after, candidate sets."""

from __future__ import annotations

from collections.abc import Sequence

from aiops_models.causes import CauseRanker
from msgspec import Struct, field
from rich.table import Table

from aiops.score import calibration
from benchmarks.accuracy.causes_data import System
from benchmarks.accuracy.causes_rows import is_right

LEVELS = ("low", "medium", "high")


class Trust(Struct):
    """What was stated, and what came true."""

    levels: dict[str, list[bool]] = field(default_factory=lambda: {level: [] for level in LEVELS})
    stated: list[float] = field(default_factory=list)
    came: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, other: Trust) -> None:
        """Pool another system's."""
        for level in LEVELS:
            self.levels[level] += other.levels[level]
        self.stated += other.stated
        self.came += other.came
        self.covered += other.covered
        self.sizes += other.sizes


def trust_table(found: Sequence[System]) -> Table:
    """Per system and pooled."""
    table = Table("", "low", "medium", "high", "error", "floor", "outcomes", "promises", "coverage", "set size")
    table.title = "top-1 by level (cold); calibration error and promised 90 % sets from the 11th confirmed outcome on"
    pooled = Trust()
    for system in found:
        one = trust(system)
        pooled.add(one)
        table.add_row(system.name, *_cells(one))
    table.add_section()
    table.add_row("pooled", *_cells(pooled))
    return table


def trust(system: System) -> Trust:
    """Levels by a ranker that never learns, probabilities by one that is told every root afterwards."""
    found = Trust()
    cold, told = CauseRanker(system.topology), CauseRanker(system.topology)
    for case in system.cases:
        for cause in cold.rank(case.view)[:1]:
            found.levels[cause.confidence].append(is_right(cause.entity, case, system))
        causes = told.rank(case.view)
        if causes and causes[0].probability is not None:
            found.stated.append(causes[0].probability)
            found.came.append(float(is_right(causes[0].entity, case, system)))
            chosen = told.candidate_set(causes)
            if chosen["promised"] is not None:
                found.covered.append(any(is_right(entity, case, system) for entity in chosen["entities"]))
                found.sizes.append(len(chosen["entities"]))
        told.learn(case.view, case.root.entity)
    return found


def _cells(one: Trust) -> list[str]:
    cells = [f"{sum(hits)}/{len(hits)}" for hits in one.levels.values()]
    measured = calibration(one.stated, one.came)
    if measured is None:
        return [*cells, "", "", "0", "0", "", ""]
    share = 1 / len(one.covered) if one.covered else None
    return [
        *cells,
        f"{measured.error:.3f}",
        f"{measured.floor:.3f}",
        str(measured.cases),
        str(len(one.covered)),
        f"{sum(one.covered) * share:.2f}" if share else "",
        f"{sum(one.sizes) * share:.1f}" if share else "",
    ]
