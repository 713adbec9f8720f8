"""The boxes and lines of a graph's picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aiops.pages.drawing import Drawing, number
from aiops.pages.text_width import cut, two_lines, width_of
from aiops.views.neighbourhood import GraphNode, Neighbourhood, node_words

BOX, TALL = 50.0, 66.0
ARROW = 8.0
_NAME, _DETAIL = 12.5, 11.0


# Edges of a later style are drawn over those before.
STYLES = ("", "hot", "path")


def edge_styles(shown: Neighbourhood) -> dict[tuple[str, str], str]:
    """Return the style of each edge: on the path of the cause, between services that alert, or neither."""
    alerting = {one.name for one in shown.nodes if one.severity is not None}
    return {
        (one.source, one.target): "path" if one.is_on_path else "hot" if {one.source, one.target} <= alerting else ""
        for one in shown.edges
    }


def height_of(nodes: Iterable[GraphNode], width: float) -> float:
    """Return the height of boxes in which all names fit: that of two lines if one of them needs two."""
    return TALL if any(_lines(node, width)[1] for node in nodes) else BOX


def _lines(node: GraphNode, width: float) -> tuple[str, str]:
    return two_lines(node.name, width - _inset(node) - 8, _NAME, bold=_is_bold(node))


def _inset(node: GraphNode) -> float:
    return 28.0 if node.severity is not None else 12.0


def _is_bold(node: GraphNode) -> bool:
    return node.severity is not None or node.role == "cause"


def draw_box(drawing: Drawing, node: GraphNode, corner: tuple[float, float], width: float, height: float) -> None:
    """Draw a node: its severity, its name, and what is known of it."""
    x, y = corner
    text = " · ".join(node_words(node))
    worst = f", worst {node.severity}" if node.severity is not None else ""
    drawing.begin(f"node {node.role} {node.severity or ''}".strip(), f"{node.name}: {text}{worst}")
    drawing.rect(x + 0.5, y + 0.5, width - 1, height - 1, "box", radius=8)
    inset, style = _inset(node), "strong" if _is_bold(node) else "name"
    first, second = _lines(node, width)
    # A short name in a tall box stands in its middle.
    top = y + 21.5 + (8 if height > BOX and not second else 0)
    if node.severity is not None:
        drawing.mark(x + 17, top - 4.5, node.severity)
    drawing.text(x + inset, top, first, style)
    if second:
        drawing.text(x + inset, top + 15, second, style)
    drawing.text(x + 12, top + (32.5 if second else 17.5), _detail(node, width - 20), "dim")
    drawing.end()


def _detail(node: GraphNode, width: float) -> str:
    """Return as many whole words about a node as have room."""
    words = node_words(node)
    for count in range(len(words), 1, -1):
        text = " · ".join(words[:count])
        if width_of(text, _DETAIL) <= width:
            return text
    return cut(words[0] if len(words) == 1 or node.role != "cause" else " · ".join(words[:2]), width, _DETAIL)


class Lines:
    """Edges of one kind: a path for all lines, and one for all arrows."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._arrows: list[str] = []

    def way(self, points: Sequence[tuple[float, float]], box: float) -> None:
        """Add an edge to the right; `points` are left edge and middle of each place on its way."""
        x, y = points[0][0] + box, points[0][1]
        data = [f"M{number(x)} {number(y)}"]
        for place, (left, middle) in enumerate(points[1:], 1):
            is_end = place == len(points) - 1
            end = left - ARROW if is_end else left
            bend = (x + end) / 2
            data.append(f"C{number(bend)} {number(y)} {number(bend)} {number(middle)} {number(end)} {number(middle)}")
            x, y = end, middle
            if not is_end:
                x = left + box
                data.append(f"H{number(x)}")
        self._lines.append("".join(data))
        self._arrow_right(x + ARROW, y)

    def down(self, x: float, start: float, end: float) -> None:
        """Add a straight edge from one box to the next below or above it."""
        back = ARROW if end > start else -ARROW
        self._lines.append(f"M{number(x)} {number(start)}V{number(end - back)}")
        self._arrows.append(f"M{number(x)} {number(end)}l-4 {number(-back)}h8z")

    def left_of(self, x: float, start: float, end: float, bulge: float) -> None:
        """Add an edge between two boxes of a layer, around their left side at `x`."""
        curve = f"C{number(x - bulge)} {number(start)} {number(x - bulge)} {number(end)}"
        self._lines.append(f"M{number(x)} {number(start)}{curve} {number(x - ARROW)} {number(end)}")
        self._arrow_right(x, end)

    def right_of(self, x: float, start: float, end: float, track: float) -> None:
        """Add an edge between two boxes of a column, along a track right of them."""
        turn = 6.0 if end > start else -6.0
        self._lines.append(
            f"M{number(x)} {number(start)}H{number(track - 6)}q6 0 6 {number(turn)}V{number(end - turn)}"
            f"q0 {number(turn)} -6 {number(turn)}H{number(x + ARROW)}"
        )
        self._arrows.append(f"M{number(x)} {number(end)}l{ARROW:g}-4v8z")

    def _arrow_right(self, x: float, y: float) -> None:
        self._arrows.append(f"M{number(x)} {number(y)}l-{ARROW:g}-4v8z")

    def draw(self, drawing: Drawing, style: str = "") -> None:
        """Draw the lines, and their arrows over them."""
        if self._lines:
            drawing.path("".join(self._lines), f"edge {style}".strip())
            drawing.path("".join(self._arrows), f"arrow {style}".strip())
