"""Small incidents for the parts of the cause ranker, for several test files."""

from __future__ import annotations

from collections.abc import Iterable

from aiops_models.causes.history import History
from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.lexicon import Lexicon
from aiops_models.causes.rarity import Surprise
from aiops_models.causes.topology_index import TopologyIndex

from aiops.ports import AlertFact, IncidentView
from aiops.records import Change
from aiops.topology import Edge, Node, Topology

AT = 1_700_000_000.0
LATENCY, CPU = "HighRequestLatency", "HighCpuLoad"

# web -> cart -> db; cart has three replicas on two hosts.
SHOP = Topology.build(
    [
        Node("web", "service"),
        Node("cart", "service"),
        Node("db", "database"),
        *[Node(f"cart-{n}", "pod") for n in (1, 2, 3)],
        *[Node(f"host-{n}", "host") for n in (1, 2, 3, 4)],
    ],
    [
        Edge("web", "cart", "calls"),
        Edge("cart", "db", "calls"),
        *[Edge(f"cart-{n}", "cart", "part_of") for n in (1, 2, 3)],
        *[Edge(f"cart-{n}", f"host-{n}", "runs_on") for n in (1, 2, 3)],
    ],
)


def fact(entity: str, name: str = LATENCY, at: float = 0.0, z: float | None = None) -> AlertFact:
    """One stream, `at` seconds after the first."""
    return AlertFact(entity, name, 3, 1, AT + at, AT + at, magnitude=z)


def graph(*facts: AlertFact, changes: Iterable[Change] = (), topology: Topology = SHOP) -> IncidentGraph:
    """The scene of an incident of these facts."""
    return IncidentGraph(TopologyIndex(topology), Lexicon(), IncidentView("i", AT, list(facts), list(changes)))


def surprise(*facts: AlertFact, past: Iterable[list[tuple[str, str]]] = (), topology: Topology = SHOP) -> Surprise:
    """The surprise of an incident, after so many others."""
    history = History()
    for number, pairs in enumerate(past):
        history.add(f"past-{number}", pairs)
    return Surprise(graph(*facts, topology=topology), history)
