"""Boxes of a graph: tall where a name needs two lines, as many words as have room."""

from __future__ import annotations

from aiops.pages.drawing import Drawing
from aiops.pages.graph_boxes import BOX, TALL, Lines, draw_box, height_of
from aiops.views.neighbourhood import GraphNode
from tests.pages.svg_geometry import Picture


def drawn(node: GraphNode, width: float) -> list[str]:
    drawing = Drawing(400, "graph-picture")
    draw_box(drawing, node, (0, 0), width, height_of([node], width))
    return [text.text for text in Picture(drawing.picture(100, "")).texts]


def test_a_name_that_does_not_fit_has_two_lines() -> None:
    node = GraphNode("payments-gateway", "symptom", "service", "high", 90, 2, 3, "pod")
    assert (height_of([node], 172), height_of([node], 128)) == (BOX, TALL)
    assert drawn(node, 128)[:2] == ["payments-", "gateway"]


def test_words_that_do_not_fit_are_left_out_whole() -> None:
    node = GraphNode("api", "cause", "service", "high", 90, 2, 3, "pod")
    assert drawn(node, 200)[-1] == "cause · 90 alerts · 2 of 3 pods"
    assert drawn(node, 150)[-1] == "cause · 90 alerts"


def test_lines_are_drawn_with_their_arrows() -> None:
    lines, drawing = Lines(), Drawing(100, "x")
    lines.draw(drawing)
    lines.way([(0, 10), (60, 30)], 20)
    lines.down(10, 20, 40)
    lines.left_of(50, 10, 90, 20)
    lines.right_of(50, 90, 10, 80)
    lines.draw(drawing, "hot")
    edges, arrows = Picture(drawing.picture(100, "")).root.iter("path")
    assert edges.attrib["d"].count("M") == arrows.attrib["d"].count("M") == 4
