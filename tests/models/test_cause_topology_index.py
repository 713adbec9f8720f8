"""The topology as the ranker reads it: groups, kinds, weighted edges."""

from __future__ import annotations

import pytest
from aiops_models.causes.topology_index import CALL, HOSTED, REPLICA, TopologyIndex

from aiops.topology import Edge, Node, Topology
from tests.models.scenes import SHOP


def test_replicas_belong_to_their_service_and_machines_to_themselves() -> None:
    topology_index = TopologyIndex(SHOP)
    assert [topology_index.group[name] for name in ("cart-1", "cart", "db", "host-1")] == [
        "cart",
        "cart",
        "db",
        "host-1",
    ]
    assert set(topology_index.members["cart"]) == {"cart", "cart-1", "cart-2", "cart-3"}
    assert topology_index.groups == {"web", "cart", "db", "host-1", "host-2", "host-3", "host-4"}
    assert topology_index.of_kind["host"] == ["host-1", "host-2", "host-3", "host-4"]


def test_edges_weigh_by_what_is_depended_on() -> None:
    edges = TopologyIndex(SHOP).edges
    assert edges["web"] == {"cart": CALL}
    assert edges["cart-1"] == {"host-1": HOSTED}
    assert edges["cart"] == {"db": CALL, "cart-1": REPLICA, "cart-2": REPLICA, "cart-3": REPLICA}


@pytest.mark.parametrize("edge", [Edge("pod", "svc", "part_of"), Edge("svc", "pod", "runs_on")])
def test_both_ways_to_draw_a_replica_are_the_same(edge: Edge) -> None:
    topology_index = TopologyIndex(Topology.build([Node("svc", "service"), Node("pod", "pod")], [edge]))
    assert topology_index.group["pod"] == "svc"
    assert topology_index.edges == {"svc": {"pod": REPLICA}}


def test_empty_topology_is_an_empty_landscape() -> None:
    topology_index = TopologyIndex(Topology.build([], []))
    assert (topology_index.groups, topology_index.edges, topology_index.kind) == (set(), {}, {})


def test_kinds_are_read_whatever_their_case() -> None:
    assert TopologyIndex(Topology.build([Node("a", "HOST")], [])).of_kind == {"host": ["a"]}
