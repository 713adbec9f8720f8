"""The graph between services: replicas count as their service, hosts stay beside them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiops.topology import Edge, Node, Topology
from aiops.views.service_graph import ServiceGraph

SHOP = Topology.build(
    [
        Node("web"),
        Node("cart"),
        Node("db", "database"),
        Node("cart-0", "pod"),
        Node("cart-1", "pod"),
        Node("n1", "host"),
    ],
    [
        Edge("web", "cart", "calls"),
        Edge("cart", "cart-0", "runs_on"),
        Edge("cart", "cart-1", "runs_on"),
        Edge("cart-0", "n1", "runs_on"),
        Edge("cart-0", "db", "uses"),
    ],
)


def test_a_replica_counts_as_its_service() -> None:
    graph = ServiceGraph(SHOP)
    assert graph.place(None, "cart-0") == "cart"
    assert graph.place("other", "cart-0") == "cart"
    assert graph.replica_count("cart") == (2, "pod")
    assert graph.replica_count("web") == (0, "")


def test_dependencies_of_replicas_are_those_of_the_service() -> None:
    graph = ServiceGraph(SHOP)
    assert graph.depends_on == {"web": {"cart": "calls"}, "cart": {"db": "uses"}}
    assert graph.dependents == {"cart": {"web": "calls"}, "db": {"cart": "uses"}}


def test_a_host_is_no_dependency() -> None:
    assert "n1" not in ServiceGraph(SHOP).dependents
    assert ServiceGraph(SHOP).kind_of("n1") == "host"
    assert ServiceGraph(SHOP).runs_on == {"cart": {"n1": "runs_on"}}


def test_an_unknown_place_is_what_the_alert_names() -> None:
    graph = ServiceGraph(SHOP)
    assert graph.place("till", "till-7") == "till"
    assert graph.place(None, "till-7") == "till-7"
    assert graph.place("cart", "till-7") == "cart"
    assert "till" not in graph
    assert graph.kind_of("till") == ""


def test_replicas_of_several_kinds_are_entities() -> None:
    nodes = [Node("cart"), Node("a", "pod", {"service": "cart"}), Node("b", "job", {"service": "cart"})]
    assert ServiceGraph(Topology.build(nodes, [])).replica_count("cart") == (2, "entity")


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(["calls", "uses", "runs_on", "part_of"])))
)
def test_edges_are_the_same_from_both_sides(pairs: list[tuple[int, int, str]]) -> None:
    edges = [Edge(f"s{one}", f"s{other}", kind) for one, other, kind in pairs]
    graph = ServiceGraph(Topology.build([], edges))
    forward = {(one, other) for one, found in graph.depends_on.items() for other in found}
    backward = {(one, other) for other, found in graph.dependents.items() for one in found}
    assert forward == backward
    assert all(one != other for one, other in forward)
