"""Blame walks from those who complain along what they depend on."""

from __future__ import annotations

import math

import pytest
from aiops_models.causes.random_walk import random_walk
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.ports import AlertFact
from aiops.topology import Edge, Node, Topology
from tests.models.scenes import CPU, fact, surprise


def walked(*facts: AlertFact, topology: Topology | None = None) -> dict[str, float]:
    found = surprise(*facts, topology=topology) if topology is not None else surprise(*facts)
    return random_walk(found.graph, found)


def test_nobody_is_blamed_where_nobody_complains() -> None:
    assert walked(fact("host-1", CPU)) == {}
    assert walked() == {}


def test_complaint_goes_down_to_a_dependency_that_complains_too() -> None:
    found = walked(fact("web"), fact("cart"), fact("db"))
    assert found["db"] > found["cart"] > found["web"]


def test_complaint_hardly_goes_to_a_silent_dependency() -> None:
    found = walked(fact("web"), fact("cart"))
    assert max(found, key=lambda name: found[name]) == "cart"
    assert found.get("db", 0.0) < found["cart"] / 2


def test_lonely_complaint_stays_where_it_is() -> None:
    topology = Topology.build([Node("a", "service"), Node("b", "service")], [])
    found = walked(fact("a"), topology=topology)
    assert set(found) == {"a"}


def test_cycle_of_dependencies_is_walked_for_a_while() -> None:
    nodes = [Node(name, "service") for name in "abc"]
    topology = Topology.build(nodes, [Edge("a", "b", "calls"), Edge("b", "c", "calls"), Edge("c", "a", "calls")])
    found = walked(fact("a"), fact("b"), fact("c"), topology=topology)
    assert found["a"] == pytest.approx(found["b"]) == pytest.approx(found["c"])


@settings(max_examples=60)
@given(st.data())
def test_blame_is_finite_and_no_more_than_the_complaints(data: st.DataObject) -> None:
    names = [f"s{n}" for n in range(6)]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)), max_size=12, unique=True))
    topology = Topology.build([Node(n, "service") for n in names], [Edge(a, b, "calls") for a, b in pairs if a != b])
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    found = surprise(*[fact(name) for name in chosen], topology=topology)
    total = sum(found.blamed(name) for name in found.graph.by_entity)
    blamed = random_walk(found.graph, found)
    assert all(value >= 0 and math.isfinite(value) for value in blamed.values())
    assert sum(blamed.values()) <= total + 1e-9
