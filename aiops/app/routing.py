"""Open the routes and the inhibition of a configuration."""

from __future__ import annotations

from aiops.config import Config
from aiops.notify.inhibition import NOTHING_INHIBITED, Inhibition, Inhibitor
from aiops.notify.policy import EndpointPolicy
from aiops.notify.routes import Routes, routes_of
from aiops.routing.rules import read_rules
from aiops.telemetry.trace import OFF, Tracer
from aiops.topology import Topology
from aiops.wording import plural


def open_inhibition(config: Config, topology: Topology) -> Inhibition:
    """Return the inhibition of a configuration; raise `UsageError` for a rule that does not fit."""
    rules = read_rules(config.inhibit_rules, topology)
    by_topology = config.inhibition.topology and bool(topology.edges)
    return Inhibitor(rules, topology if by_topology else None) if rules or by_topology else NOTHING_INHIBITED


def open_policy(config: Config, topology: Topology, tracer: Tracer = OFF) -> EndpointPolicy:
    """Return the notification policy of a configuration; raise `UsageError` for routes that do not fit."""
    routes, inhibition = routes_of(config, topology), open_inhibition(config, topology)
    return EndpointPolicy(config.endpoints, config.http.external_url, tracer, routes, inhibition)


def described(config: Config, topology: Topology) -> list[str]:
    """Return lines about routes and inhibition for `aiops config check`; none without them."""
    routes = routes_of(config, topology)
    lines = [f"routes: {plural(routes.count, 'route')}"] if config.route is not None else []
    lines += [f"routes: warning: no route leads to endpoint {name}" for name in unreached(config, routes)]
    lines += [f"routes: warning: {text}" for text in routes.warnings]
    rules = read_rules(config.inhibit_rules, topology)
    if rules:
        lines.append(f"inhibition: {plural(len(rules), 'rule')}")
    lines += [f"inhibition: warning: {text}" for rule in rules for text in rule.warnings]
    if config.inhibition.topology:
        lines.append(
            "inhibition: by topology" + ("" if topology.edges else ", which has no edge: nothing is inhibited")
        )
    return lines


def unreached(config: Config, routes: Routes) -> list[str]:
    """Return the endpoints that are neither on a route nor the fallback of another."""
    fallbacks = {endpoint.fallback for endpoint in config.endpoints}
    return [one.name for one in config.endpoints if one.name not in routes.reached_names | fallbacks]
