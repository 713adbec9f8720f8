"""The picture of the services: no box, no text over another, nothing outside, hostile names as text."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from aiops.pages import graph_picture
from aiops.views.neighbourhood import GraphEdge, GraphNode, Neighbourhood
from tests.pages.svg_geometry import Picture

HOSTILE = [
    "<script>alert(1)</script>",
    "a\u202eb\x00\x1b[2J",
    '"]]>&--',
    "x" * 10_000,
    "漢字" * 40,
    "👩‍👩‍👧" * 20,
    "عربى",
    "",
]
NAMES = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=40), st.from_regex(r"[a-z]{3,9}(-[a-z]{3,9}){0,3}", fullmatch=True)
)
ROLES = st.sampled_from(["cause", "symptom", "affected", "quiet"])
SEVERITIES = st.sampled_from(["critical", "high", "warning", "info", "ok"])


@st.composite
def graphs(draw: st.DrawFn) -> Neighbourhood:
    names = draw(st.lists(NAMES, min_size=1, max_size=20, unique=True))
    nodes = [_node(name, draw(ROLES), draw(SEVERITIES), draw(st.integers(0, 10**9))) for name in names]
    places = st.integers(0, len(names) - 1)
    pairs = draw(st.lists(st.tuples(places, places).filter(lambda pair: pair[0] != pair[1]), max_size=30, unique=True))
    return Neighbourhood(nodes, [GraphEdge(names[one], names[other], "calls") for one, other in pairs], "A sentence.")


def _node(name: str, role: str, severity: str, alerts: int) -> GraphNode:
    if role == "quiet":
        return GraphNode(name, "quiet")
    return GraphNode(name, role, "service", severity, alerts, 2, 3, "pod")  # type: ignore[arg-type]


@given(graphs())
def test_nothing_overlaps_and_nothing_is_outside(shown: Neighbourhood) -> None:
    for svg in (graph_picture.wide(shown), graph_picture.narrow(shown)):
        picture = Picture(svg)
        assert picture.outside() == []
        assert picture.overlapping() == []
        assert all(picture.area.holds(box) for box in picture.boxes)
        assert not any(one.overlaps(other) for one, other in combinations(picture.boxes, 2))
        # Each text stands in one box; the line on what is left out stands in none.
        for text in picture.texts:
            assert any(box.holds(text) for box in picture.boxes) or "in the table" in text.text


@given(graphs())
def test_every_service_with_alerts_is_in_the_wide_picture(shown: Neighbourhood) -> None:
    loud = [one for one in shown.nodes if one.role != "quiet"]
    picture = Picture(graph_picture.wide(shown))
    is_stack = picture.area.right < 800
    assert len(picture.boxes) in {len(shown.nodes), len(loud), *([min(12, len(loud))] if is_stack else [])}


def test_a_long_chain_stands_one_below_the_other() -> None:
    nodes = [GraphNode(f"service-{number}", "affected", severity="high", alerts=1) for number in range(10)]
    edges = [GraphEdge(f"service-{number}", f"service-{number + 1}", "calls") for number in range(9)]
    picture = Picture(graph_picture.wide(Neighbourhood(nodes, edges, "")))
    assert picture.area.right == 480
    assert len({box.left for box in picture.boxes}) == 1


def test_a_cycle_is_drawn() -> None:
    nodes = [GraphNode(name, "affected", severity="high", alerts=1) for name in ("a", "b", "c")]
    pairs = [("a", "b"), ("b", "a"), ("b", "c"), ("c", "a")]
    picture = Picture(graph_picture.wide(Neighbourhood(nodes, [GraphEdge(*pair, "calls") for pair in pairs], "")))
    [edges] = [one for one in picture.root.iter("path") if one.get("class") == "edge hot"]
    assert edges.attrib["d"].count("M") == 4


def test_quiet_neighbours_make_way_for_a_picture_that_can_be_read() -> None:
    nodes = [
        GraphNode(f"s{number}", "affected" if number < 4 else "quiet", severity="high" if number < 4 else None)
        for number in range(9)
    ]
    edges = [GraphEdge(f"s{number}", f"s{number + 1}", "calls") for number in range(8)]
    picture = Picture(graph_picture.wide(Neighbourhood(nodes, edges, "")))
    assert len(picture.boxes) == 4
    assert "5 more services in the table" in [text.text for text in picture.texts]


def test_the_picture_is_described_and_has_no_style_of_its_own() -> None:
    nodes = [GraphNode("<b>", "cause", severity="high", alerts=3), GraphNode("db", "quiet")]
    svg = graph_picture.wide(Neighbourhood(nodes, [GraphEdge("<b>", "db", "uses")], 'Likely cause: "<b>".'))
    assert 'aria-label="Likely cause: &#34;&lt;b&gt;&#34;."' in svg
    assert "style=" not in svg
    assert "<b>" not in svg


def test_the_path_of_the_cause_is_drawn_over_all_other_edges() -> None:
    nodes = [GraphNode(name, "affected", severity="high", alerts=1) for name in ("web", "cart", "db")]
    edges = [GraphEdge("web", "cart", "calls", True), GraphEdge("cart", "db", "uses"), GraphEdge("web", "db", "uses")]
    shown = Neighbourhood(nodes, edges, "")
    for svg in (graph_picture.wide(shown), graph_picture.narrow(shown)):
        kinds = [one.get("class") for one in Picture(svg).root.iter("path") if "edge" in (one.get("class") or "")]
        assert kinds == ["edge hot", "edge path"]
