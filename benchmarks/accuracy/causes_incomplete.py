"""Root causes where the topology is incomplete, the normal case: it lacks some services and their replicas."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from rich.table import Table

from aiops.score import ranking
from aiops.topology import Topology
from benchmarks.accuracy.causes_data import System
from benchmarks.accuracy.causes_rows import LEARNING, groups_of, ranked

# Of eleven services at the smallest system; the row of the record.
LEFT_OUT = 4
# Which ones matters: single draws differ by .15.
DRAWS = 5
NO_RULES: Mapping[str, Any] = {"rules": []}


def incomplete_table(found: Sequence[System]) -> Table:
    """Mean top-1 and top-3 over the draws, by system and by what the ranker has learned."""
    columns = [f"{label} {figure}" for label in LEARNING for figure in ("top-1", "top-3")]
    table = Table("", *columns, title_justify="left")
    table.title = f"{LEFT_OUT} services left out of the topology, mean of {DRAWS} draws, no rule packs"
    for system in found:
        if len(services(system.topology)) > LEFT_OUT:
            table.add_row(system.name, *(f"{figure:.3f}" for figure in figures(system)))
    return table


def figures(system: System) -> list[float]:
    """Top-1 and top-3 for each kind of learning."""
    # An answer is right by the whole topology; this is remembered by the system's name.
    groups_of(system.name, system)
    found = []
    for learn in LEARNING.values():
        drawn = [ranking(ranked(without(system, seed), learn, NO_RULES)) for seed in range(DRAWS)]
        found += [mean(one.top1 for one in drawn), mean(one.top3 for one in drawn)]
    return found


def services(topology: Topology) -> list[str]:
    """The services of a topology, in alphabetical order."""
    return sorted(name for name, node in topology.nodes.items() if node.kind == "service")


def without(system: System, seed: int) -> System:
    """The system with a topology that lacks `LEFT_OUT` services, drawn by `seed`, and what belongs to them."""
    topology = system.topology
    gone = set(random.Random(seed).sample(services(topology), LEFT_OUT))
    gone |= {name for name in topology.nodes if topology.service_of(name) in gone}
    nodes = [node for name, node in topology.nodes.items() if name not in gone]
    edges = [edge for edge in topology.edges if edge.source not in gone and edge.target not in gone]
    return System(system.name, Topology.build(nodes, edges), system.cases)
