"""Expectations: what the configuration and the senders declare of a stream, `expected_every`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from aiops.durations import Duration, seconds
from aiops.engine.heartbeats.config import ExpectedConfig, HeartbeatConfig
from aiops.engine.silences.silences import selector
from aiops.errors import UsageError
from aiops.matchers import Matcher, check_selective, read_matchers
from aiops.records import Alert, Severity
from aiops.records.severity import LABELS
from aiops.wording import duration

# Time is judged every 5 s; and what comes more rarely than once a month is no heartbeat.
MIN_S, MAX_S = 30.0, 31 * 86_400.0
# Each is looked at for every alert that is not ruled out by its name, .2 µs each.
MAX_EXPECTED = 100
# The alert of a stream whose sender declared the expectation; as severe as the default of the configuration.
DECLARED = Severity.HIGH.label
_NAMES = ("alertname", "name")


class Expected:
    """One expectation: `text` is its matchers, `every_s` the longest silence."""

    def __init__(self, config: ExpectedConfig, place: str) -> None:
        """Raise `UsageError` with the place of what does not fit."""
        self.place = place
        self.every_s = _every(config.every, f"{place}.every")
        self.severity = config.severity
        if config.severity not in LABELS[1:]:
            raise UsageError(f"{place}.severity: expected critical, high, warning or info; got {config.severity!r}")
        try:
            matchers = [one for text in config.matchers for one in read_matchers(text)]
            check_selective(matchers)
        except UsageError as error:
            raise UsageError(f"{place}.matchers: {error}") from None
        self.text = ", ".join(map(str, matchers))
        self.name = _value(matchers, _NAMES)
        self.entity = _value(matchers, ("entity", "service")) or self.name or self.text
        self.matches = selector(matchers)


class Expectations:
    """The expectations of a configuration, by the alert names that they need; `of` is pure."""

    def __init__(self, config: HeartbeatConfig) -> None:
        if len(config.expected) > MAX_EXPECTED:
            raise UsageError(f"$.heartbeats.expected: expected at most {MAX_EXPECTED}; got {len(config.expected)}")
        self.label = config.label
        self.all: list[Expected] = []
        for at, given in enumerate(config.expected):
            one = Expected(given, f"$.heartbeats.expected[{at}]")
            if self.named(one.text) is not None:
                raise UsageError(f"{one.place}.matchers: expected others than those of an earlier one; got {one.text}")
            self.all.append(one)
        self._any = [one for one in self.all if one.name is None]
        names = dict.fromkeys(one.name for one in self.all if one.name is not None)
        self._by_name = {name: [one for one in self.all if one.name in (name, None)] for name in names}

    def of(self, alert: Alert, entity: str) -> Expected | None:
        """Return the first expectation that matches an alert."""
        for one in self._by_name.get(alert.name, self._any):
            if one.matches(alert, entity):
                return one
        return None

    def named(self, text: str) -> Expected | None:
        """Return the expectation with these matchers."""
        return next((one for one in self.all if one.text == text), None)

    def declared(self, alert: Alert) -> str | None:
        """Return what the sender declares, in a label or an annotation."""
        return alert.labels.get(self.label) or alert.annotations.get(self.label)


def declared_s(text: str) -> float:
    """Return the seconds of a declared expectation; raise `UsageError` for another text.

    >>> declared_s("10m")
    600.0
    """
    return _every(text, "expected_every")


def _every(text: str, place: str) -> float:
    try:
        length_s = seconds(msgspec.convert(text, Duration))
    except msgspec.ValidationError:
        raise UsageError(f"{place}: expected a duration such as 90s, 10m or 1d; got {text[:80]!r}") from None
    if not MIN_S <= length_s <= MAX_S:
        raise UsageError(f"{place}: expected {duration(MIN_S)} to {duration(MAX_S)}; got {text!r}")
    return length_s


def _value(matchers: Sequence[Matcher], labels: Sequence[str]) -> str | None:
    """Return the value that one of the labels must have."""
    return next((one.value for one in matchers if one.label in labels and one.op == "=" and one.value), None)
