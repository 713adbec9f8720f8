"""Distances in the dependency graph: bounded, and unknown where nothing is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.correlate.hops import MAX_HOPS, MAX_MAPS, MAX_NEIGHBOURS, UNPLACED, Hops
from aiops.topology import Edge, Node, Topology


def chain(count: int) -> Hops:
    nodes = [Node(f"n{number}") for number in range(count)]
    return Hops(Topology.build(nodes, [Edge(f"n{n}", f"n{n + 1}") for n in range(count - 1)]))


@pytest.mark.parametrize("hops", range(MAX_HOPS + 3))
def test_distance_is_the_number_of_edges_up_to_a_bound(hops: int) -> None:
    found = chain(10)
    wanted = hops if hops <= MAX_HOPS else None
    assert found.distance("n1", f"n{1 + hops}") == wanted
    assert found.distance(f"n{1 + hops}", "n1") == wanted


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        ("", "n1", UNPLACED),
        ("n1", "", UNPLACED),
        ("", "", UNPLACED),
        (None, "n1", None),
        ("n1", None, None),
        ("", None, None),
    ],
)
def test_what_has_no_place_is_far_and_what_is_unknown_has_no_distance(
    a: str | None, b: str | None, distance: int | None
) -> None:
    assert chain(3).distance(a, b) == distance


@pytest.mark.parametrize(
    ("entity", "service", "site"),
    [
        ("n0", None, "n0"),
        ("pod-7", "n1", "n1"),
        ("pod-7", "gone", ""),
        ("lonely", None, ""),
        ("pod-7", None, None),
        ("n0", "n1", "n0"),
    ],
)
def test_site_is_the_entity_else_its_service(entity: str, service: str | None, site: str | None) -> None:
    topology = Topology.build([Node("n0"), Node("n1"), Node("lonely")], [Edge("n0", "n1")])
    assert Hops(topology).site(entity, service) == site


def test_hub_is_near_to_a_bounded_number() -> None:
    nodes = [Node("hub"), *[Node(f"p{number}") for number in range(1_000)]]
    hops = Hops(Topology.build(nodes, [Edge(f"p{number}", "hub") for number in range(1_000)]))
    near = hops.distances("hub")
    assert near is not None
    assert len(near) == MAX_NEIGHBOURS


def test_maps_are_bounded() -> None:
    hops = chain(3)
    for number in range(MAX_MAPS + 10):
        hops.distance(f"unknown-{number}", "n0")
    assert len(hops.maps) <= MAX_MAPS


def test_distances_are_those_of_each_pair() -> None:
    hops = chain(8)
    near = hops.distances("n0")
    assert near == {f"n{number}": number for number in range(MAX_HOPS + 1)}
    assert hops.distances("") == {}
    assert hops.distances(None) is None


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=15))
def test_distance_keeps_to_the_triangle(pairs: list[tuple[int, int]]) -> None:
    hops = Hops(Topology.build([Node(str(n)) for n in range(8)], [Edge(str(a), str(b)) for a, b in pairs if a != b]))
    for a in "01234567":
        assert hops.distance(a, a) == 0
        for b in "01234567":
            one = hops.distance(a, b)
            assert one == hops.distance(b, a)
            for c in "01234567":
                two = hops.distance(b, c)
                if one is not None and two is not None and one + two <= MAX_HOPS:
                    across = hops.distance(a, c)
                    assert across is not None
                    assert across <= one + two
