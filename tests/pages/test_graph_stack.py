"""Tracks beside a column of boxes: two edges that overlap never share one."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from aiops.pages.drawing import Drawing
from aiops.pages.graph_stack import MOST, draw_left_out, draw_stack, tracks
from aiops.views.neighbourhood import GraphEdge, GraphNode, Neighbourhood
from tests.pages.svg_geometry import Picture

SPANS = st.dictionaries(
    st.tuples(st.text(max_size=3), st.text(max_size=3)), st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=20
)


@given(SPANS)
def test_edges_that_overlap_have_tracks_of_their_own(spans: dict[tuple[str, str], tuple[int, int]]) -> None:
    found = tracks(spans)
    assert found.keys() == spans.keys()
    for one, other in combinations(spans, 2):
        (a, b), (c, d) = sorted(spans[one]), sorted(spans[other])
        if a <= d and c <= b:
            assert found[one] != found[other]


def test_the_column_is_bounded_and_counts_the_rest() -> None:
    nodes = [GraphNode(f"s{number}", "affected", severity="high", alerts=1) for number in range(MOST + 3)]
    every = [GraphEdge(one.name, other.name, "calls") for one, other in combinations(nodes, 2)]
    picture = Picture(draw_stack(Neighbourhood(nodes, every, ""), 340.0, "is-narrow"))
    assert len(picture.boxes) == MOST
    assert picture.texts[-1].text == "3 more services in the table"
    assert picture.outside() == []


def test_nothing_left_out_takes_no_room() -> None:
    assert draw_left_out(Drawing(100, "x"), 0, 10) == 0.0
