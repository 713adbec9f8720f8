"""What ranking an incident costs at 10 to 1,000 entities."""

from __future__ import annotations

import time

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
    table = Table(
        "entities", "facts", "cold ms", f"after {LEARNED} confirmed incidents ms", title="cost of one ranking"
    )
    for size in SIZES:
        topology = shop(size)
        cold, learned = CauseRanker(topology), CauseRanker(topology)
        for number in range(LEARNED):
            learned.learn(storm(topology, number), f"s{number % (size // 5)}-0")
        facts = len(storm(topology, 0).facts)
        table.add_row(
            str(size), str(facts), f"{_median_ms(cold, topology):.2f}", f"{_median_ms(learned, topology):.2f}"
        )
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


def _median_ms(ranker: CauseRanker, topology: Topology) -> float:
    taken = []
    for number in range(max(10, REPEATS * SIZES[0] // len(topology.nodes))):
        view = storm(topology, number)
        start = time.process_time()
        ranker.rank(view)
        taken.append(time.process_time() - start)
    return sorted(taken)[len(taken) // 2] * 1e3
