"""The services around an incident one below the other, for narrow screens and long chains.

Services stand in the order of their layers. An edge to the next one is a short arrow; all others lead along the right
side, in tracks that keep apart those that overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from aiops.pages.drawing import Drawing
from aiops.pages.graph_boxes import STYLES, Lines, draw_box, edge_styles, height_of
from aiops.pages.graph_layout import Edge, layers
from aiops.views.neighbourhood import Neighbourhood
from aiops.wording import plural

_GAP, _EDGE = 26.0, 4.0
_BOX_WIDTH, _FIRST, _APART = 220.0, 22.0, 11.0
# Boxes of one picture; more are in the table.
MOST = 12


def draw_stack(shown: Neighbourhood, width: float, style: str) -> Markup:
    """Draw the services with alerts and the cause; quiet neighbours are in the table."""
    nodes = {one.name: one for one in [one for one in shown.nodes if one.role != "quiet"][:MOST]}
    box = height_of(nodes.values(), _BOX_WIDTH)
    edges = [(one.source, one.target) for one in shown.edges if one.source in nodes and one.target in nodes]
    rows = [name for layer in layers(list(nodes), edges) for name in layer]
    tops = {name: _EDGE + place * (box + _GAP) for place, name in enumerate(rows)}
    drawing = Drawing(width, "graph-picture")
    _edges(drawing, edges, tops, edge_styles(shown), (width, box))
    for name in rows:
        draw_box(drawing, nodes[name], (_EDGE, tops[name]), _BOX_WIDTH, box)
    height = max(1.0, len(rows) * (box + _GAP) - _GAP + 2 * _EDGE)
    left_out = draw_left_out(drawing, len(shown.nodes) - len(rows), height)
    return drawing.picture(height + left_out, shown.sentence, style)


def draw_left_out(drawing: Drawing, count: int, y: float) -> float:
    """Draw how many nodes of the table are not in the picture; return the height of that line."""
    if count <= 0:
        return 0.0
    drawing.text(4, y + 14, f"{plural(count, 'more service')} in the table", "dim")
    return 22.0


def _edges(
    drawing: Drawing,
    edges: Sequence[Edge],
    tops: Mapping[str, float],
    styles: Mapping[Edge, str],
    size: tuple[float, float],
) -> None:
    width, box = size
    kinds = {style: Lines() for style in STYLES}
    row = {name: place for place, name in enumerate(tops)}
    side = _EDGE + _BOX_WIDTH
    along = tracks({edge: (row[edge[0]], row[edge[1]]) for edge in edges if row[edge[1]] != row[edge[0]] + 1})
    # Many edges share the room that there is.
    count = max(along.values(), default=0) + 1
    apart = min(_APART, (width - side - _FIRST - _EDGE) / max(1, count - 1))
    for edge in edges:
        source, target = edge
        lines = kinds[styles[edge]]
        if edge in along:
            lines.right_of(
                side, tops[source] + box / 2 + 7, tops[target] + box / 2 - 7, side + _FIRST + along[edge] * apart
            )
        else:
            lines.down(_EDGE + _BOX_WIDTH / 2, tops[source] + box, tops[target])
    for style, lines in kinds.items():
        lines.draw(drawing, style)


def tracks(spans: Mapping[Edge, tuple[int, int]]) -> dict[Edge, int]:
    """Return a track for each edge: short ones stand nearest, and no two that overlap share one.

    >>> tracks({("a", "c"): (0, 2), ("b", "d"): (1, 3), ("d", "f"): (3, 5)})
    {('a', 'c'): 0, ('b', 'd'): 1, ('d', 'f'): 0}
    """
    taken: list[list[tuple[int, int]]] = []
    found: dict[Edge, int] = {}
    for edge, ends in sorted(spans.items(), key=lambda item: (abs(item[1][0] - item[1][1]), item[1])):
        low, high = min(ends), max(ends)
        free = next((n for n, own in enumerate(taken) if all(high < a or b < low for a, b in own)), len(taken))
        if free == len(taken):
            taken.append([])
        taken[free].append((low, high))
        found[edge] = free
    return found
