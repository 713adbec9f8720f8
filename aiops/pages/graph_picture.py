"""The services around an incident: boxes in layers, edges from callers to dependencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from aiops.pages.drawing import Drawing
from aiops.pages.graph_boxes import STYLES, Lines, draw_box, edge_styles, height_of
from aiops.pages.graph_layout import Edge, Layout, Slot, layers, layout
from aiops.pages.graph_stack import draw_left_out, draw_stack
from aiops.views.neighbourhood import GraphNode, Neighbourhood

_WIDTH, _EDGE = 840.0, 2.0
# The narrowest and the widest box that can be read.
_NARROWEST, _WIDEST = 112.0, 172.0
_GAP_X, _GAP_Y, _BEND = 34.0, 16.0, 12.0


def wide(shown: Neighbourhood) -> Markup:
    """Draw the graph for a screen: layers from left to right.

    Quiet neighbours are left out where they would make too many layers; a chain that is still too long stands one below
    the other.
    """
    loud = [one for one in shown.nodes if one.role != "quiet"]
    for nodes in (shown.nodes, loud):
        names = [one.name for one in nodes]
        known = set(names)
        edges = [(one.source, one.target) for one in shown.edges if one.source in known and one.target in known]
        count = max(1, len(layers(names, edges)))
        box = min(_WIDEST, (_WIDTH - 2 * _EDGE + _GAP_X) / count - _GAP_X)
        if box >= _NARROWEST:
            height = height_of(nodes, box)
            return _draw(shown, nodes, layout(names, edges, height, _BEND, _GAP_Y), box)
    return draw_stack(shown, 480.0, "is-wide")


def _draw(shown: Neighbourhood, kept: Sequence[GraphNode], found: Layout, box: float) -> Markup:
    drawing = Drawing(_WIDTH, "graph-picture")
    count = max(1, len(found.slots))
    step = box + _GAP_X
    left = (_WIDTH - count * step + _GAP_X) / 2
    xs = [left + place * step for place in range(count)]
    nodes = {one.name: one for one in kept}
    _edges(drawing, found, xs, box, edge_styles(shown))
    for name, (place, y) in found.place.items():
        draw_box(drawing, nodes[name], (xs[place], y + _EDGE - found.node_height / 2), box, found.node_height)
    left_out = draw_left_out(drawing, len(shown.nodes) - len(kept), found.height + 2 * _EDGE)
    return drawing.picture(found.height + 2 * _EDGE + left_out, shown.sentence, "is-wide")


def narrow(shown: Neighbourhood) -> Markup:
    """Draw the graph for a phone: what alerts, one below the other."""
    return draw_stack(shown, 340.0, "is-narrow")


def _edges(drawing: Drawing, found: Layout, xs: Sequence[float], box: float, styles: Mapping[Edge, str]) -> None:
    layer = {slot: place for place, slots in enumerate(found.slots) for slot in slots}
    kinds = {style: Lines() for style in STYLES}
    for edge, way in found.ways.items():
        lines = kinds[styles[edge]]
        first, last = way[0], way[-1]
        if layer[first] != layer[last]:
            lines.way([(xs[layer[slot]], slot.y + _EDGE) for slot in way], box)
        else:
            _inside(lines, found.slots[layer[first]], (first, last), xs[layer[first]], box)
    for style, lines in kinds.items():
        lines.draw(drawing, style)


def _inside(lines: Lines, slots: list[Slot], ends: tuple[Slot, Slot], x: float, box: float) -> None:
    """Add an edge of a cycle: straight between neighbours of a layer, else around the left side."""
    first, last = ends
    start, end = slots.index(first), slots.index(last)
    if abs(start - end) == 1:
        half, shift = (first.height / 2, 8.0) if end > start else (-first.height / 2, -8.0)
        # Two that depend on each other have two lines.
        lines.down(x + box / 2 + shift, first.y + _EDGE + half, last.y + _EDGE - half)
    else:
        lines.left_of(x, first.y + _EDGE - 6, last.y + _EDGE + 6, min(36.0, x - 2 if x < 40 else 36.0))
