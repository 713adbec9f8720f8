"""Runs the engine over an archive and keeps what reports and scores need."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256

from msgspec import Struct, field

from aiops.backtest.labelled import Labelled
from aiops.backtest.ledger import Decision, Ledger
from aiops.engine.engine import Engine
from aiops.engine.events import Event, IncidentChanged, Placed
from aiops.errors import AiopsError
from aiops.journal.skips import reason_of, skipped
from aiops.records import Alert, Incident, Logged, Skipped
from aiops.records.decode import encode

# Records processed at once: large enough to make the loop cheap, small enough to move the progress bar.
BATCH = 2_000

Watch = Callable[[IncidentChanged], None]
AtEnd = Callable[[Engine], None]


class RecordFault(AiopsError):
    """Raised for a record that the engine cannot process; the engine is unusable then.

    It is the `number`-th of the input, from 0.
    """

    def __init__(self, number: int, record: Logged, error: Exception) -> None:
        self.number = number
        self.reason = reason_of(error)
        super().__init__(f"record {number} ({record.id}): the engine cannot process it: {self.reason}")


class Truths(Struct):
    """The labels of the input, beside the ledger: they never reach the engine's decisions."""

    labels: list[str | None] = field(default_factory=list)
    labelled: bool = False
    # Eight bytes an alert; a list of floats would take four times as much.
    times: array[float] = field(default_factory=lambda: array("d"))
    incidents: dict[str, Incident] = field(default_factory=dict)
    alerts: Labelled = field(default_factory=Labelled)


class Replay(Struct):
    """The result of a replay."""

    engine: Engine
    ledger: Ledger
    truths: Truths
    seconds: float
    records: int = 0

    def incidents(self) -> list[Incident]:
        """Return the incidents with the ids of their alerts, by opening time."""
        alerts: dict[str, list[str]] = {}
        for decision in self.ledger.decisions():
            if decision.incident is not None:
                alerts.setdefault(decision.incident, []).append(decision.id)
        found = []
        for incident in self.ledger.incidents.values():
            incident.alerts = list(alerts.get(incident.id, ()))
            found.append(incident)
        return sorted(found, key=lambda incident: (incident.opened_at or 0.0, incident.id))

    def decisions(self) -> Iterator[Decision]:
        """Yield the final decision about each input alert, in input order."""
        return self.ledger.decisions()


def replay(
    records: Iterable[Logged], engine: Engine, watch: Watch | None = None, at_end: AtEnd | None = None
) -> Replay:
    """Process all records, then advance the clock until everything open has resolved.

    An incident with an alert that never resolved stays open, as it was when the archive ended. `watch` receives each
    change of an incident as it happens; `at_end` receives the engine after the last record, before the clock advances.
    Raise `RecordFault` for a record that the engine cannot process; the replay can be repeated with a `Skipped` in its
    place (see `without`).
    """
    ledger, truths = Ledger(), Truths()
    count = 0
    seconds = 0.0
    for batch in _batches(records):
        count += len(batch)
        _note(truths, batch)
        started = time.perf_counter()
        changed = ledger.take(*_stepped(engine, batch))
        seconds += time.perf_counter() - started
        if watch is not None:
            for event in changed:
                watch(event)
    if at_end is not None:
        at_end(engine)
    _finish(engine, ledger, watch)
    return Replay(engine, ledger, truths, seconds, count)


def paced(batches: Iterable[list[Logged]], engine: Engine, visit: Callable[[], None]) -> Replay:
    """Process batches and call `visit` after each; the clock stops with the last of them."""
    done = Replay(engine, Ledger(), Truths(), 0.0)
    for batch in batches:
        done.records += len(batch)
        _note(done.truths, batch)
        done.ledger.take(*_stepped(engine, batch))
        visit()
    return done


def _stepped(engine: Engine, batch: list[Logged]) -> tuple[list[Event], frozenset[int]]:
    """Process a batch; return its events, and the numbers of its alerts."""
    first = engine.seq
    inputs = frozenset(first + place for place, record in enumerate(batch) if _is_alert(record))
    return step(engine, batch), inputs


def _finish(engine: Engine, ledger: Ledger, watch: Watch | None) -> None:
    """Advance the clock: rankings and splits still count, but no resolution that no alert reported."""
    still = {name: found[0] for name in engine.incidents.unended() if (found := engine.present(name)) is not None}
    for event in ledger.take(engine.finish(), frozenset()):
        if watch is not None and not (event.change == "resolved" and event.incident.id in still):
            watch(event)
    for name, incident in still.items():
        ledger.reopen(name, incident)


def without(records: Iterable[Logged], reasons: Mapping[int, str]) -> Iterator[Logged]:
    """Yield the records, each one that has a reason replaced by a `Skipped`."""
    for number, record in enumerate(records):
        yield skipped(record, reasons[number]) if number in reasons else record


def step(engine: Engine, batch: list[Logged]) -> list[Event]:
    """Process a batch; raise `RecordFault` for a record that the engine cannot process."""
    first = engine.seq
    try:
        return engine.step(batch)
    except Exception as error:
        number = engine.seq - 1
        raise RecordFault(number, batch[number - first], error) from error


def _is_alert(record: Logged) -> bool:
    return type(record) is Alert or (type(record) is Skipped and record.of == "alert")


def _batches(records: Iterable[Logged]) -> Iterator[list[Logged]]:
    batch: list[Logged] = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _note(truths: Truths, batch: list[Logged]) -> None:
    for record in batch:
        if type(record) is Alert:
            truth = record.truth
            truths.labels.append(truth.incident if truth is not None else None)
            truths.times.append(record.ts)
            truths.alerts.see(record)
            if truth is not None:
                truths.labelled = True
                if truth.incident is not None:
                    truths.alerts.take(record, truth.incident)
        elif _is_alert(record):
            assert isinstance(record, Skipped)
            truths.labels.append(None)
            truths.times.append(record.ts)
        elif isinstance(record, Incident):
            truths.incidents[record.id] = record


def incident_lines(incidents: Iterable[Incident]) -> Iterator[bytes]:
    """Yield the incidents as lines of an archive."""
    for incident in incidents:
        yield encode(incident) + b"\n"


def digest(lines: Iterable[bytes]) -> str:
    """Return the SHA-256 of the incidents output: equal input and configuration give equal digests."""
    total = sha256()
    for line in lines:
        total.update(line)
    return total.hexdigest()


__all__ = ["Event", "Placed", "RecordFault", "Replay", "Truths", "digest", "incident_lines", "replay", "without"]
