"""Destinations of an incident: the endpoints that its alerts reach, with the settings of their routes.

Each stream of an incident walks the tree of routes. Streams that fire decide where the incident opens, and all streams
of it where its updates go. Where several routes lead to one endpoint, it is notified once, with the settings that
notify soonest and most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct, structs

from aiops.config import Config, EndpointConfig
from aiops.engine.events import IncidentChanged, StreamLabels
from aiops.records import LABELS, parse_severity
from aiops.routing.config import RouteSettings
from aiops.routing.gates import GateNames
from aiops.routing.tree import Node, Step, Tree, by_severity
from aiops.store.held import HELD_UNTIL
from aiops.topology import Topology

# Streams whose routes are remembered: those of many open incidents; a miss costs a walk.
MAX_REMEMBERED = 50_000
# Entities of streams that are not kept one by one, and that stand in for them.
MAX_STAND_INS = 200


class Plan(Struct, frozen=True, omit_defaults=True):
    """The routes of a message, kept beside it for its reminders.

    `gates` are the names of the mute and the active intervals of each route that led there: names outlive a reload.
    """

    repeat_s: float = 0.0
    least: int = 0
    gates: tuple[GateNames, ...] = ()


class Destination(Struct, frozen=True):
    """An endpoint as an incident reaches it.

    `config` are its settings with those of the routes over them.
    """

    config: EndpointConfig
    nodes: tuple[Node, ...] = ()
    # An opening may go there, and an update of what was opened.
    opens: bool = True
    follows: bool = True

    def next_open(self, at: float) -> float:
        """Return the first time from `at` on at which a route is not muted; infinity for none in a year."""
        return min((node.gate.next_open(at) for node in self.nodes), default=at)

    def released_at(self, severity: str, since: float, now: float) -> float:
        """Return when an opening leaves that was held since `since` and is released now."""
        return min(HELD_UNTIL, self.next_open(max(now, since + self.config.settles(severity))))

    def plan(self) -> bytes | None:
        """Return the plan as it is kept; None without routes."""
        if not self.nodes:
            return None
        gates = tuple(node.gate.names for node in self.nodes)
        least = int(parse_severity(self.config.min_severity))
        # An open route is open, whatever the others are.
        return msgspec.json.encode(Plan(self.config.repeat_interval_s, least, gates if all(map(any, gates)) else ()))


class Routes:
    """The routes of a configuration, for any thread; without `[route]` each endpoint gets every incident."""

    def __init__(self, endpoints: Sequence[EndpointConfig], tree: Tree | None = None) -> None:
        self.endpoints = list(endpoints)
        self._tree = tree
        self._walked: dict[tuple[int, int, str, str, str, str | None], tuple[dict[str, str], list[Node]]] = {}
        self._made: dict[tuple[str, tuple[int, ...]], EndpointConfig] = {}

    @property
    def reminds(self) -> frozenset[str]:
        """Return the names of the endpoints to which some route or setting sends reminders."""
        found = {one.name for one in self.endpoints if one.repeat_interval_s > 0}
        for node in self._tree.nodes if self._tree is not None else ():
            if (node.settings.repeat_interval_s or 0) > 0:
                found.update(node.endpoints)
        return frozenset(found)

    @property
    def repeats_s(self) -> list[float]:
        """Return the intervals of all reminders that some route or endpoint sends."""
        found = [one.repeat_interval_s for one in self.endpoints]
        found += [node.settings.repeat_interval_s or 0.0 for node in (self._tree.nodes if self._tree else ())]
        return sorted({one for one in found if one > 0})

    @property
    def count(self) -> int:
        """Return the number of routes, the first one included; 0 without `[route]`."""
        return len(self._tree.nodes) if self._tree is not None else 0

    @property
    def warnings(self) -> list[str]:
        """Return what of the matchers cannot be meant, with its place."""
        return self._tree.warnings if self._tree is not None else []

    @property
    def reached_names(self) -> frozenset[str]:
        """Return the endpoints that some route leads to."""
        if self._tree is None:
            return frozenset(one.name for one in self.endpoints)
        return frozenset(name for node in self._tree.nodes for name in node.endpoints)

    def destinations(self, streams: Sequence[StreamLabels], others: Sequence[StreamLabels] = ()) -> list[Destination]:
        """Return each endpoint, in the order of the file, and the routes of these streams to it.

        `others` stand in for streams that are not kept one by one; see `stand_ins`.
        """
        if self._tree is None:
            return [Destination(one) for one in self.endpoints]
        firing = [one for one in streams if one.is_firing]
        opening = self._reached([*(firing or streams), *others])
        following = opening if len(firing) in (0, len(streams)) else self._reached([*streams, *others])
        return [self._destination(one, opening, following) for one in self.endpoints]

    def leading_to(self, endpoint: str, streams: Sequence[StreamLabels]) -> Sequence[StreamLabels]:
        """Return the streams that lead to an endpoint; all of them without `[route]`."""
        if self._tree is None:
            return streams
        return [one for one in streams if any(endpoint in node.endpoints for node in self._walk(one))]

    def steps(self, stream: StreamLabels) -> list[Step]:
        """Return each route that an alert is compared with, and what came of it; none without `[route]`."""
        return self._tree.explain(stream) if self._tree is not None else []

    def endpoints_of(self, stream: StreamLabels, at: float) -> list[str]:
        """Return the endpoints that one alert reaches at a time, muted ones left out."""
        if self._tree is None:
            return [one.name for one in self.endpoints]
        names = [name for node in self._tree.reached(stream) if not node.gate.closed_by(at) for name in node.endpoints]
        return list(dict.fromkeys(names))

    def may_remind(self, plan: bytes | None, at: float) -> bool:
        """Return True if a reminder may be sent now: a route that led to its message is not muted."""
        if plan is None or self._tree is None:
            return True
        gates = msgspec.json.decode(plan, type=Plan).gates
        return not gates or any(not self._tree.gate(*names).closed_by(at) for names in gates)

    def _destination(
        self, endpoint: EndpointConfig, opening: dict[int, Node], following: dict[int, Node]
    ) -> Destination:
        opens = _leading(opening, endpoint.name)
        follows = _leading(following, endpoint.name)
        nodes = opens or follows
        return Destination(self._config(endpoint, nodes), nodes, bool(opens), bool(follows))

    def _config(self, endpoint: EndpointConfig, nodes: tuple[Node, ...]) -> EndpointConfig:
        key = (endpoint.name, tuple(node.number for node in nodes))
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= MAX_REMEMBERED:
                self._made.clear()
            made = self._made[key] = effective(endpoint, [node.settings for node in nodes])
        return made

    def _reached(self, streams: Iterable[StreamLabels]) -> dict[int, Node]:
        found: dict[int, Node] = {}
        for stream in streams:
            for node in self._walk(stream):
                found[node.number] = node
        return found

    def _walk(self, stream: StreamLabels) -> list[Node]:
        """Return the routes of a stream; remembered by its labels, which the engine shares and never changes."""
        assert self._tree is not None
        key = (id(stream.labels), stream.severity, stream.name, stream.entity, stream.workload, stream.service)
        known = self._walked.get(key)
        if known is not None and known[0] is stream.labels:
            return known[1]
        if len(self._walked) >= MAX_REMEMBERED:
            self._walked.clear()
        reached = self._tree.reached(stream)
        # It holds the labels: their identity is not used again while it is a key.
        self._walked[key] = (stream.labels, reached)
        return reached


def routes_of(config: Config, topology: Topology) -> Routes:
    """Return the routes of a configuration; raise `UsageError` with the place of what does not fit."""
    if config.route is None:
        return Routes(config.endpoints)
    names = [endpoint.name for endpoint in config.endpoints]
    return Routes(config.endpoints, Tree(config.route, config.time_intervals, names, topology))


def effective(endpoint: EndpointConfig, settings: Sequence[RouteSettings]) -> EndpointConfig:
    """Return an endpoint with the settings of its routes; of several, those that notify soonest and most."""
    made = [_over(endpoint, one) for one in settings]
    if len(made) < 2:
        return made[0] if made else endpoint
    repeats = [one.repeat_interval_s for one in made if one.repeat_interval_s > 0]
    return structs.replace(
        endpoint,
        settle_s={word: min(one.settles(word) for one in made) for word in LABELS},
        min_severity=LABELS[min(int(parse_severity(one.min_severity)) for one in made)],
        max_updates=max(one.max_updates for one in made),
        update_every_s=min(one.update_every_s for one in made),
        repeat_interval_s=min(repeats, default=0.0),
        send_resolved=any(one.send_resolved for one in made),
        hold_resolved_s=min(one.hold_resolved_s for one in made),
    )


def _over(endpoint: EndpointConfig, settings: RouteSettings) -> EndpointConfig:
    changed = {
        name: getattr(settings, name)
        for name in RouteSettings.__struct_fields__
        if name != "settle_s" and getattr(settings, name) is not None
    }
    if settings.settle_s is not None:
        changed["settle_s"] = {**endpoint.settle_s, **by_severity(settings.settle_s)}
    return structs.replace(endpoint, **changed) if changed else endpoint


def _leading(nodes: dict[int, Node], endpoint: str) -> tuple[Node, ...]:
    return tuple(nodes[number] for number in sorted(nodes) if endpoint in nodes[number].endpoints)


def stand_ins(event: IncidentChanged) -> list[StreamLabels]:
    """Return alerts that stand in for streams that are not kept one by one.

    Only their entities are known; they are as severe as the incident. Without an entity, they reach what an alert
    without labels reaches.
    """
    if not event.unkept:
        return []
    level = int(parse_severity(event.incident.severity))
    known = {one.entity for one in event.streams}
    places = [one for one in event.incident.entities if one not in known][:MAX_STAND_INS]
    return [StreamLabels("", "", place, severity=level, labels=_NO_LABELS) for place in places or [""]]


# One object for all: routes are remembered by it.
_NO_LABELS: dict[str, str] = {}
