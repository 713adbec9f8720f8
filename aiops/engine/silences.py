"""Silences and maintenance windows, once or recurring: they are operator actions, so a replay knows them too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from aiops.errors import UsageError
from aiops.records import Action, Alert
from aiops.records.decode import parse_time
from aiops.respond.matching import MAX_VALUE, expression

# Silences kept at once; each is evaluated on every alert that would be placed.
MAX_SILENCES = 1_000
PERIODS = {"day": 86_400.0, "week": 7 * 86_400.0}
_OPERATORS = ("=~", "!~", "!=", "=")
# `=~` and `!~` and `!=` before `=`, which each of them holds.
_WRITTEN = re.compile(r"(?P<label>[A-Za-z_][\w.-]*)(?P<op>=~|!~|!=|=)(?P<value>.*)", re.DOTALL)


class Matcher(Struct, frozen=True):
    """`label op value`, as in Prometheus: `=`, `!=`, `=~`, `!~`; an absent label is the empty text."""

    label: str
    op: str
    value: str


class Silence(Struct, frozen=True):
    """Alerts that match all matchers are suppressed from `start` to `end`, again each `every` (day or week)."""

    id: str
    matchers: tuple[Matcher, ...]
    start: float
    end: float
    every: str | None = None
    comment: str = ""

    def covers(self, at: float) -> bool:
        """Whether the silence is in force."""
        if at < self.start:
            return False
        if self.every is None:
            return at < self.end
        return (at - self.start) % PERIODS[self.every] < self.end - self.start


def read_matcher(text: str) -> Matcher:
    """A matcher as people write it; raise `UsageError` for what is none.

    >>> read_matcher("alertname=~High.*")
    Matcher(label='alertname', op='=~', value='High.*')
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise UsageError(f"expected a matcher such as service=cart or alertname=~High.*; got {text[:200]!r}")
    return Matcher(found["label"], found["op"], found["value"])


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Matchers from JSON: `[{"label": …, "op": "=", "value": …}]`; raise `UsageError` with the place.

    >>> parse_matchers('[{"label": "env", "op": "=", "value": "test"}]')
    (Matcher(label='env', op='=', value='test'),)
    """
    try:
        matchers = msgspec.json.decode(text, type=tuple[Matcher, ...])
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise UsageError(f"silence: $.args.matchers: {error}") from None
    if not matchers:
        raise UsageError(
            "silence: $.args.matchers: expected at least one matcher; an empty list would silence everything"
        )
    for matcher in matchers:
        if matcher.op not in _OPERATORS:
            raise UsageError(f"silence: $.args.matchers: expected an op of {', '.join(_OPERATORS)}; got {matcher.op!r}")
        if matcher.op in ("=~", "!~"):
            expression(matcher.value)
    return matchers


def parse_silence(action: Action) -> Silence:
    """The silence of an action; raise `UsageError` for what does not fit."""
    args = action.args
    start = _time(args, "from", action.ts)
    end = _time(args, "until", None)
    every = args.get("every") or None
    if end <= start:
        raise UsageError("silence: $.args.until: expected a time after its start")
    if every is not None and every not in PERIODS:
        raise UsageError(f"silence: $.args.every: expected day or week; got {every!r}")
    if every is not None and end - start > PERIODS[every]:
        raise UsageError(f"silence: $.args.until: expected a window no longer than the {every} after which it recurs")
    name = args.get("id") or action.id
    return Silence(name, parse_matchers(args.get("matchers", "[]")), start, end, every, action.message or "")


def _time(args: dict[str, str], name: str, default: float | None) -> float:
    text = args.get(name)
    if not text:
        if default is None:
            raise UsageError(f"silence: $.args.{name}: expected a time; got none")
        return default
    try:
        return float(text)
    except ValueError:
        return parse_time(text, f"$.args.{name}")


class Silences:
    """The silences in force or to come."""

    def __init__(self) -> None:
        self.by_id: dict[str, Silence] = {}
        self._tests: dict[str, list[Callable[[Alert, str], bool]]] = {}

    def add(self, silence: Silence) -> None:
        """Add or replace a silence; raise `UsageError` when there are too many."""
        if silence.id not in self.by_id and len(self.by_id) >= MAX_SILENCES:
            raise UsageError(f"silence: expected at most {MAX_SILENCES} silences; end some first")
        self.by_id[silence.id] = silence
        self._tests[silence.id] = [_test(matcher) for matcher in silence.matchers]

    def remove(self, name: str) -> bool:
        """End a silence; False when there is none of that name."""
        self._tests.pop(name, None)
        return self.by_id.pop(name, None) is not None

    def match(self, alert: Alert, entity: str, at: float) -> Silence | None:
        """The first silence that suppresses the alert; those that are over are dropped on the way."""
        over = None
        found = None
        for silence in self.by_id.values():
            if silence.every is None and at >= silence.end:
                over = silence.id
            elif silence.covers(at) and all(test(alert, entity) for test in self._tests[silence.id]):
                found = silence
                break
        if over is not None:
            self.remove(over)
        return found

    def in_force(self, alert: Alert, entity: str, at: float) -> Silence | None:
        """As `match`, without forgetting what is over: for a look at the engine from outside the fold."""
        for silence in self.by_id.values():
            if silence.covers(at) and all(test(alert, entity) for test in self._tests[silence.id]):
                return silence
        return None

    def dump(self) -> Any:
        """State for a snapshot."""
        return list(self.by_id.values())

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.by_id, self._tests = {}, {}
        for silence in msgspec.convert(state, list[Silence]):
            self.add(silence)


def _test(matcher: Matcher) -> Callable[[Alert, str], bool]:
    label, wanted = matcher.label, matcher.value
    if matcher.op == "=":
        return lambda alert, entity: _value(alert, entity, label) == wanted
    if matcher.op == "!=":
        return lambda alert, entity: _value(alert, entity, label) != wanted
    pattern: re.Pattern[str] = expression(wanted)
    if matcher.op == "=~":
        return lambda alert, entity: pattern.fullmatch(_value(alert, entity, label)[:MAX_VALUE]) is not None
    return lambda alert, entity: pattern.fullmatch(_value(alert, entity, label)[:MAX_VALUE]) is None


def _value(alert: Alert, entity: str, label: str) -> str:
    if label in ("name", "alertname"):
        return alert.name
    if label == "entity":
        return entity
    if label in ("service", "source", "severity"):
        return getattr(alert, label) or alert.labels.get(label, "")
    return alert.labels.get(label, "")
