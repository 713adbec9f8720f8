"""The tree of routes: where an alert goes, and why.

Each alert walks the tree as in Alertmanager. It takes the first child that matches it, continues among its siblings
after one with `continue`, and stays where no child matches. The root takes all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from aiops.engine.events import StreamLabels
from aiops.errors import UsageError
from aiops.records import LABELS
from aiops.routing.config import Route, RouteSettings, TimeInterval
from aiops.routing.gates import Gate
from aiops.routing.intervals import Interval, read_intervals
from aiops.routing.labels import Condition, conditions
from aiops.topology import Topology

# A tree that a person can follow, and what one walk may cost.
MAX_DEPTH, MAX_ROUTES = 16, 2_000
PLACE = "$.route"


class Node:
    """A route with what it inherits. `number` counts routes from the root on, 0, in the order of the file."""

    def __init__(self, route: Route, number: int, depth: int, place: str, above: Node | None) -> None:
        self.route = route
        self.number = number
        self.depth = depth
        self.place = place
        self.above = above
        self.conditions: list[Condition] = []
        self.gate = Gate()
        self.children: list[Node] = []
        self.endpoints: list[str] = list(route.endpoints or [])
        if route.endpoints is None and above is not None:
            self.endpoints = above.endpoints
        self.settings: RouteSettings = route if above is None else _inherited(route, above.settings)

    @property
    def title(self) -> str:
        """Return its name, else its matchers, as a person finds it in the file."""
        if self.route.name:
            return self.route.name
        return "{" + ", ".join(map(str, self.conditions)) + "}" if self.conditions else "default route"

    def misses(self, stream: StreamLabels) -> Condition | None:
        """Return the first matcher that an alert does not match; None if it matches all."""
        for one in self.conditions:
            if not one.matches(stream):
                return one
        return None

    def reached(self, stream: StreamLabels) -> list[Node]:
        """Return the routes that an alert ends at, in the order of the file; none if this one does not match."""
        if self.misses(stream) is not None:
            return []
        found: list[Node] = []
        for child in self.children:
            deeper = child.reached(stream)
            found += deeper
            if deeper and not child.route.is_continued:
                break
        return found or [self]


class Step(Struct, frozen=True, kw_only=True):
    """A route that an alert was compared with.

    `failed` is the matcher that it does not match, and `value` what it has for that label. `takes` is true where it
    ends.
    """

    number: int
    depth: int
    place: str
    title: str
    matched: bool
    takes: bool
    endpoints: list[str] = []
    matchers: list[str] = []
    failed: str = ""
    value: str = ""


class Tree:
    """The routes of a configuration, checked and ready."""

    def __init__(
        self,
        route: Route,
        intervals: Sequence[TimeInterval] = (),
        endpoints: Collection[str] | None = None,
        topology: Topology | None = None,
        place: str = "",
    ) -> None:
        """Raise `UsageError` with the place of what does not fit, or is none of `endpoints`."""
        self._topology = topology or Topology()
        self._endpoints = endpoints
        self._place = place
        self._intervals = read_intervals(intervals, f"{place}$.time_intervals")
        self.nodes: list[Node] = []
        self.root = self._node(route, f"{place}{PLACE}", None)
        self._check_root(route)

    def reached(self, stream: StreamLabels) -> list[Node]:
        """Return the routes that an alert ends at, at least one."""
        return self.root.reached(stream)

    def explain(self, stream: StreamLabels) -> list[Step]:
        """Return each route that an alert is compared with, in order, and what came of it."""
        ends = {node.number for node in self.reached(stream)}
        return list(_steps(self.root, stream, ends))

    @property
    def warnings(self) -> list[str]:
        """Return what of the matchers cannot be meant, with its place."""
        found = [(node.place, one.warning) for node in self.nodes for one in node.conditions if one.warning]
        return [f"{place}.matchers: {warning}" for place, warning in found]

    def gate(self, mute: Sequence[str], active: Sequence[str]) -> Gate:
        """Return the gate of intervals by name; names that are not known any more close nothing."""
        known = self._intervals
        return Gate([known[name] for name in mute if name in known], [known[name] for name in active if name in known])

    def _node(self, route: Route, place: str, above: Node | None) -> Node:
        depth = above.depth + 1 if above is not None else 0
        if depth > MAX_DEPTH:
            raise UsageError(f"{place}: expected at most {MAX_DEPTH} levels of routes")
        if len(self.nodes) >= MAX_ROUTES:
            raise UsageError(f"{place}: expected at most {MAX_ROUTES} routes")
        node = Node(route, len(self.nodes), depth, place, above)
        self.nodes.append(node)
        node.conditions = conditions(route.matchers, self._topology, f"{place}.matchers")
        node.gate = Gate(
            self._named(route.mute_time_intervals, f"{place}.mute_time_intervals"),
            self._named(route.active_time_intervals, f"{place}.active_time_intervals"),
        )
        self._check_endpoints(node)
        _check_severities(route, place)
        node.children = [self._node(one, f"{place}.routes[{at}]", node) for at, one in enumerate(route.routes)]
        return node

    def _named(self, names: Sequence[str], place: str) -> list[Interval]:
        for number, name in enumerate(names):
            if name not in self._intervals:
                known = ", ".join(self._intervals) or "there is none"
                raise UsageError(f"{place}[{number}]: no time interval of that name (got {name!r}; use {known})")
        return [self._intervals[name] for name in names]

    def _check_endpoints(self, node: Node) -> None:
        for number, name in enumerate(node.route.endpoints or ()):
            if self._endpoints is not None and name not in self._endpoints:
                known = ", ".join(self._endpoints) or "there is none"
                raise UsageError(f"{node.place}.endpoints[{number}]: unknown endpoint (got {name!r}; use {known})")

    def _check_root(self, route: Route) -> None:
        place = f"{self._place}{PLACE}"
        if route.endpoints is None:
            raise UsageError(
                f"{place}.endpoints: expected the endpoints of what no other route takes (got none); "
                "write [] if nobody is to be notified of it"
            )
        wrong = {
            "matchers": route.matchers,
            "continue": route.is_continued,
            "mute_time_intervals": route.mute_time_intervals,
            "active_time_intervals": route.active_time_intervals,
        }
        for key, value in wrong.items():
            if value:
                raise UsageError(f"{place}.{key}: the first route takes every alert at any time; set it on a child")


def _steps(node: Node, stream: StreamLabels, ends: set[int]) -> Iterator[Step]:
    missed = node.misses(stream)
    yield Step(
        number=node.number,
        depth=node.depth,
        place=node.place,
        title=node.title,
        matched=missed is None,
        takes=node.number in ends,
        endpoints=node.endpoints,
        matchers=[str(one) for one in node.conditions],
        failed=str(missed) if missed is not None else "",
        value=missed.read(stream) if missed is not None else "",
    )
    if missed is not None:
        return
    for child in node.children:
        yield from _steps(child, stream, ends)
        if not child.route.is_continued and child.misses(stream) is None:
            return


def _inherited(route: Route, above: RouteSettings) -> RouteSettings:
    """Return the settings of a route over those of the route above it."""
    found = {}
    for name in RouteSettings.__struct_fields__:
        own, theirs = getattr(route, name), getattr(above, name)
        if name == "settle_s" and isinstance(own, dict) and theirs is not None:
            own = {**by_severity(theirs), **own}
        found[name] = theirs if own is None else own
    return RouteSettings(**found)


def by_severity(settle_s: dict[str, float] | float) -> dict[str, float]:
    """Return seconds by severity; a number is that of all.

    >>> by_severity(30.0)["high"], by_severity({"high": 5.0})
    (30.0, {'high': 5.0})
    """
    return settle_s if isinstance(settle_s, dict) else dict.fromkeys(LABELS, settle_s)


def _check_severities(route: Route, place: str) -> None:
    words = [("min_severity", route.min_severity)] if route.min_severity is not None else []
    words += [("settle_s", word) for word in route.settle_s] if isinstance(route.settle_s, dict) else []
    for key, word in words:
        if word not in LABELS:
            raise UsageError(f"{place}.{key}: unknown severity {word!r} (use critical, high, warning, info or ok)")
