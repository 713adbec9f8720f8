"""Mean over systems: every system counts the same, and the three states of PetShop's one shop are one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from aiops.score import Case, ranking
from benchmarks.accuracy.causes_data import System
from benchmarks.accuracy.causes_rows import ranked

NO_RULES: Mapping[str, Any] = {"rules": []}
LEARNED = (("cold", ""), ("+ unlabelled history", "unlabelled"), ("+ confirmed roots", "roots"))


def mean_table(found: Sequence[System]) -> Table:
    """Return top-1 and top-3 of each system without rule packs, and their means."""
    systems = by_place(found)
    heads = [f"{label} {top}" for label, _ in LEARNED for top in ("top-1", "top-3")]
    table = Table(
        "", "cases", *heads, title="mean of systems, the right group given, no rule packs", title_justify="left"
    )
    rows = {name: _figures(parts) for name, parts in systems.items()}
    for name, figures in rows.items():
        cases = sum(len(part.cases) for part in systems[name])
        table.add_row(name, str(cases), *(f"{figure:.3f}" for figure in figures))
    table.add_section()
    means = [sum(column) / len(rows) for column in zip(*rows.values(), strict=True)]
    table.add_row("mean", "", *(f"{mean:.3f}" for mean in means))
    return table


def by_place(found: Sequence[System]) -> dict[str, list[System]]:
    """Return the systems by the site that they are of."""
    systems: dict[str, list[System]] = {}
    for system in found:
        systems.setdefault("petshop" if system.name.startswith("petshop") else system.name, []).append(system)
    return systems


def _figures(parts: Sequence[System]) -> list[float]:
    figures: list[float] = []
    for _, learn in LEARNED:
        cases: list[Case] = [case for part in parts for case in ranked(part, learn, NO_RULES)]
        found = ranking(cases)
        figures += [found.top1, found.top3]
    return figures
