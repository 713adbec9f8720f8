"""Read-only diagnosis in the daemon: reads of other systems when an incident opens.

Workers of their own make them: no alert and no message waits for one. Each read is written before and
after; one that a crash cuts off is made once more at most. What the playbook looked for and found goes into the journal
as one record, and so into the ranking of causes, in the daemon as in a replay.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from aiops.collect.budget import Budget
from aiops.collect.evidence import hits_of, unplaced
from aiops.collect.incident_values import values_for
from aiops.collect.readers import Readers, chosen, unreadable
from aiops.collect.requests import Read, read_of
from aiops.collect.tables import Row, rows_of, table_of
from aiops.daemon.collect_queue import CollectQueue, Wanted
from aiops.engine.events import Feedback
from aiops.engine.incident_view import CurrentIncident
from aiops.errors import AiopsError
from aiops.records import Action
from aiops.respond.collectors import Collect, source_name, system_of
from aiops.respond.format import Playbook
from aiops.step_kinds.forms import Scalar
from aiops.step_kinds.placeholders import placeholders
from aiops.store.findings import Answer, FindingsTable, FoundItem, Reading, ReadKey
from aiops.telemetry.logs import log
from aiops.telemetry.metrics import Family
from aiops.topology import Topology
from aiops.wording import plural

# Incidents that are read of at once. Each keeps a thread, and burdens monitoring that many people use just then.
AT_ONCE = 2
# A read that was cut off is made once more.
MAX_ATTEMPTS = 2
# Findings of one record, and a sentence's characters; the engine takes no more.
MAX_FINDINGS, MAX_SENTENCE = 10, 300
# How long a stop waits for what is under way: the next start makes it once more.
STOP_S = 0.5
ACT_TIMEOUT_S = 5.0
# An engine or a disk that does not answer is tried again so often, after a pause.
MAX_TRIES, RETRY_S = 3, 2.0


class Sources(Struct, frozen=True):
    """The parts around the workers: playbooks, systems, incidents and the way into the journal.

    `find_incident` returns an incident as the engine holds it (`AiopsError` if it does not answer). `act` passes an
    action to the engine; None if it was not answered in time.
    """

    playbooks: Mapping[str, Playbook]
    topology: Topology
    readers: Readers
    find_incident: Callable[[str], CurrentIncident | None]
    act: Callable[[Action, float], Feedback | None]


class Clocks(Struct, frozen=True):
    """Unix seconds, and a clock that never goes back."""

    wall: Callable[[], float]
    monotonic: Callable[[], float]


class _Job(Struct):
    """One playbook of one incident: the values that are filled in, and the first suspect."""

    wanted: Wanted
    values: dict[str, Scalar]
    missing: dict[str, str]
    cause: str


class Collecting:
    """The workers; `queue` is filled by the pump."""

    def __init__(
        self, sources: Sources, table: FindingsTable, queue: CollectQueue, budget: Budget, clocks: Clocks
    ) -> None:
        self._sources, self._table, self._queue = sources, table, queue
        self._budget, self._clocks = budget, clocks
        self._lock = threading.Lock()
        self._stopping = False
        self._ending = threading.Event()
        self._tries: Counter[Wanted] = Counter()
        self._counts: Counter[tuple[str, str]] = Counter(
            {(name, state): 0 for name in sources.readers for state in ("done", "failed")}
        )
        self._threads = [threading.Thread(target=self._run, name=f"collect-{n}", daemon=True) for n in range(AT_ONCE)]

    def start(self) -> None:
        """Begin, with what a crash cut off."""
        for incident, round, playbook in self._table.unfinished():
            self._queue.put(Wanted(incident, playbook, round))
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float) -> None:
        """End at once: nothing is sent any more, and nothing is waited for that takes long."""
        with self._lock:
            self._stopping = True
        self._ending.set()
        self._queue.end()
        ends = self._clocks.monotonic() + min(timeout_s, STOP_S)
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, ends - self._clocks.monotonic()))
        for reader in self._sources.readers.values():
            reader.close()

    def health(self) -> dict[str, Any]:
        """Return the health; other systems that do not answer are no trouble of this one."""
        made = sum(self._counts.values())
        left = f"; {plural(self._queue.left_out, 'incident')} left out" if self._queue.left_out else ""
        wait = plural(len(self._queue), "incident waits", "incidents wait")
        return {"ok": True, "detail": f"{plural(made, 'read')}, {wait}{left}"}

    def metrics(self) -> list[Family]:
        """Return the metrics of reads."""
        reads = Family("aiops_collector_reads_total", "counter", "Reads of other systems for incidents, by outcome.")
        for (system, state), count in sorted(self._counts.items()):
            reads.add(count, system=system, state=state)
        waiting = Family("aiops_collect_waiting", "gauge", "Incidents whose collectors wait.")
        left = Family("aiops_collect_left_out_total", "counter", "Incidents not read of, as too many waited.")
        return [reads, waiting.add(len(self._queue)), left.add(self._queue.left_out)]

    def work(self, wanted: Wanted) -> None:
        """Make the reads of one playbook for one incident, and report what they show."""
        known = {one.key: one for one in self._table.of(wanted.incident)}
        # After a restart the queue does not know in which life an incident is; the store does.
        latest = max((one.round for one in known.values()), default=0)
        if latest > wanted.round:
            wanted = replace(wanted, round=latest)
        found = self._sources.find_incident(wanted.incident)
        playbook = self._sources.playbooks.get(wanted.playbook)
        if found is None or found.is_over or playbook is None:
            self._end(wanted, known)
            return
        job = _job(wanted, playbook, found, self._sources.topology)
        planned = self._planned(job, playbook, known)
        if planned:
            self._write([reading for _, reading in planned])
        for collector, reading in planned:
            if reading.state == "reading" and not self._stopping:
                self._read(job, collector, reading)
        if not self._stopping:
            self._report(wanted)

    def _planned(
        self, job: _Job, playbook: Playbook, known: Mapping[ReadKey, Reading]
    ) -> list[tuple[Collect, Reading]]:
        """Return the collectors that were not read yet, each with its row as it is before the read."""
        made = []
        done = sum(one.state != "skipped" for one in known.values() if one.round == job.wanted.round)
        for collector in playbook.diagnosis:
            if not isinstance(collector, Collect):
                continue
            reading = self._new(job, collector, known)
            if reading.state == "reading":
                reason = self._refusal(job, collector, reading, done)
                reading.state, reading.reason = ("skipped", reason) if reason else ("reading", "")
                done += not reason
            if reading.key not in known or reading != known[reading.key]:
                made.append((collector, reading))
        return made

    def _new(self, job: _Job, collector: Collect, known: Mapping[ReadKey, Reading]) -> Reading:
        wanted = job.wanted
        key = ReadKey(wanted.incident, wanted.round, wanted.playbook, collector.name)
        before = known.get(key)
        if before is not None and before.state != "reading":
            return before
        attempts = before.attempts + 1 if before is not None else 1
        reading = Reading(
            *(key.incident, key.round, key.playbook, key.collector),
            source_name(collector),
            system_of(collector),
            "reading",
            attempts,
            self._clocks.wall(),
            0.0,
            "",
            False,
            Answer(),
        )
        if attempts > MAX_ATTEMPTS:
            reading.attempts, reading.state = MAX_ATTEMPTS, "failed"
            reading.reason = "cut off twice as the daemon ended; not read again"
        return reading

    def _refusal(self, job: _Job, collector: Collect, reading: Reading, done: int) -> str | None:
        """Return why a collector is not read: its system or a value is missing, or the budget is spent."""
        if (reason := unreadable(collector, self._sources.readers)) is not None:
            return reason
        needed = [name for name in placeholders(_sent(collector)) if name not in job.values]
        if needed:
            return f"not read: {needed[0]} has no value ({job.missing.get(needed[0], 'it is not declared')})"
        reading.system, reason = chosen(collector, self._sources.readers, job.values)
        if reason is not None:
            return reason
        with self._lock:
            # A second attempt of the same read is one of the first's.
            of_incident = done if reading.attempts == 1 else 0
            return self._budget.refusal(of_incident, self._clocks.monotonic())

    def _read(self, job: _Job, collector: Collect, reading: Reading) -> None:
        """Read one system; the row has the result."""
        reader, began = self._sources.readers[reading.system], self._clocks.monotonic()
        reading.at = self._clocks.wall()
        try:
            read = read_of(collector, job.values, reading.at, reader.allowed)
            reading.answer.request = read.text
            rows = rows_of(collector, reader.read(read, lambda: not self._stopping), reader.secrets)
            reading.answer = _answer(job, collector, read, rows)
            reading.state = "done"
        except AiopsError as error:
            reading.state, reading.reason = "failed", str(error)[:500]
        except Exception as error:
            # A fault of ours must not leave the incident with a read that never ends.
            logging.getLogger("aiops").exception("a read failed")
            reading.state, reading.reason = "failed", f"a fault of the daemon ({type(error).__name__}); see its log"
        reading.took_s = round(self._clocks.monotonic() - began, 3)
        with self._lock:
            self._counts[reading.system, reading.state] += 1
        self._write([reading])

    def _report(self, wanted: Wanted) -> None:
        """Pass what was found to the engine, in one record; it ranks the causes anew."""
        rows = [one for one in self._table.of(wanted.incident) if _is_of(one, wanted) and not one.reported]
        found = [(one.collector, each) for one in rows for each in one.answer.found][:MAX_FINDINGS]
        if found:
            items = [
                {
                    "by": by[:MAX_SENTENCE],
                    "entity": each.entity,
                    "text": each.sentence[:MAX_SENTENCE],
                    "weight": each.weight,
                }
                for by, each in found
            ]
            args = {"playbook": wanted.playbook, "findings": msgspec.json.encode(items).decode()}
            action = Action(ts=0.0, verb="finding", actor="aiops", incident=wanted.incident, args=args)
            action.id = f"collect:{wanted.incident}:{wanted.round}:{wanted.playbook}"
            answer = self._sources.act(action, ACT_TIMEOUT_S)
            if answer is None:
                # The next start reports it again; the engine takes each finding once.
                log(logging.WARNING, "findings: the engine did not answer in time", incident=wanted.incident)
                return
            if not answer.applied:
                self._not_counted(rows, answer.reason, wanted.incident)
        if rows and not self._stopping:
            self._table.reported(wanted.incident, wanted.round, wanted.playbook)

    def _not_counted(self, rows: Sequence[Reading], reason: str, incident: str) -> None:
        """State on each read with findings that the engine did not take them."""
        log(logging.WARNING, f"findings: not counted: {reason}", incident=incident)
        mine = [one for one in rows if one.answer.found]
        for one in mine:
            one.answer.note = "; ".join(filter(None, (one.answer.note, f"not counted as evidence: {reason[:300]}")))
        self._write(mine)

    def _end(self, wanted: Wanted, known: Mapping[ReadKey, Reading]) -> None:
        """Close what a crash cut off of an incident that has ended since."""
        cut = [one for one in known.values() if _is_of(one, wanted) and one.state == "reading"]
        for one in cut:
            one.state, one.reason = "failed", "cut off as the daemon ended; the incident has ended since"
        if cut:
            self._write(cut)
        if any(_is_of(one, wanted) for one in known.values()):
            self._table.reported(wanted.incident, wanted.round, wanted.playbook)

    def _write(self, readings: Sequence[Reading]) -> None:
        if not self._stopping:
            self._table.write(readings)

    def _run(self) -> None:
        while (wanted := self._queue.take()) is not None:
            try:
                self.work(wanted)
            except (AiopsError, sqlite3.Error) as error:
                self._put_off(wanted, error)
            except Exception:
                logging.getLogger("aiops").exception("collecting failed")
            finally:
                self._queue.release(wanted)

    def _put_off(self, wanted: Wanted, error: Exception) -> None:
        """Try again a little later, as the engine or the disk may be busy; in the end the next start does."""
        if self._stopping:
            return
        log(logging.WARNING, f"collecting: {error}", incident=wanted.incident)
        with self._lock:
            self._tries[wanted] += 1
            is_last = self._tries[wanted] >= MAX_TRIES
            if is_last:
                del self._tries[wanted]
        if not is_last:
            self._ending.wait(RETRY_S)
            self._queue.put(wanted)


def _job(wanted: Wanted, playbook: Playbook, found: CurrentIncident, topology: Topology) -> _Job:
    view = found.view
    values = values_for(playbook, view, topology)
    return _Job(wanted, values.values, values.missing, view.causes[0].entity if view.causes else "")


def _answer(job: _Job, collector: Collect, read: Read, rows: Sequence[Row]) -> Answer:
    table = table_of(rows)
    hits = hits_of(collector.rules, rows, job.values, job.cause)
    found = [FoundItem(one.entity, one.sentence, one.weight) for one in hits]
    notes = [
        table.note,
        *(f"{one}: no suspect that it counts for" for one in unplaced(collector.rules, rows, job.values, job.cause)),
    ]
    if collector.rules and rows and not found and len(notes) == 1:
        notes.append("nothing that the playbook looks for")
    return Answer(read.text, table.columns, table.rows, table.more, "; ".join(filter(None, notes)), found)


def _sent(collector: Collect) -> list[Any]:
    """Return the parts of a collector whose values are sent."""
    sources = [collector.prometheus, collector.loki, collector.kubernetes, collector.http, collector.sql]
    return [collector.entity, *sources]


def _is_of(reading: Reading, wanted: Wanted) -> bool:
    same = (wanted.incident, wanted.playbook, wanted.round)
    return (reading.incident, reading.playbook, reading.round) == same
