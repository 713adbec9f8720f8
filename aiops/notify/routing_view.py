"""Routes and inhibition as clients of Alertmanager see them: receivers of each alert, and YAML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from aiops.config import Config
from aiops.engine.events import StreamLabels
from aiops.engine.firing import FiringAlert
from aiops.notify.routes import effective
from aiops.records import parse_severity
from aiops.routing.config import Route
from aiops.routing.rules import Rule, read_rules
from aiops.routing.tree import Node, Tree
from aiops.topology import Topology

# The receiver of what nobody is notified of.
NOBODY = "nobody"
# Between the endpoints of one receiver; no endpoint has it in its name.
BETWEEN = ","


class Routed(Struct, frozen=True, gc=False):
    """The way of an alert to its receivers.

    `inhibited_by` are fingerprints of alert streams, one for each rule that applies. `muted_by` are time intervals, if
    all routes are closed.
    """

    receivers: list[str]
    inhibited_by: list[str]
    muted_by: list[str]


class RoutingView:
    """The routes, rules and endpoints of a configuration; for any thread."""

    def __init__(self, config: Config, topology: Topology) -> None:
        """Raise `UsageError` for routes or rules that do not fit."""
        self._made = _Parts(config, topology)

    def replace(self, config: Config, topology: Topology) -> None:
        """Use another configuration; raise `UsageError`, and keep the old one, if it does not fit."""
        self._made = _Parts(config, topology)

    def receivers(self) -> Sequence[str]:
        """Return the names of all endpoints."""
        return [endpoint.name for endpoint in self._made.config.endpoints]

    def routed(self, alerts: Sequence[FiringAlert], at: float) -> list[Routed]:
        """Return where each of the alerts leads at a time; all that fires must be among them for inhibition."""
        made = self._made
        streams = [_labels(alert) for alert in alerts]
        inhibited = inhibitions(made.rules, streams)
        return [made.routed(stream, inhibited.get(stream.fingerprint, []), at) for stream in streams]

    def yaml(self) -> str:
        """Return the routes as a configuration that Alertmanager reads; receivers have their name alone.

        A receiver of several endpoints has their names, joined by commas.
        """
        made = self._made
        config = made.config
        root = _route(made.tree.root) if made.tree is not None else {"receiver": _receiver(self.receivers())}
        whole: dict[str, Any] = {"route": root, "receivers": _receivers(root, self.receivers())}
        if config.inhibit_rules:
            whole["inhibit_rules"] = [_plain(rule) for rule in config.inhibit_rules]
        if config.time_intervals:
            whole["time_intervals"] = [_plain(interval) for interval in config.time_intervals]
        return msgspec.yaml.encode(whole).decode()


class _Parts:
    """The parts that are made of one configuration."""

    def __init__(self, config: Config, topology: Topology) -> None:
        self.config = config
        names = [endpoint.name for endpoint in config.endpoints]
        self.tree = Tree(config.route, config.time_intervals, names, topology) if config.route is not None else None
        self.rules = read_rules(config.inhibit_rules, topology)

    def routed(self, stream: StreamLabels, inhibited_by: list[str], at: float) -> Routed:
        nodes = self.tree.reached(stream) if self.tree is not None else []
        closed = [node for node in nodes if node.gate.closed_by(at)]
        muted = [name for node in closed for names in node.gate.names for name in names]
        receivers = [one.name for one in self.config.endpoints if self._leads(one.name, nodes, stream.severity)]
        is_muted = bool(nodes) and len(closed) == len(nodes)
        return Routed(receivers or [NOBODY], inhibited_by, list(dict.fromkeys(muted)) if is_muted else [])

    def _leads(self, name: str, nodes: Sequence[Node], severity: int) -> bool:
        """Return true if an alert of this severity is notified to an endpoint."""
        endpoint = next(one for one in self.config.endpoints if one.name == name)
        leading = [node for node in nodes if name in node.endpoints]
        if self.tree is not None and not leading:
            return False
        settings = effective(endpoint, [node.settings for node in leading])
        return severity >= parse_severity(settings.min_severity)


def inhibitions(rules: Sequence[Rule], streams: Sequence[StreamLabels]) -> dict[str, list[str]]:
    """Return the fingerprints of what inhibits each alert, the first of each rule, by its own.

    An alert that matches both sides of a rule is not inhibited by others that do. Cost: rules times alerts.
    """
    found: dict[str, list[str]] = {}
    for rule in rules:
        sources: dict[tuple[str, ...], list[tuple[StreamLabels, bool]]] = {}
        for stream in streams:
            if rule.is_source(stream):
                sources.setdefault(rule.equal(stream), []).append((stream, rule.is_target(stream)))
        for stream in streams if sources else ():
            if not rule.is_target(stream):
                continue
            is_both = rule.is_source(stream)
            for source, is_target in sources.get(rule.equal(stream), ()):
                if source is not stream and not (is_both and is_target):
                    found.setdefault(stream.fingerprint, []).append(source.fingerprint)
                    break
    return found


def _labels(alert: FiringAlert) -> StreamLabels:
    return StreamLabels(
        fingerprint=alert.fingerprint,
        name=alert.name,
        entity=alert.entity,
        service=alert.service,
        workload=alert.workload,
        source=alert.source,
        severity=int(parse_severity(alert.severity)),
        labels=alert.labels,
    )


def _route(node: Node) -> dict[str, Any]:
    """Return a route in Alertmanager's words."""
    given: Route = node.route
    found: dict[str, Any] = {"receiver": _receiver(node.endpoints)}
    if given.matchers:
        found["matchers"] = [str(one) for one in node.conditions]
    if given.is_continued:
        found["continue"] = True
    if isinstance(given.settle_s, float | int):
        found["group_wait"] = _duration(given.settle_s)
    if given.update_every_s:
        found["group_interval"] = _duration(given.update_every_s)
    if given.repeat_interval_s:
        found["repeat_interval"] = _duration(given.repeat_interval_s)
    for name in ("mute_time_intervals", "active_time_intervals"):
        if getattr(given, name):
            found[name] = list(getattr(given, name))
    if node.children:
        found["routes"] = [_route(child) for child in node.children]
    return found


def _duration(seconds: float) -> str:
    """Return a duration in Alertmanager's words: whole seconds, or milliseconds."""
    return f"{int(seconds)}s" if seconds == int(seconds) else f"{int(seconds * 1_000)}ms"


def _receiver(names: Sequence[str]) -> str:
    return BETWEEN.join(names) or NOBODY


def _receivers(root: dict[str, Any], names: Sequence[str]) -> list[dict[str, str]]:
    """Return the receivers that are named by a route, and all endpoints."""
    found = dict.fromkeys(names)
    waiting = [root]
    while waiting:
        route = waiting.pop(0)
        found[route["receiver"]] = None
        waiting += route.get("routes", [])
    return [{"name": name} for name in found]


def _plain(value: Struct) -> dict[str, Any]:
    """Return the fields of a struct that are not empty, without names that Alertmanager does not know."""
    made: dict[str, Any] = msgspec.to_builtins(value)
    if "source_matchers" in made:
        made.pop("name", None)
    plain: dict[str, Any] = _without_empty(made)
    return plain


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_empty(one) for name, one in value.items() if one not in ("", [], None)}
    if isinstance(value, list):
        return [_without_empty(one) for one in value]
    return value
