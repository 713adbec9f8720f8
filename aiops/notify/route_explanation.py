"""Explanation of routes: where an alert would go at a time, and why."""

from __future__ import annotations

from math import inf

from msgspec import Struct

from aiops.engine.events import StreamLabels
from aiops.notify.routes import Destination, Routes
from aiops.records import LABELS, parse_severity
from aiops.routing.rules import Rule
from aiops.routing.tree import Step


class Outcome(Struct, frozen=True, kw_only=True):
    """The result at an endpoint that an alert reaches.

    `due_at` is when its opening would leave, in Unix seconds; None where it never does. `reason` is what delays or
    prevents it.
    """

    endpoint: str
    routes: list[str]
    is_notified: bool
    due_at: float | None
    settle_s: float
    reason: str = ""


class Inhibitor(Struct, frozen=True, kw_only=True):
    """A rule by which an alert may be inhibited: what would have to fire."""

    rule: str
    source_matchers: list[str]
    equal: dict[str, str]


class Explanation(Struct, frozen=True, kw_only=True):
    """The way of an alert through the tree, and where it ends.

    `at` is in Unix seconds. Without a tree there are no `steps`: each endpoint gets every incident of its severity.
    """

    at: float
    steps: list[Step]
    endpoints: list[Outcome]
    inhibitors: list[Inhibitor]


def explain(routes: Routes, rules: list[Rule], stream: StreamLabels, at: float) -> Explanation:
    """Return where an alert would go if an incident of it opened at a time."""
    reached = [_outcome(one, stream, at) for one in routes.destinations([stream]) if one.opens]
    inhibitors = [
        Inhibitor(
            rule=rule.name,
            source_matchers=[str(one) for one in rule.source],
            equal=dict(zip(rule.labels, rule.equal(stream), strict=True)),
        )
        for rule in rules
        if rule.is_target(stream)
    ]
    return Explanation(at=at, steps=routes.steps(stream), endpoints=reached, inhibitors=inhibitors)


def _outcome(aim: Destination, stream: StreamLabels, at: float) -> Outcome:
    settle_s = aim.config.settles(LABELS[stream.severity])
    due_at = aim.next_open(at + settle_s)
    reason = ""
    is_notified = True
    if stream.severity < parse_severity(aim.config.min_severity):
        is_notified, reason = False, f"{LABELS[stream.severity]} is below min_severity = {aim.config.min_severity}"
    elif due_at == inf:
        is_notified, reason = False, f"{_closed(aim, at + settle_s)}, for more than a year"
    elif due_at > at + settle_s:
        reason = _closed(aim, at + settle_s)
    return Outcome(
        endpoint=aim.config.name,
        routes=[node.place for node in aim.nodes],
        is_notified=is_notified,
        due_at=due_at if is_notified else None,
        settle_s=settle_s,
        reason=reason,
    )


def _closed(aim: Destination, at: float) -> str:
    return "; ".join(dict.fromkeys(node.gate.closed_by(at) for node in aim.nodes))
