"""Layout in layers: edges lead to the right, cycles share a layer, and no two slots of a layer overlap."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from aiops.pages.graph_layout import Slot, layers, layout

BOX, BEND, GAP = 50.0, 12.0, 16.0
PAIRS = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] != pair[1]), max_size=40, unique=True
)


def graph(pairs: list[tuple[int, int]]) -> tuple[list[str], list[tuple[str, str]]]:
    return [f"s{number}" for number in range(12)], [(f"s{one}", f"s{other}") for one, other in pairs]


@given(PAIRS)
def test_edges_lead_to_the_right_but_in_a_cycle(pairs: list[tuple[int, int]]) -> None:
    names, edges = graph(pairs)
    place = {name: number for number, layer in enumerate(layers(names, edges)) for name in layer}
    assert sorted(place) == sorted(names)
    cycles = list(nx.strongly_connected_components(nx.DiGraph(edges)))
    for source, target in edges:
        if any(source in cycle and target in cycle for cycle in cycles):
            assert place[source] == place[target]
        else:
            assert place[source] < place[target]


@given(PAIRS)
def test_slots_of_a_layer_do_not_overlap(pairs: list[tuple[int, int]]) -> None:
    found = layout(*graph(pairs), BOX, BEND, GAP)
    for layer in found.slots:
        for above, below in pairwise(layer):
            assert below.y - above.y >= above.height / 2 + GAP + below.height / 2 - 1e-6
        assert all(slot.y - slot.height / 2 >= -1e-6 for slot in layer)
        assert all(slot.y + slot.height / 2 <= found.height + 1e-6 for slot in layer)


@given(PAIRS)
def test_a_way_passes_every_layer_between_its_ends(pairs: list[tuple[int, int]]) -> None:
    found = layout(*graph(pairs), BOX, BEND, GAP)
    number = {slot: place for place, layer in enumerate(found.slots) for slot in layer}
    for (source, target), way in found.ways.items():
        assert (way[0].name, way[-1].name) == (source, target)
        places = [number[slot] for slot in way]
        assert places in (list(range(places[0], places[-1] + 1)), [places[0], places[0]])
        assert all(slot.name is None for slot in way[1:-1])


def test_a_chain_is_a_straight_line() -> None:
    found = layout(["a", "b", "c"], [("a", "b"), ("b", "c")], BOX, BEND, GAP)
    assert [found.place[name] for name in "abc"] == [(0, 25.0), (1, 25.0), (2, 25.0)]
    assert found.height == BOX


def test_a_caller_without_callers_stands_beside_what_it_calls() -> None:
    assert layers(["a", "b", "c", "late"], [("a", "b"), ("b", "c"), ("late", "c")]) == [["a"], ["b", "late"], ["c"]]


def test_nothing_has_no_layers() -> None:
    assert layers([], []) == []
    assert layout([], [], BOX, BEND, GAP).height == 0.0


def test_crossed_edges_are_uncrossed() -> None:
    found = layout(["a", "b", "x", "y"], [("a", "y"), ("b", "x")], BOX, BEND, GAP)
    height = {name: y for name, (_, y) in found.place.items()}
    assert (height["a"] < height["b"]) == (height["y"] < height["x"])
    assert isinstance(found.slots[0][0], Slot)
