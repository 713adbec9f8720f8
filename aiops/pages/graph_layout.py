"""Layout of a graph in layers (Sugiyama's way): callers left, what they depend on right.

An edge that passes a layer gets a bend there with room of its own, so lines lead around boxes. Slots of a layer are
ordered by the mean height of what they are linked to, which uncrosses edges; then each is put as near to that height as
the order allows. Cycles are allowed: their nodes share a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx as nx

# Rounds of ordering and of aligning; later ones change little.
_ROUNDS = 6
Edge = tuple[str, str]


class Slot:
    """A place in a layer: a node, or the bend of an edge if `name` is None. `y` is its middle."""

    __slots__ = ("after", "before", "height", "name", "y")

    def __init__(self, name: str | None, height: float) -> None:
        self.name, self.height, self.y = name, height, 0.0
        self.before: list[Slot] = []
        self.after: list[Slot] = []


class Layout:
    """Slots by layer from left to right, and the way of each edge through them; `height` of all of it."""

    def __init__(self, slots: list[list[Slot]], ways: dict[Edge, list[Slot]], node_height: float) -> None:
        self.slots = slots
        self.ways = ways
        self.node_height = node_height
        self.height = max((slot.y + slot.height / 2 for layer in slots for slot in layer), default=0.0)

    @property
    def place(self) -> dict[str, tuple[int, float]]:
        """Return the layer and the middle of each node."""
        return {
            slot.name: (number, slot.y)
            for number, layer in enumerate(self.slots)
            for slot in layer
            if slot.name is not None
        }


def load() -> None:
    """Load networkx now: the first page would wait for it."""
    import networkx as nx

    nx.DiGraph()


def layers(names: Sequence[str], edges: Iterable[Edge]) -> list[list[str]]:
    """Return the names by layer: each edge leads to the right, but inside a cycle.

    A node without callers stands directly left of what it calls, rather than at the far left.

    >>> layers(["web", "cart", "db", "cron"], [("web", "cart"), ("cart", "db"), ("cron", "db")])
    [['web'], ['cart', 'cron'], ['db']]
    """
    # Imported here: networkx takes longer to load than everything else that a command imports.
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(edges)
    whole = nx.condensation(graph)
    order = [list(parts) for parts in nx.topological_generations(whole)]
    layer = {part: number for number, parts in enumerate(order) for part in parts}
    for part in [part for parts in reversed(order) for part in parts]:
        if whole.out_degree(part) and not whole.in_degree(part):
            layer[part] = min(layer[other] for other in whole.successors(part)) - 1
    place = {name: layer[part] for name, part in whole.graph["mapping"].items()}
    return [[name for name in names if place[name] == number] for number in range(len(order))]


def layout(names: Sequence[str], edges: Sequence[Edge], node_height: float, bend_height: float, gap: float) -> Layout:
    """Return the layout of a graph; `gap` is the space between two slots of a layer."""
    found = layers(names, edges)
    slots = [[Slot(name, node_height) for name in layer] for layer in found]
    ways = _ways(slots, edges, bend_height)
    _order(slots)
    _align(slots, gap)
    top = min((slot.y - slot.height / 2 for layer in slots for slot in layer), default=0.0)
    for layer in slots:
        for slot in layer:
            slot.y -= top
    return Layout(slots, ways, node_height)


def _ways(slots: list[list[Slot]], edges: Sequence[Edge], bend_height: float) -> dict[Edge, list[Slot]]:
    """Return the way of each edge: its ends, with bends in the layers between them."""
    node = {slot.name: (number, slot) for number, layer in enumerate(slots) for slot in layer}
    ways: dict[Edge, list[Slot]] = {}
    for source, target in edges:
        (start, first), (end, last) = node[source], node[target]
        bends = [Slot(None, bend_height) for _ in range(start + 1, end)]
        for number, bend in enumerate(bends, start + 1):
            slots[number].append(bend)
        way = ways[source, target] = [first, *bends, last]
        if start < end:
            for one, other in pairwise(way):
                one.after.append(other)
                other.before.append(one)
    return ways


def _order(slots: list[list[Slot]]) -> None:
    """Put each slot at the mean place of its links, from left to right and back."""
    for turn in range(_ROUNDS):
        place = {slot: (number + 0.5) / len(layer) for layer in slots for number, slot in enumerate(layer)}
        is_forward = turn % 2 == 0
        for layer in slots if is_forward else reversed(slots):
            layer.sort(key=lambda slot: _mean(slot, is_forward, place))
            place |= {slot: (number + 0.5) / len(layer) for number, slot in enumerate(layer)}


def _mean(slot: Slot, is_forward: bool, place: Mapping[Slot, float]) -> float:
    linked = slot.before if is_forward else slot.after
    return sum(place[one] for one in linked) / len(linked) if linked else place[slot]


def _align(slots: list[list[Slot]], gap: float) -> None:
    for layer in slots:
        y = 0.0
        for slot in layer:
            slot.y = y + slot.height / 2
            y += slot.height + gap
    for turn in range(_ROUNDS):
        for layer in slots if turn % 2 == 0 else reversed(slots):
            _settle(layer, gap, (lambda slot: slot.before) if turn % 2 == 0 else (lambda slot: slot.after))
    for layer in slots:
        _settle(layer, gap, lambda slot: [*slot.before, *slot.after])


def _settle(layer: list[Slot], gap: float, linked: Callable[[Slot], list[Slot]]) -> None:
    """Move slots to the mean of their links, in order and apart: least squares by pooling violators."""
    offsets, offset = [], 0.0
    for number, slot in enumerate(layer):
        if number:
            offset += layer[number - 1].height / 2 + gap + slot.height / 2
        offsets.append(offset)
    blocks: list[tuple[float, int]] = []
    for slot, shift in zip(layer, offsets, strict=True):
        others = linked(slot)
        wished = sum(one.y for one in others) / len(others) if others else slot.y
        mean, count = wished - shift, 1
        while blocks and blocks[-1][0] > mean:
            other, size = blocks.pop()
            mean, count = (mean * count + other * size) / (count + size), count + size
        blocks.append((mean, count))
    places = [mean for mean, count in blocks for _ in range(count)]
    for slot, mean, shift in zip(layer, places, offsets, strict=True):
        slot.y = mean + shift
