"""The labels of an alert as matchers of routes and inhibition rules read them.

What an alert lacks is read from its node in the topology: that of its entity, else of its workload, else of its
service. `owner` is the label `owner`, else `team`, of the alert, then of the node.

As in silences, `severity`, `service` and `source` are matched by the field and by the label of the sender: one of them
must match, and neither may match what is excluded. The field `severity` matches by level: `page` and `critical` are
one, and an expression matches a level if it matches any word for it.
"""

from __future__ import annotations

from collections.abc import Callable

from aiops.engine.events import StreamLabels
from aiops.errors import UsageError
from aiops.matchers import MAX_MATCHERS, Matcher, question, read_matchers
from aiops.records import LABELS
from aiops.records.severity import LEVELS, find_severity
from aiops.topology import Topology

OWNER = ("owner", "team")
# Labels that are fields of an alert, too.
FIELDS = ("severity", "service", "source")
# Stands for a label that the sender did not send: the field alone counts then.
_NO_WORD = "\0"
Read = Callable[[StreamLabels], str]
Test = Callable[[StreamLabels], bool]


class Condition:
    """A matcher with the way it reads an alert. `warning` is what of it cannot be meant."""

    __slots__ = ("matcher", "matches", "read", "warning")

    def __init__(self, matcher: Matcher, topology: Topology) -> None:
        """Raise `UsageError` for an invalid expression."""
        self.matcher = matcher
        self.read = reader(matcher.label, topology)
        self.warning = ""
        if matcher.label not in FIELDS:
            test, read = question(matcher), self.read
            self.matches: Test = lambda stream: test(read(stream))
            return
        levels, is_met = _of_field(matcher, self.read)
        self.matches = (lambda stream: not is_met(stream)) if matcher.op.startswith("!") else is_met
        if matcher.label == "severity" and not levels:
            self.warning = f"{matcher}: no level has this word; it matches the sender's own label alone"

    def __str__(self) -> str:
        """Return the matcher as text."""
        return str(self.matcher)


def conditions(texts: list[str], topology: Topology, place: str) -> list[Condition]:
    """Return the conditions of a list of matchers; raise `UsageError` with the place of a wrong one."""
    found: list[Condition] = []
    for number, text in enumerate(texts):
        try:
            found += [Condition(one, topology) for one in read_matchers(text)]
        except UsageError as error:
            raise UsageError(f"{place}[{number}]: {error}") from None
    if len(found) > MAX_MATCHERS:
        raise UsageError(f"{place}: expected at most {MAX_MATCHERS} matchers; got {len(found)}")
    return found


def reader(label: str, topology: Topology) -> Read:
    """Return how a label is read."""
    if label in ("name", "alertname"):
        return lambda stream: stream.name
    if label == "entity":
        return lambda stream: stream.entity
    if label == "workload":
        return lambda stream: stream.workload
    if label == "severity":
        return lambda stream: LABELS[stream.severity]
    if label == "source":
        return lambda stream: stream.source or stream.labels.get("source", "")
    names = OWNER if label == "owner" else (label,)
    if label == "service":
        return lambda stream: stream.service or found(stream, names, topology)
    return lambda stream: found(stream, names, topology)


def found(stream: StreamLabels, names: tuple[str, ...], topology: Topology) -> str:
    """Return the first of the labels that the alert has, else the first that its node has; empty for none."""
    labels = stream.labels
    for name in names:
        value = labels.get(name)
        if value:
            return value
    nodes = topology.nodes
    for place in (stream.entity, stream.workload, stream.service):
        node = nodes.get(place) if place else None
        for name in names if node is not None else ():
            value = node.labels.get(name)  # type: ignore[union-attr]
            if value:
                return value
    return ""


def _of_field(matcher: Matcher, read: Read) -> tuple[frozenset[int], Test]:
    """Return the levels and the test of what a matcher of a field matches, or excludes."""
    label = matcher.label
    wanted = question(Matcher(label, matcher.op.replace("!~", "=~").replace("!=", "="), matcher.value))
    if label == "severity":
        levels = _levels(matcher, wanted)
        return levels, lambda stream: stream.severity in levels or wanted(stream.labels.get(label, _NO_WORD))
    return frozenset(), lambda stream: wanted(read(stream)) or wanted(stream.labels.get(label, _NO_WORD))


def _levels(matcher: Matcher, wanted: Callable[[str], bool]) -> frozenset[int]:
    """Return the levels that a matcher of `severity` matches, or excludes."""
    if matcher.op in ("=", "!="):
        level = find_severity(matcher.value)
        return frozenset() if level is None else frozenset((int(level),))
    return frozenset(int(level) for word, level in LEVELS.items() if wanted(word))
