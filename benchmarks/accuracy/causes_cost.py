"""What ranking an incident costs at 10 to 1,000 entities: in ms, and in units of a yardstick measured in the same run.

The yardstick is a loop of plain Python (`yardstick`) that runs before each ranking, so that a busy machine slows both.
"""

from __future__ import annotations

import time
from statistics import median

from aiops_models.causes import CauseRanker
from rich.table import Table

from aiops.ports import AlertFact, IncidentView
from aiops.topology import Edge, Node, Topology

SIZES = (10, 50, 200, 1_000)
NAMES = ("cpu_usage:up", "memory_rss:up", "latency_p99:up", "error_rate:up", "PodNotReady", "network_receive_bytes:up")
LEARNED = 200
# Rankings of the smallest sizes; of larger ones as many as take the same time.
REPEATS = 200


def cost_table() -> Table:
    """Milliseconds of processor time, the median of up to `REPEATS`; every entity alerts with two of six types."""
    after = f"after {LEARNED} confirmed incidents"
    heads = [f"{when} {unit}" for when in ("cold", after) for unit in ("ms", "yardsticks")]
    table = Table("entities", "facts", *heads, title="cost of one ranking; a yardstick is one loop of plain Python")
    for size in SIZES:
        topology = shop(size)
        cold, learned = CauseRanker(topology), CauseRanker(topology)
        for number in range(LEARNED):
            learned.learn(storm(topology, number), f"s{number % (size // 5)}-0")
        facts = len(storm(topology, 0).facts)
        figures = (*_medians(cold, topology), *_medians(learned, topology))
        table.add_row(str(size), str(facts), *(f"{figure:.2f}" for figure in figures))
    return table


def shop(size: int) -> Topology:
    """Services in a chain, each with three replicas, on shared machines; `size` entities."""
    services = size // 5
    nodes = [Node(f"s{n}") for n in range(services)]
    nodes += [Node(f"s{n}-{r}", "pod", {"service": f"s{n}"}) for n in range(services) for r in range(3)]
    nodes += [Node(f"m{n}", "host") for n in range(services)]
    edges = [Edge(f"s{n}", f"s{n + step}", "calls") for n in range(services) for step in (1, 3) if n + step < services]
    edges += [Edge(f"s{n}", f"s{n}-{r}", "runs_on") for n in range(services) for r in range(3)]
    edges += [Edge(f"s{n}-{r}", f"m{(n + r) % services}", "runs_on") for n in range(services) for r in range(3)]
    return Topology.build(nodes, edges)


def storm(topology: Topology, number: int) -> IncidentView:
    """An incident in which every entity shows two of the six types."""
    facts = [
        AlertFact(entity, NAMES[(place * 7 + number + turn * 3) % len(NAMES)], 2, 3, float(place), float(place + 60))
        for place, entity in enumerate(topology.nodes)
        for turn in range(2)
    ]
    return IncidentView(f"storm-{number}", 0.0, facts)


def yardstick() -> float:
    """Add 60,000 numbers up in a dictionary of 1,000, about 5 ms here; return their sum."""
    sums: dict[int, float] = {}
    for number in range(60_000):
        sums[number % 1_000] = sums.get(number % 1_000, 0.0) + number * 0.5
    return sum(sums.values())


def _medians(ranker: CauseRanker, topology: Topology) -> tuple[float, float]:
    """Return the median milliseconds of a ranking, and the median ratio to the yardstick before it."""
    taken, ratios = [], []
    for number in range(max(10, REPEATS * SIZES[0] // len(topology.nodes))):
        view = storm(topology, number)
        start = time.process_time()
        yardstick()
        between = time.process_time()
        ranker.rank(view)
        end = time.process_time()
        taken.append((end - between) * 1e3)
        ratios.append((end - between) / (between - start))
    return median(taken), median(ratios)
