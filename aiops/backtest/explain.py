"""Explains the decision about one alert: a history is processed again, and what was compared is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from aiops.backtest.driver import BATCH, step
from aiops.backtest.explained import Against, Explanation
from aiops.backtest.history import Start, restored
from aiops.backtest.witness import Witness, incident_of
from aiops.engine.dedup.stream import fingerprint_of, identity_entity, identity_of
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterPromoted, Event, Placed
from aiops.errors import UsageError
from aiops.records import Alert, Logged, Metric, Skipped, Tick

# Records processed after an alert that opened no incident, to report which one it became: some minutes of a storm.
FOLLOWED = 20_000
# In the ids of alerts that the engine makes of silence and of metrics.
DERIVED = "#"
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


class Question(Struct, frozen=True):
    """An alert by its id or by its stream's fingerprint; `against` is an incident, or a cluster (`c17`)."""

    alert: str
    against: str | None = None


def explain(starts: Iterable[Start], make: Callable[[], Engine], question: Question, config: str = "") -> Explanation:
    """Return the explanation of an alert, from the latest start that has it.

    Of several messages, the last one that gave the stream its place is explained. Raise `UsageError` if there is no
    such alert, or no such incident.
    """
    best: Explanation | None = None
    for start in starts:
        found = _Inquiry(start, make, question).answer()
        if found is None or (best is not None and _weight(found) <= _weight(best)):
            continue
        found.notes += start.notes(config)
        best = found
        if _is_settled(found, question):
            break
    if best is None:
        raise UsageError(f"expected the id of an alert or a fingerprint in this history; got {question.alert!r}")
    if question.against is not None and best.against is None:
        raise UsageError(f"--against: expected an incident of this history; got {question.against!r}")
    return best


class Finder:
    """Finds the messages of the alert in question, and the records of which the engine made it."""

    def __init__(self, alert: str, ignored: frozenset[str]) -> None:
        self.alert = alert
        self.ignored = ignored
        self.is_fingerprint = _FINGERPRINT.fullmatch(alert) is not None

    def matches(self, record: Logged) -> bool:
        """Return true for a message of the alert, by its id or by its stream."""
        if type(record) is Alert:
            return record.id == self.alert or (self.is_fingerprint and self._fingerprint(record) == self.alert)
        return isinstance(record, Skipped) and record.of == "alert" and record.id == self.alert

    def made_by(self, engine: Engine, records: Iterable[tuple[int, Logged]]) -> list[int]:
        """Return the numbers of the records of which the engine made the alert: silence, or a metric."""
        found: list[int] = []
        if not self.is_fingerprint and DERIVED not in self.alert:
            return found
        for batch in _batches(records, lambda _, record: isinstance(record, Tick | Metric)):
            events = step(engine, batch)
            if isinstance(batch[0], Tick | Metric) and self._is_made(engine, events):
                found.append(engine.seq - 1)
        return found

    def _is_made(self, engine: Engine, events: Iterable[Event]) -> bool:
        arrival, last = engine.arrival, engine.seq - 1
        if not any(isinstance(each, Placed) and each.seq == last for each in events) or not arrival.is_derived:
            return False
        return self.alert in (arrival.alert.id, arrival.stream.fingerprint)

    def _fingerprint(self, alert: Alert) -> str:
        return fingerprint_of(identity_of(alert, alert.entity or identity_entity(alert), self.ignored))


class _Inquiry:
    """One reading of a history, from one start."""

    def __init__(self, start: Start, make: Callable[[], Engine], question: Question) -> None:
        self.start = start
        self.make = make
        self.question = question
        self.finder = Finder(question.alert, make().dedup.ignored)
        # The records that brought the alert, or of which the engine made it.
        self.numbers: dict[int, None] = {}

    def answer(self) -> Explanation | None:
        """Return the best explanation from here on; None if the alert is not here, or the start is of no use."""
        numbers = [number for number, record in self.start.records() if self.finder.matches(record)] or self._made()
        if not numbers:
            return None
        self.numbers = dict.fromkeys(numbers)
        found, appeared = self._fold(numbers[-1], ())
        if found is not None and self.question.against is not None and found.against is None and appeared is not None:
            found = self._later(found, appeared, numbers[-1])
        return replace(found, messages=len(numbers)) if found is not None else None

    def _made(self) -> list[int]:
        engine = restored(self.start, self.make())
        return [] if engine is None else self.finder.made_by(engine, self.start.records())

    def _continues(self, best: Explanation, past: int) -> bool:
        """Return true while what follows the last message can add to the answer."""
        if self.question.against is not None and best.against is None:
            return True
        return best.incident is None and best.later is None and past < FOLLOWED

    def _later(self, found: Explanation, appeared: int, last: int) -> Explanation:
        """Answer for an incident that opened after the alert; its cluster may have been open before."""
        incident = self.question.against or ""
        if found.cluster == f"c{appeared}":
            return replace(found, against=Against(incident, "It is in this incident, which its cluster became later."))
        if appeared > found.record:
            text = "The incident began later: its first alert came after this one."
            return replace(found, against=Against(incident, text))
        again, _ = self._fold(last, (appeared,))
        return again or found

    def _fold(self, last: int, requested: Collection[int]) -> tuple[Explanation | None, int | None]:
        """Process the history up to the last message; return the best explanation.

        Then continue until the incident in question appears, unless it is known; return its cluster's number.
        """
        engine = restored(self.start, self.make())
        if engine is None:
            return None, None
        best: Explanation | None = None
        for batch in _batches(self.start.records(), lambda number, _: number in self.numbers):
            first = engine.seq
            if first > last:
                if best is None or not self._continues(best, first - last):
                    break
                appeared = _appearance(step(engine, batch), self.question.against)
                if appeared is not None:
                    return best, appeared
                best.later = best.later or incident_of(engine, best)
            elif first in self.numbers:
                found = Witness(engine, self.question.against, requested).see(batch[0])
                best = found if best is None or _weight(found) >= _weight(best) else best
            else:
                step(engine, batch)
        return best, None


def _batches(records: Iterable[tuple[int, Logged]], is_alone: Callable[[int, Logged], bool]) -> Iterator[list[Logged]]:
    """Yield the records in batches, each one that is to be watched alone."""
    batch: list[Logged] = []
    for number, record in records:
        is_match = is_alone(number, record)
        if batch and (is_match or len(batch) == BATCH):
            yield batch
            batch = []
        if is_match:
            yield [record]
        else:
            batch.append(record)
    if batch:
        yield batch


def _appearance(events: Iterable[Event], incident: str | None) -> int | None:
    """Return the cluster of an incident that appears in events."""
    for event in events:
        if isinstance(event, Placed | ClusterPromoted) and event.incident == incident:
            return event.cluster
    return None


def _weight(found: Explanation) -> int:
    """Return how much a message had to do with the place of its stream."""
    if found.outcome in ("joined", "opened", "cut", "returned", "grouped"):
        return 2
    return 1 if found.outcome in ("flood", "habit", "repeat", "suppressed") else 0


def _is_settled(found: Explanation, question: Question) -> bool:
    """Return true if nothing older can answer better."""
    if question.against is not None and found.against is None:
        return False
    return _weight(found) == 2 or (_weight(found) == 1 and found.alert == question.alert)
