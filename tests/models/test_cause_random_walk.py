"""Blame walks from those who complain along what they depend on."""

from __future__ import annotations

import math
import random
from collections import defaultdict

import pytest
from aiops_models.causes.random_walk import (
    BACK,
    BACK_SILENT,
    COMPLAINS,
    DAMPING,
    NEGLIGIBLE,
    ROUNDS,
    SILENT,
    STAY,
    random_walk,
)
from aiops_models.causes.rarity import Surprise
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


def by_hand(found: Surprise) -> dict[str, float]:
    """Return the same blame, with the steps of every entity made beforehand."""
    mass = {entity: value for entity in found.graph.by_entity if (value := found.blamed(entity)) > 0}
    total, most, edges = sum(mass.values()), max(mass.values()), found.graph.edges()
    weights: dict[str, defaultdict[str, float]] = {entity: defaultdict(float) for entity in found.graph.candidates()}
    for source, targets in edges.items():
        for target, weight in targets.items():
            weights[source][target] += weight * max(mass.get(target, 0.0) / most, SILENT)
            weights[target][source] += BACK * weight if source in mass else BACK_SILENT
    for entity in mass:
        if not any(mass.get(target, 0.0) > COMPLAINS for target in edges.get(entity, ())):
            weights[entity][entity] += STAY
    here = restart = {entity: value / total for entity, value in mass.items()}
    for _ in range(ROUNDS):
        there = {entity: (1 - DAMPING) * restart.get(entity, 0.0) for entity in weights}
        for entity, share in here.items():
            for target, weight in weights[entity].items() if share >= NEGLIGIBLE else ():
                there[target] += DAMPING * share * weight / sum(weights[entity].values())
        here = there
    return {entity: total * share for entity, share in here.items() if share > 0}


def test_steps_made_on_the_way_are_those_of_the_whole_graph() -> None:
    draw = random.Random(7)
    names = [f"s{n}" for n in range(8)]
    for _ in range(20):
        edges = {(draw.choice(names), draw.choice(names)) for _ in range(14)}
        nodes = [Node(name, "host" if name == "s0" else "service") for name in names]
        topology = Topology.build(nodes, [Edge(a, b, "calls") for a, b in sorted(edges) if a != b])
        # An error beside the latency of some: they complain more than others.
        facts = [fact(name) for name in draw.sample(names[1:], 4)] + [fact(names[1], "HighErrorRate")]
        found = surprise(*facts, topology=topology)
        assert random_walk(found.graph, found) == pytest.approx(by_hand(found))


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
