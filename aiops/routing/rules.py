"""Inhibition rules: which alert inhibits which, as in Alertmanager.

A firing alert that matches the source matchers inhibits each alert that matches the target matchers and has the same
values of the `equal` labels; an absent label is the empty text. An alert that matches both sides of a rule is not
inhibited by alerts for which the same is true, itself included.

Source: https://prometheus.io/docs/alerting/latest/configuration/#inhibition-related-settings
"""

from __future__ import annotations

from collections.abc import Sequence

from aiops.engine.events import StreamLabels
from aiops.errors import UsageError
from aiops.routing.config import InhibitRule
from aiops.routing.labels import Condition, conditions, reader
from aiops.topology import Topology

# What one look-up may cost.
MAX_RULES = 500


class Rule:
    """A rule, checked and ready. `number` is its place in the file, `labels` are those that must be equal."""

    def __init__(self, rule: InhibitRule, number: int, topology: Topology, place: str) -> None:
        """Raise `UsageError` with the place of what does not fit."""
        self.number = number
        self.name = rule.name or f"rule {number + 1}"
        self.source = conditions(rule.source_matchers, topology, f"{place}.source_matchers")
        self.target = conditions(rule.target_matchers, topology, f"{place}.target_matchers")
        for key, found in (("source_matchers", self.source), ("target_matchers", self.target)):
            if not found:
                raise UsageError(f"{place}.{key}: expected at least one matcher (got none); every alert would match")
        self.labels = list(rule.equal)
        self._equal = [reader(label, topology) for label in rule.equal]

    @property
    def warnings(self) -> list[str]:
        """Return what of the matchers cannot be meant."""
        return [f"{self.name}: {one.warning}" for one in (*self.source, *self.target) if one.warning]

    def is_source(self, stream: StreamLabels) -> bool:
        """Return True if an alert matches the source matchers."""
        return _all_match(self.source, stream)

    def is_target(self, stream: StreamLabels) -> bool:
        """Return True if an alert matches the target matchers."""
        return _all_match(self.target, stream)

    def equal(self, stream: StreamLabels) -> tuple[str, ...]:
        """Return the values that source and target must share."""
        return tuple(read(stream) for read in self._equal)


def read_rules(rules: Sequence[InhibitRule], topology: Topology, place: str = "") -> list[Rule]:
    """Return the rules of a configuration; raise `UsageError` with the place of what does not fit."""
    if len(rules) > MAX_RULES:
        raise UsageError(f"{place}$.inhibit_rules: expected at most {MAX_RULES} (got {len(rules)})")
    return [Rule(rule, at, topology, f"{place}$.inhibit_rules[{at}]") for at, rule in enumerate(rules)]


def _all_match(wanted: Sequence[Condition], stream: StreamLabels) -> bool:
    return all(one.matches(stream) for one in wanted)
