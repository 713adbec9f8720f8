"""The way from what is hurt to the cause, along configured dependencies alone."""

from __future__ import annotations

from aiops.topology import Edge, Node, Topology
from aiops.views.cause_path import MAX_PATHS, paths
from aiops.views.service_graph import ServiceGraph
from tests.views.sample import GRAPH, incident, member


def test_way_names_each_service_on_it() -> None:
    assert paths(incident(), "payments-api", GRAPH) == [
        "payments-gateway calls payments-sync, which calls payments-api",
        "payments-sync calls payments-api",
    ]


def test_without_a_graph_no_way_is_claimed() -> None:
    assert paths(incident(), "payments-api", ServiceGraph(Topology())) == []


def test_dependency_the_other_way_round_is_no_way() -> None:
    assert paths(incident(), "payments-gateway", GRAPH) == []


def test_replicas_count_as_their_service() -> None:
    nodes = [Node("web"), Node("cart"), Node("cart-0", "pod")]
    graph = ServiceGraph(Topology.build(nodes, [Edge("web", "cart"), Edge("cart-0", "cart", "part_of")]))
    found = incident(
        members=[member("Down", "web"), member("Crash", "cart-0", service=None)],
        entities=["web", "cart-0"],
        workloads=[],
    )
    assert paths(found, "cart-0", graph) == ["web depends on cart"]


def test_cycles_end_and_ways_are_few() -> None:
    names = [f"s{n}" for n in range(30)]
    edges = [*(Edge(name, "db", "uses") for name in names), Edge("db", "s0")]
    graph = ServiceGraph(Topology.build([Node(name) for name in [*names, "db"]], edges))
    found = incident(members=[member("Down", name) for name in names], entities=names, entity_count=30, workloads=[])
    assert len(paths(found, "db", graph)) == MAX_PATHS
