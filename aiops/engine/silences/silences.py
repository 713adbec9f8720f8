"""Silences and maintenance windows, once or recurring; a replay has them too, as operator actions.

An alert that is not silenced costs one look-up for each label that silences match by a plain value, and one expression
for each 64 with nothing but expressions: 0.4 µs with a hundred of the first kind, 6 µs with a hundred of the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypedDict
from weakref import WeakValueDictionary

from msgspec import Struct
from msgspec.structs import replace

from aiops.engine.silences.schedules import Schedule
from aiops.errors import UsageError
from aiops.matchers import Matcher, Question, check, check_selective, question
from aiops.patterns import MAX_TEXT_CHARS, Expression, union
from aiops.records import Alert

# Silences kept at once. Each may hold a few expressions, and each of those up to a megabyte of states.
MAX_SILENCES, MAX_EXPRESSIONS = 1_000, 1_000
# Expressions that are matched together first; RE2's own memory bounds how many make sense.
UNION = 64
# Silences that could not be taken are remembered for people to see; the journal has them all.
MAX_SET_ASIDE = 100
# Silences that have ended are kept for people to see and to set again: as long as Alertmanager keeps them by default.
KEEP_ENDED_S, MAX_ENDED = 120 * 3600.0, 1_000
UTC = "UTC"
# Fields of an alert that senders also give as labels, in words of their own: `page` is the severity `critical`.
FIELDS = ("service", "source", "severity")

Reader = Callable[[Alert, str], str]
Test = Callable[[Alert, str], bool]


class Silence(Struct, frozen=True, omit_defaults=False):
    """Alerts that match all matchers are suppressed from `start` to `end`, again each `every`.

    What recurs follows the wall clock of `zone` (UTC without one): each day, on `weekdays`, or on `days` of the month.
    `created_by` set it at the time `updated_at`.
    """

    id: str
    matchers: tuple[Matcher, ...]
    start: float
    end: float
    every: str | None = None
    comment: str = ""
    zone: str | None = None
    weekdays: tuple[str, ...] = ()
    days: tuple[int, ...] = ()
    created_by: str = ""
    updated_at: float = 0.0

    def recurrence(self) -> str:
        """Return when it recurs, for people; empty where it does not.

        >>> Silence("s", (), 0.0, 60.0, "week", zone="Europe/Berlin", weekdays=("mon", "tue")).recurrence()
        'each week on mon, tue (Europe/Berlin)'
        """
        if self.every is None:
            return ""
        days = ["last day" if day < 0 else str(day) for day in self.days]
        listed = ", ".join(self.weekdays or days)
        return f"each {self.every}{f' on {listed}' if listed else ''} ({self.zone or UTC})"

    def schedule(self) -> Schedule | None:
        """Return when it recurs; None for one that does not. Raise `UsageError` for what no schedule fits."""
        if self.every is None:
            return None
        return Schedule(self.start, self.end, self.every, self.zone or UTC, (*self.weekdays, *self.days))


class _Entry:
    """A prepared silence: its conditions, the matcher that finds it, and the next end of its coverage."""

    __slots__ = ("expressions", "key", "next_end", "next_start", "order", "questions", "schedule", "silence")

    def __init__(self, silence: Silence, order: int, expression: Callable[[str], Expression]) -> None:
        self.silence = silence
        self.order = order
        self.schedule = silence.schedule()
        self.next_end = silence.end
        self.next_start = math.inf
        # The first that requires a value; an absent label would be found by nearly all alerts.
        plain = [matcher for matcher in silence.matchers if matcher.op == "=" and matcher.value]
        patterns = [matcher for matcher in silence.matchers if matcher.op == "=~"]
        self.key = next(iter([*plain, *patterns]), None)
        self.expressions = {matcher.value for matcher in silence.matchers if matcher.op in ("=~", "!~")}
        self.questions = [
            test_of(matcher, question(matcher, expression))
            for matcher in silence.matchers
            if matcher is not self.key or matcher.op != "="
        ]

    def covers(self, at: float) -> bool:
        silence = self.silence
        if at < silence.start:
            return False
        if self.schedule is None:
            return at < silence.end
        start, end = self.schedule.occurrence(at)
        return start <= at < end

    def holds(self, alert: Alert, entity: str, at: float) -> bool:
        """Return true if it is in force and all of its other matchers match; it was found by the first one."""
        if not self.covers(at):
            return False
        return all(matches(alert, entity) for matches in self.questions)

    def end_after(self, at: float) -> float:
        """Return when its coverage ends next after a time."""
        return self.silence.end if self.schedule is None else self.schedule.find(at)[1]

    def start_after(self, at: float) -> float:
        """Return when its coverage begins next after a time; infinity if it does not."""
        start = self.silence.start
        if start > at:
            return start
        if self.schedule is None:
            return math.inf
        start, end = self.schedule.find(at)
        return start if start > at else self.schedule.find(end)[0]


class SilencesState(TypedDict):
    """The state of `Silences` in snapshots: each with when its coverage ends and begins next."""

    silences: list[tuple[Silence, float, float]]
    past: list[Silence]
    set_aside: list[tuple[str, str]]


class Silences:
    """The silences in force or to come.

    `next_end` is when the coverage of one ends next, each occurrence of a recurring one included; infinite without any;
    `next_start` is when that of one begins next.
    `set_aside` holds what could not be taken, with the reason, by the silence's id. `past` holds those that ended, in
    the order of their ends.
    """

    STATE: ClassVar[Any] = SilencesState

    def __init__(self) -> None:
        self.by_id: dict[str, Silence] = {}
        self.set_aside: dict[str, str] = {}
        self.past: dict[str, Silence] = {}
        self.next_end = math.inf
        self.next_start = math.inf
        self._entries: dict[str, _Entry] = {}
        self._order = 0
        self._index = _Index()
        # Whether what is set has changed since the index was made.
        self._is_stale = False
        self._expressions: WeakValueDictionary[str, Expression] = WeakValueDictionary()

    def add(self, silence: Silence, now: float = 0.0) -> None:
        """Add or replace a silence.

        Raise `UsageError`, and change nothing, if it is invalid or one too many.
        """
        old = self._entries.get(silence.id)
        if old is None and len(self._entries) >= MAX_SILENCES:
            raise UsageError(f"silence: {MAX_SILENCES} are set, and no more are taken; end some first")
        entry = _Entry(silence, self._order if old is None else old.order, self._expression)
        others = [one.expressions for one in self._entries.values() if one is not old]
        if len(entry.expressions.union(*others)) > MAX_EXPRESSIONS:
            raise UsageError(f"silences: {MAX_EXPRESSIONS} expressions are held, and no more are taken; end some first")
        entry.next_end = entry.end_after(max(now, silence.start))
        entry.next_start = entry.start_after(now)
        self._order += old is None
        self._entries[silence.id] = entry
        self.by_id[silence.id] = silence
        self.set_aside.pop(silence.id, None)
        self.past.pop(silence.id, None)
        self._changed()

    def remove(self, name: str, now: float = 0.0) -> bool:
        """End a silence at a time; False when there is none of that name."""
        if self._entries.pop(name, None) is None:
            return False
        silence = self.by_id.pop(name)
        # It ended before it began, or in the occurrence that is running.
        self._keep(replace(silence, start=min(silence.start, now), end=now, every=None, weekdays=(), days=()), now)
        self._changed()
        return True

    def _keep(self, silence: Silence, now: float) -> None:
        """Keep a silence that has ended, for a bounded time."""
        self.past[silence.id] = silence
        kept = [one for one in self.past.values() if one.end >= now - KEEP_ENDED_S]
        self.past = {one.id: one for one in kept[-MAX_ENDED:]}

    def refuse(self, name: str, reason: str) -> None:
        """Remember that a silence could not be taken, and why; the oldest is forgotten first."""
        if name not in self.set_aside and len(self.set_aside) >= MAX_SET_ASIDE:
            del self.set_aside[next(iter(self.set_aside))]
        self.set_aside[name] = reason

    def match(self, alert: Alert, entity: str, at: float) -> Silence | None:
        """Return the first silence, in the order in which they were set, that suppresses the alert."""
        self._renew()
        found: _Entry | None = None
        for entries in self._index.candidates(alert, entity):
            for entry in entries:
                if (found is None or entry.order < found.order) and entry.holds(alert, entity, at):
                    found = entry
        return None if found is None else found.silence

    def matching(self, alert: Alert, entity: str, at: float) -> list[str]:
        """Return the ids of all silences that suppress the alert, in the order in which they were set."""
        if not self._entries:
            return []
        self._renew()
        found = {
            entry.order: entry.silence.id
            for entries in self._index.candidates(alert, entity)
            for entry in entries
            if entry.holds(alert, entity, at)
        }
        return [found[order] for order in sorted(found)]

    def ended(self, now: float) -> list[Silence]:
        """Return the silences whose coverage ended since the last call."""
        if now < self.next_end:
            return []
        over = [entry for entry in self._entries.values() if entry.next_end <= now]
        for entry in over:
            if entry.schedule is None:
                del self._entries[entry.silence.id], self.by_id[entry.silence.id]
                self._keep(entry.silence, now)
            else:
                entry.next_end = entry.end_after(now)
        self._changed()
        return [entry.silence for entry in over]

    def begun(self, now: float) -> bool:
        """Return true if the coverage of one began since the last call; call when `next_start` has come."""
        if now < self.next_start:
            return False
        for entry in self._entries.values():
            if entry.next_start <= now:
                entry.next_start = entry.start_after(now)
        self._changed()
        return True

    def end_of(self, name: str, at: float) -> float:
        """Return when the coverage of a silence that is set ends next after a time."""
        return self._entries[name].end_after(at)

    def set_back(self, now: float) -> None:
        """Compute coverage again: engine time was set back."""
        for entry in self._entries.values():
            entry.next_end = entry.end_after(max(now, entry.silence.start))
            entry.next_start = entry.start_after(now)
        self._changed()

    def dump(self) -> SilencesState:
        """State for a snapshot."""
        return {
            "silences": [(entry.silence, entry.next_end, entry.next_start) for entry in self._entries.values()],
            "past": list(self.past.values()),
            "set_aside": list(self.set_aside.items()),
        }

    def load(self, state: SilencesState) -> None:
        """Load the state of a `dump`; a silence that this build cannot match is set aside."""
        self.by_id, self._entries, self._order = {}, {}, 0
        self.set_aside = {}
        set_aside = dict(state["set_aside"])
        self.past = {silence.id: silence for silence in state["past"]}
        for silence, next_end, next_start in state["silences"]:
            try:
                check(silence.matchers)
                check_selective(silence.matchers)
                self.add(silence)
            except UsageError as error:
                self.refuse(silence.id, str(error))
            else:
                entry = self._entries[silence.id]
                entry.next_end, entry.next_start = next_end, next_start
        # A silence may hold while a later one of its id was refused.
        self.set_aside = {**set_aside, **self.set_aside}
        self._changed()

    def _renew(self) -> None:
        """Make the index again if what is set has changed."""
        if not self._is_stale:
            return
        self._index = _Index()
        for entry in self._entries.values():
            self._index.add(entry)
        self._index.close(self._expression)
        self._is_stale = False

    def _expression(self, pattern: str) -> Expression:
        known = self._expressions.get(pattern)
        if known is None:
            known = self._expressions[pattern] = Expression(pattern)
        return known

    def _changed(self) -> None:
        self._is_stale = True
        self.next_end = min((entry.next_end for entry in self._entries.values()), default=math.inf)
        self.next_start = min((entry.next_start for entry in self._entries.values()), default=math.inf)


class _Index:
    """Silences by their first condition: a plain value of a label, an expression on a label, or neither."""

    __slots__ = ("_expressions", "_others", "_plain", "_unions")

    def __init__(self) -> None:
        self._plain: dict[str, tuple[Reader, dict[str, list[_Entry]]]] = {}
        self._expressions: dict[str, list[_Entry]] = {}
        self._unions: list[tuple[Reader, Expression, list[_Entry]]] = []
        self._others: list[_Entry] = []

    def add(self, entry: _Entry) -> None:
        """Sort in one."""
        key = entry.key
        if key is None:
            self._others.append(entry)
        elif key.op == "=":
            _, by_value = self._plain.setdefault(key.label, (reader(key.label), {}))
            if key.label in FIELDS:
                self._plain.setdefault(f"label {key.label}", (label_reader(key.label), by_value))
            by_value.setdefault(key.value, []).append(entry)
        else:
            self._expressions.setdefault(key.label, []).append(entry)

    def close(self, expression: Callable[[str], Expression]) -> None:
        """Put the expressions on one label together; after the last `add`."""
        for label, entries in self._expressions.items():
            parts = [entries[at : at + UNION] for at in range(0, len(entries), UNION)]
            while parts:
                part = parts.pop()
                # An entry of this table has a key.
                patterns = [expression(entry.key.value) for entry in part if entry.key is not None]
                try:
                    together = union(patterns) if len(part) > 1 else patterns[0]
                except UsageError:
                    half = len(part) // 2
                    parts += [part[:half], part[half:]]
                else:
                    self._unions.append((reader(label), together, part))
                    if label in FIELDS:
                        self._unions.append((label_reader(label), together, part))

    def candidates(self, alert: Alert, entity: str) -> Iterator[Sequence[_Entry]]:
        """Return those that may match an alert."""
        for read, by_value in self._plain.values():
            found = by_value.get(read(alert, entity))
            if found is not None:
                yield found
        for read, expression, entries in self._unions:
            value = read(alert, entity)
            if len(value) <= MAX_TEXT_CHARS and expression.matches(value):
                yield entries
        if self._others:
            yield self._others


def selector(matchers: Iterable[Matcher]) -> Callable[[Alert, str], bool]:
    """Return the test whether an alert, with its entity, matches all matchers."""
    tests = [test_of(matcher, question(matcher)) for matcher in matchers]
    return lambda alert, entity: all(matches(alert, entity) for matches in tests)


def test_of(matcher: Matcher, matches: Question) -> Test:
    """Return the test of an alert for a matcher.

    A field is matched by its own word and by the sender's; neither may match what is excluded.
    """
    read = reader(matcher.label)
    if matcher.label not in FIELDS:
        return lambda alert, entity: matches(read(alert, entity))
    word = label_reader(matcher.label)
    decides = all if matcher.op.startswith("!") else any
    return lambda alert, entity: decides(
        map(matches, {read(alert, entity), word(alert, entity) or read(alert, entity)})
    )


def reader(label: str) -> Reader:
    """Return how a label of an alert is read; the second argument is the alert's entity."""
    if label in ("name", "alertname"):
        return lambda alert, entity: alert.name
    if label == "entity":
        return lambda alert, entity: entity
    if label in FIELDS:
        return lambda alert, entity: getattr(alert, label) or alert.labels.get(label, "")
    return lambda alert, entity: alert.labels.get(label, "")


def label_reader(label: str) -> Reader:
    """Return how the sender's own label is read."""
    return lambda alert, entity: alert.labels.get(label, "")
