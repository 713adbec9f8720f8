"""Heartbeats: a stream that is expected and does not come opens an alert of its own.

The alert ends when the stream comes again.

An expectation is declared in the configuration, declared by the sender in a label, or learned of a stream that always
comes. Time is that of the clock records (ticks): without them, as in an archive of alerts alone, nothing is judged. A
time in which nothing could be received (`absences`) does not count. Streams that went silent together are one alert
(`outages`).

Cost: .2 µs for an alert that nothing expects. A queue holds one valid entry for each stream, moved on when it is due
and the stream has come since.
"""

from __future__ import annotations

import heapq
from math import inf
from typing import Any, ClassVar, TypedDict

from aiops.engine.arrival import Arrival
from aiops.engine.dedup.stream import Stream, entity_of
from aiops.engine.heartbeats.absences import ALL, Absences, AbsencesState
from aiops.engine.heartbeats.beat import FORGET_S, Beat, end_of, silence_of
from aiops.engine.heartbeats.config import HeartbeatConfig
from aiops.engine.heartbeats.expectations import DECLARED, Expectations, Expected, declared_s
from aiops.engine.heartbeats.outages import FEW, TOGETHER_S, Outage, Outages, report
from aiops.engine.heartbeats.regularity import Pace, Paces
from aiops.errors import UsageError
from aiops.records import Alert, Severity, Tick

# Any sender can declare an expectation of its own; a site has tens of heartbeats. About 1 KB each.
MAX_BEATS = 10_000
# A learned expectation is a guess: its alert waits for others, or until it has lasted, as a lone warning does.
_LEARNED = Severity.WARNING.label
# Streams that are judged at one tick: a second of work at most, and all of `MAX_BEATS` within a minute.
MAX_JUDGED = 1_000
# The first of many streams waits for the others, which are due over one interval of their senders: half a minute, and
# at most a twentieth of what it is expected within.
WAIT_S, WAIT_SHARE = 30.0, 0.05
# Beginnings of keys; those of other beats are fingerprints.
_RULE, _FAMILY = "rule ", "learned "


class HeartbeatsState(TypedDict):
    """The state of `Heartbeats` in snapshots."""

    beats: list[Beat]
    returned: list[str]
    absorbed: list[str]
    outages: list[Outage]
    paces: list[Pace]
    absences: AbsencesState
    unmatched: list[str]
    begun: list[str]
    refused: int


class Heartbeats:
    """The streams that are expected, bounded; `see` takes what comes, `due` returns what did not.

    `texts` are sentences for people about expectations that were refused; the host takes them.
    """

    STATE: ClassVar[Any] = HeartbeatsState

    def __init__(self, config: HeartbeatConfig | None = None) -> None:
        """Raise `UsageError` for expectations that do not fit."""
        self.config = config = config or HeartbeatConfig()
        self.expectations = Expectations(config)
        self.absences = Absences()
        self.refused = 0
        self.texts: list[str] = []
        self._beats: dict[str, Beat] = {}
        self._queue: list[tuple[float, str]] = []
        # Silent streams that came again, whose alert is to be ended.
        self._returned: dict[str, None] = {}
        # Silent streams that became a part of an outage, whose own alert is to be ended.
        self._absorbed: dict[str, None] = {}
        self._outages = Outages()
        self._paces = Paces(config.streams)
        # Expectations of the configuration that no stream has matched so far, and those that were there at a tick.
        self._unmatched: dict[str, None] = {}
        self._begun: dict[str, None] = {}

    def see(self, arrival: Arrival) -> None:
        """Take in an alert that deduplication has admitted."""
        alert, stream = arrival.alert, arrival.stream
        if alert.status != "firing" and not stream.firing:
            # An end is no sign of life of a heartbeat, and the orderly end of any other stream.
            if stream.name in self._paces.names:
                self._end(stream)
            return
        expected = self.expectations.of(alert, stream.entity)
        declared = self.expectations.declared(alert) if alert.labels or alert.annotations else None
        if expected is not None:
            self._expect(stream, alert, arrival.now, expected)
        elif declared:
            self._declare(stream, alert, arrival.now, declared)
        elif arrival.severity <= Severity.INFO and self.config.learned:
            self._learn(stream, alert, arrival.now)
        elif stream.name in self._paces.names:
            self._end(stream)

    def is_sign(self, alert: Alert) -> bool:
        """Return True for an alert that is expected to come: a sign of life, and no trouble of its own."""
        if self.expectations.declared(alert):
            return True
        return bool(self.expectations.all) and self.expectations.of(alert, entity_of(alert)) is not None

    def _expect(self, stream: Stream, alert: Alert, now: float, expected: Expected) -> None:
        if expected.text in self._unmatched:
            del self._unmatched[expected.text]
            self._matched(_rule(expected.text))
        beat = self._beat(stream.fingerprint, stream, alert)
        if beat is not None:
            beat.rule, beat.every_s, beat.severity = expected.text, expected.every_s, expected.severity
            self._move(beat, now)

    def _declare(self, stream: Stream, alert: Alert, now: float, text: str) -> None:
        try:
            every_s = declared_s(text)
        except UsageError as error:
            self._refuse(f"{alert.name[:200]}: {error}; it is not watched")
            return
        beat = self._beat(stream.fingerprint, stream, alert)
        if beat is not None:
            beat.rule, beat.every_s, beat.severity = "", every_s, DECLARED
            self._move(beat, now)

    def _learn(self, stream: Stream, alert: Alert, now: float) -> None:
        key = _family(stream)
        known = self._paces.of(key)
        missed_s = 0.0 if known is None else self.absences.missed_s(stream.source or ALL, known.last_at, now)
        pace = self._paces.see(key, stream.name, now, missed_s)
        beat = self._beats.get(key)
        if not pace.is_regular and not (beat is not None and beat.is_silent):
            self._beats.pop(key, None)
            return
        beat = self._beat(key, stream, alert)
        if beat is not None:
            beat.every_s, beat.severity = pace.silent_s, _LEARNED
            self._move(beat, now)

    def _beat(self, key: str, stream: Stream, alert: Alert) -> Beat | None:
        """Return the beat of a key, a new one if there is room."""
        beat = self._beats.get(key)
        if beat is None:
            if len(self._beats) >= MAX_BEATS:
                self._refuse(f"{alert.name[:200]}: more than {MAX_BEATS:,} streams are expected; it is not watched")
                return None
            labels = {name: text for name, text in alert.labels.items() if name != self.expectations.label}
            beat = self._open(key, stream.name, stream.entity, stream.service, labels)
            beat.source = stream.source or ALL
        return beat

    def _open(self, key: str, name: str, entity: str, service: str | None, labels: dict[str, str]) -> Beat:
        beat = self._beats[key] = Beat()
        beat.key, beat.name, beat.entity, beat.service = key, name, entity, service
        beat.source, beat.labels, beat.rule = ALL, labels, ""
        return beat

    def _move(self, beat: Beat, now: float) -> None:
        """Move the deadline of a beat that came on."""
        if beat.outage:
            self._outages.leave(beat)
            beat.is_silent = False
            beat.due_at = inf
        elif beat.is_silent:
            self._returned[beat.key] = None
        beat.last_at = now
        self._schedule(beat, now + beat.every_s)

    def _schedule(self, beat: Beat, at: float) -> None:
        """See that the beat's entry in the queue comes no later than its deadline; mostly it is there already."""
        if at < beat.due_at:
            beat.due_at = at
            heapq.heappush(self._queue, (at, beat.key))
            if len(self._queue) > 2 * len(self._beats) + 64:
                self._queue = [(one.due_at, one.key) for one in self._beats.values() if one.due_at < inf]
                heapq.heapify(self._queue)

    def _matched(self, key: str) -> None:
        """End the expectation of a rule itself: a stream has matched it."""
        beat = self._beats.get(key)
        if beat is not None and beat.is_silent:
            self._returned[key] = None
        elif beat is not None:
            del self._beats[key]

    def _end(self, stream: Stream) -> None:
        """Forget what was learned of a stream that ended in order, or that reports a problem."""
        key = _family(stream)
        self._paces.forget(key)
        beat = self._beats.get(key)
        if beat is not None and not beat.is_silent:
            del self._beats[key]

    def _refuse(self, text: str) -> None:
        """Count a refused expectation; the first is reported, the tenth, the hundredth and so on."""
        self.refused += 1
        if str(self.refused).strip("0") == "1":
            times = "" if self.refused == 1 else f" ({self.refused} times so far)"
            self.texts.append(f"{text}{times}")

    def clock(self, tick: Tick) -> None:
        """Take in a clock record: the daemon listens, except to the sources that it names."""
        self.absences.clock(tick)

    def due(self, now: float) -> Alert | None:
        """Return the next alert that silence makes due, or the end of one; at most one for each tick.

        The alert of a tick takes the tick's number for its cluster, so there is room for one. Streams that went silent
        together are one alert (`outages`).
        """
        self._begin(now)
        return self._end_returned(now) or self._silence(now) or self._outages.due(now) or self._end_absorbed(now)

    def _end_returned(self, now: float) -> Alert | None:
        while self._returned:
            key = next(iter(self._returned))
            del self._returned[key]
            beat = self._beats.get(key)
            if beat is not None and beat.is_silent:
                return self._return(beat, now)
        return None

    def _end_absorbed(self, now: float) -> Alert | None:
        while self._absorbed:
            key = next(iter(self._absorbed))
            del self._absorbed[key]
            beat = self._beats.get(key)
            if beat is not None:
                return end_of(beat, now, "is one of many that went silent together" if beat.outage else "came again")
        return None

    def _silence(self, now: float) -> Alert | None:
        """Return the alert of what is due: of streams that went silent together, or of the first one."""
        fresh = [beat for beat in self._overdue(now) if not self._joins(beat, now)]
        if not fresh:
            return None
        alone = self._alone(now)
        made = self._outages.form(fresh, alone, self._beats.values(), now)
        self._absorbed.update((beat.key, None) for beat in alone if beat.outage)
        single = next((beat for beat in fresh if made is None and self._has_waited(beat, now)), None)
        for beat in fresh:
            if beat.outage or beat is single:
                self._open_silence(beat, now)
            else:
                # It has its turn at one of the next ticks.
                heapq.heappush(self._queue, (beat.due_at, beat.key))
        if made is not None:
            return report(made, now)
        return silence_of(single, now, self._origin(single)) if single is not None else None

    def _has_waited(self, beat: Beat, now: float) -> bool:
        """Return True if a stream that is due need not wait for others that would make an outage with it."""
        return len(self._beats) < FEW or now - beat.due_at >= min(WAIT_S, WAIT_SHARE * beat.every_s)

    def _joins(self, beat: Beat, now: float) -> bool:
        if not self._outages.join(beat, now):
            return False
        self._open_silence(beat, now)
        return True

    def _alone(self, now: float) -> list[Beat]:
        """Return the streams that have gone silent one by one a short while ago."""
        found = [beat for beat in self._beats.values() if beat.is_silent and not beat.outage]
        return [beat for beat in found if now - beat.silent_at <= TOGETHER_S and beat.key not in self._returned]

    def _open_silence(self, beat: Beat, now: float) -> None:
        beat.is_silent, beat.silent_at, beat.due_at = True, now, inf
        self._schedule(beat, now + FORGET_S)

    def _overdue(self, now: float) -> list[Beat]:
        """Return the streams that are silent and have no alert yet, at most `MAX_JUDGED`."""
        found: list[Beat] = []
        while self._queue and self._queue[0][0] <= now and len(found) < MAX_JUDGED:
            at, key = heapq.heappop(self._queue)
            beat = self._beats.get(key)
            if beat is not None and at == beat.due_at and self._is_overdue(beat, now):
                found.append(beat)
        return found

    def _return(self, beat: Beat, now: float) -> Alert:
        beat.is_silent = False
        is_expected = self._is_expected(beat)
        if not is_expected:
            del self._beats[beat.key]
        is_back = is_expected or beat.key.startswith(_RULE)
        return end_of(beat, now, "came again" if is_back else "is expected no more")

    def _is_overdue(self, beat: Beat, now: float) -> bool:
        """Return True for a beat that is silent; False if it has come, was cut off, or is forgotten."""
        # The alert of a silent one has ended by its lease.
        if beat.is_silent or not self._is_expected(beat):
            self._outages.leave(beat)
            del self._beats[beat.key]
            return False
        at = beat.last_at + beat.every_s + self.absences.missed_s(beat.source, beat.last_at, now)
        if at > now:
            beat.due_at = inf
            self._schedule(beat, at)
            return False
        beat.due_at = at
        return True

    def _origin(self, beat: Beat) -> str:
        """Return where an expectation comes from, for people."""
        if beat.key.startswith(_RULE):
            return f"configuration: {beat.rule}; no alert has matched it so far"
        if beat.rule:
            return f"configuration: {beat.rule}"
        pace = self._paces.of(beat.key)
        return f"declared by the sender: {self.expectations.label}" if pace is None else f"learned: {pace.sentence()}"

    def _is_expected(self, beat: Beat) -> bool:
        """Return True unless its rule has left the configuration, or waits no more for its first stream."""
        if beat.key.startswith(_RULE):
            return beat.rule in self._unmatched
        return not beat.rule or self.expectations.named(beat.rule) is not None

    def _begin(self, now: float) -> None:
        """Expect the first stream of each rule, from the first tick on that the rule is there."""
        if len(self._begun) == len(self.expectations.all):
            return
        for one in self.expectations.all:
            if one.text in self._begun:
                continue
            self._begun[one.text] = None
            if any(beat.rule == one.text for beat in self._beats.values()):
                continue
            self._unmatched[one.text] = None
            beat = self._open(_rule(one.text), one.name or one.text, one.entity, None, {})
            beat.rule, beat.every_s, beat.severity = one.text, one.every_s, one.severity
            self._move(beat, now)

    def finish(self, has_ticks: bool) -> None:
        """Report at the end of an input whether what is declared could be judged."""
        if not has_ticks and (self.expectations.all or any(not _is_learned(key) for key in self._beats)):
            self.texts.append("expected streams were not judged: the input has no clock records (ticks)")

    def accounts(self) -> dict[str, Any]:
        """Return how many streams are expected, learned, silent and refused; and the senders that are away."""
        learned = sum(map(_is_learned, self._beats))
        return {
            "expected": len(self._beats) - learned,
            "learned": learned,
            "silent": sum(beat.is_silent for beat in self._beats.values()),
            "outages": len(self._outages),
            "away": self.absences.away,
            "refused": self.refused,
        }

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back."""
        self.absences.set_back(now)
        self._paces.set_back(now)
        self._outages.set_back(now)
        for beat in self._beats.values():
            beat.last_at, beat.silent_at = min(beat.last_at, now), min(beat.silent_at, now)
            # What was missed is added when it is due; the jump may have moved it far ahead.
            beat.due_at = min(beat.due_at, now + FORGET_S if beat.is_silent else beat.last_at + beat.every_s)
        self._queue = [(one.due_at, one.key) for one in self._beats.values() if one.due_at < inf]
        heapq.heapify(self._queue)

    def dump(self) -> HeartbeatsState:
        """State for a snapshot."""
        return {
            "beats": list(self._beats.values()),
            "returned": list(self._returned),
            "absorbed": list(self._absorbed),
            "outages": self._outages.dump(),
            "paces": self._paces.dump(),
            "absences": self.absences.dump(),
            "unmatched": list(self._unmatched),
            "begun": list(self._begun),
            "refused": self.refused,
        }

    def load(self, state: HeartbeatsState) -> None:
        """Take the state of a `dump`."""
        self._beats = {beat.key: beat for beat in state["beats"]}
        self._returned, self._absorbed = dict.fromkeys(state["returned"]), dict.fromkeys(state["absorbed"])
        self._outages.load(state["outages"])
        self._paces.load(state["paces"])
        self.absences.load(state["absences"])
        known = {one.text for one in self.expectations.all}
        self._unmatched = {text: None for text in state["unmatched"] if text in known}
        self._begun = {text: None for text in state["begun"] if text in known}
        self.refused = state["refused"]
        for beat in self._beats.values():
            # Its rule has left the configuration: the alert ends.
            if beat.is_silent and not self._is_expected(beat):
                self._outages.leave(beat)
                self._returned[beat.key] = None
        self._queue = [(one.due_at, one.key) for one in self._beats.values() if one.due_at < inf]
        heapq.heapify(self._queue)


def _family(stream: Stream) -> str:
    """Return the key of what is learned: the name at the workload, which stay when pods and labels change."""
    return f"{_FAMILY}{stream.source or ''}\x1f{stream.name}\x1f{stream.workload}"


def _is_learned(key: str) -> bool:
    return key.startswith(_FAMILY)


def _rule(text: str) -> str:
    """Return the key of an expectation that no stream has matched so far."""
    return _RULE + text
