"""The pump: the one thread that commits, processes and stores.

    take batches -> write and sync one frame of the journal -> answer the sources -> engine -> one store transaction

The frame is the commit point. A batch that fails before it was not taken, and its source brings it again. What fails
after it is in the journal: it is tried again until the store has it, or processed again at the next start.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, Literal, Protocol

from aiops.backoff import Backoff
from aiops.config import InboxConfig
from aiops.daemon.admission import Admitted, admit
from aiops.daemon.arrivals import Arrivals
from aiops.daemon.clocks import STEADY, Offsets, SteadyClock
from aiops.daemon.cut_off import CutOff, Health
from aiops.daemon.frame_processing import HostedEngine
from aiops.daemon.gc_tuning import held_back
from aiops.daemon.inbox import Inbox, Pending
from aiops.daemon.lateness import Lateness
from aiops.daemon.present_state import PresentStateWriter
from aiops.daemon.pump_metrics import PumpMetrics
from aiops.daemon.pump_spans import begin_batch, keep_causes
from aiops.daemon.recovery import Recovered, cumulative, decisions_of
from aiops.daemon.snapshots import Snapshots
from aiops.daemon.ticks import Ticks
from aiops.engine.events import Event
from aiops.engine.silences.silences import Silence
from aiops.journal import DiskError, Frame, Meta, Writer
from aiops.journal.skips import reason_of
from aiops.journal.snapshot import SnapshotMeta, pack
from aiops.ports import Position
from aiops.store.diagnosis import trouble
from aiops.store.store import FrameDecisions, Store
from aiops.telemetry.logs import log
from aiops.telemetry.trace import NO_SPAN, OFF, Tracer

State = Literal["running", "degraded", "stopped", "failed"]
RETRY_FIRST_S = 0.25
# A disk that was freed or mounted again should be noticed within the time that a person waits for it.
RETRY_CAP_S = 15.0
# What is looked up in the history of alerts is at most so old.
HELD_S = 1.0
# If the disk refuses again within this time, it had not recovered: the pauses continue to grow.
CALM_S = 60.0
# Bytes that the disk must take at once before records are accepted again. A nearly full one takes small frames and
# refuses the next large one, and would recover and fail in turn. A frame is at most some megabytes.
ROOM_BYTES, MAX_ROOM_BYTES = 256 << 10, 16 << 20


class Openings(Protocol):
    """Openings of incidents that wait before they are notified, for the pump's thread."""

    def observe(self, engine: object) -> None:
        """Take in what a frame changed, before its decisions are stored."""
        ...

    def review(self, store: Store, now: float) -> int:
        """Look at what waits, at most once a second; return how many may leave now. Raise `sqlite3.Error`."""
        ...


class Pump:
    """The loop of the daemon, in a thread of its own.

    `clock` gives Unix seconds, `monotonic` seconds that never go back.
    """

    def __init__(
        self,
        recovered: Recovered,
        writer: Writer,
        store: Store,
        inbox: Inbox,
        snapshots: Snapshots,
        *,
        config: InboxConfig,
        digest: str,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        on_events: Callable[[list[Event], int], None] = lambda events, rows: None,
        tracer: Tracer = OFF,
        has_backlog: Callable[[], bool] = lambda: False,
        sources: Health = dict,
        openings: Openings | None = None,
    ) -> None:
        """Take over what was recovered; `sources` returns the health of each source.

        `has_backlog`: a source has still to bring what came while the daemon was away.

        `openings` sees the engine after each frame, and looks again at openings that wait.

        `on_events` gets the events of each store transaction and the number of outbox rows that it added, in the pump's
        thread; it must be quick.
        """
        self.processor = recovered.processor
        self.meta = recovered.meta
        self.state: State = "running"
        self.reason = ""
        self.metrics = PumpMetrics()
        self.lateness = Lateness()
        self.arrivals = Arrivals()
        self.accounts: dict[str, Any] = {}
        # The time that the engine has reached; negative before the first record. Any thread may read it.
        self.engine_at = engine_time(self.engine)
        self.silences: list[Silence] = []
        self._writer = writer
        self._store = store
        self._inbox = inbox
        self._snapshots = snapshots
        self._config = config
        self._digest = digest
        self._clock = clock
        self._monotonic = monotonic
        self._on_events = on_events
        self._tracer = tracer
        # The batch under way; ticks of the clock and retries are not traced.
        self._span = NO_SPAN
        self.offsets = Offsets()
        self._cut_off = CutOff(sources, monotonic)
        self._ticks = Ticks(
            config.tick_s, is_new=recovered.seq == 0, has_backlog=has_backlog, cut_off=self._cut_off.names
        )
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_CAP_S)
        self._room_bytes = ROOM_BYTES
        self._well_since = monotonic()
        self._stop = threading.Event()
        self._accounted_at = 0.0
        self._account()
        self._openings = openings
        if openings is not None:
            openings.observe(self.engine)
        self._present = PresentStateWriter(store, monotonic)
        self._present.start(self.engine)
        # Decisions that could not be stored yet. The engine has made them: they must be stored before anything else.
        self._unstored: list[FrameDecisions] = []
        # Decisions that only the history of alerts keeps wait for others: not every frame needs a sync of its own.
        self._recorder = recovered.recorder
        self._held: list[FrameDecisions] = []
        self._held_since = 0.0
        # The committed frame that is not processed yet, as the list of skipped records could not be written.
        self._unprocessed: Frame | None = None
        self._questions: deque[tuple[Callable[[HostedEngine], Any], Future[Any]]] = deque()

    @property
    def engine(self) -> HostedEngine:
        """The engine; another one after a record that it could not process."""
        return self.processor.engine

    def run(self) -> None:
        """Work until `stop`, then take a last snapshot; a fault of the engine ends in the state `failed`."""
        try:
            while not self._stop.is_set():
                self.round()
            self._drain()
            self.state = "stopped"
        except Exception as error:
            self.state = "failed"
            self.reason = f"{type(error).__name__}: {error}"
            logging.getLogger("aiops").exception("the pump failed; the journal is safe")
        finally:
            self._inbox.abandon()

    def stop(self) -> None:
        """Finish what is in the inbox, and end."""
        self._stop.set()
        self._inbox.close()

    def position(self, source: str) -> Position | None:
        """Return how far the journal holds what a source has read; None if it has nothing of it."""
        at = self.meta.positions.get(source)
        return None if at is None else Position(source, dict(at))

    def query(self, question: Callable[[HostedEngine], Any]) -> Future[Any]:
        """Run a short query of the engine in this thread, between two frames; return a future of its result."""
        answer: Future[Any] = Future()
        self._questions.append((question, answer))
        self._inbox.wake()
        return answer

    def _answer(self) -> None:
        while self._questions:
            question, answer = self._questions.popleft()
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(question(self.engine))
                except Exception as error:
                    answer.set_exception(error)

    def round(self) -> None:
        """Process one frame, or a tick of the clock if nothing came."""
        self._answer()
        if self._unstored or self._unprocessed or self.state == "degraded":
            self._recover()
            return
        wait_s = min(self._config.tick_s, self._present.wait_s(), HELD_S if self._held else self._config.tick_s)
        taken = self._inbox.take(self._config.max_frame_records, wait_s)
        self._answer()
        self._commit(taken)
        if self._held and self._monotonic() - self._held_since >= HELD_S:
            self._write_held()
        self._show()
        if self._monotonic() - self._accounted_at >= self._config.tick_s / 2:
            self._account()
        if self._snapshots.is_due():
            self._snapshot()

    def _drain(self) -> None:
        while taken := self._inbox.take(self._config.max_frame_records, 0.0):
            self._commit(taken)
            if self.state == "degraded":
                return
        if self._is_whole():
            self._present.write_all(self.engine)
        if not self._unstored and not self._unprocessed:
            self._snapshots.wait(RETRY_CAP_S)
            self._snapshot()
            self._snapshots.wait(RETRY_CAP_S)

    def _show(self) -> None:
        """Write the present state of incidents; decisions that are not in the store yet go first."""
        if self._is_whole():
            self._present.write(self.engine)
            self._review()

    def _review(self) -> None:
        if self._openings is None:
            return
        try:
            released = self._openings.review(self._store, self._clock())
        except sqlite3.Error as error:
            self._degrade(trouble(self._store.database.path, error))
            return
        if released:
            self._on_events([], released)

    def _is_whole(self) -> bool:
        return not self._unstored and not self._unprocessed and self.state == "running"

    def _commit(self, taken: list[Pending]) -> None:
        now = self._clock()
        admitted = self._admit(taken, now)
        if not admitted.records and not admitted.dead_letters and not admitted.positions:
            for pending in taken:
                pending.done.set_result(True)
            return
        begun = self._monotonic()
        for pending in taken:
            self.metrics.queue.observe(begun - pending.at)
        with begin_batch(self._tracer, taken, admitted) as self._span:
            frame = self._journal(admitted, now)
            if frame is not None:
                batches = [pending.received for pending in taken]
                self.lateness.count(batches, now)
                self.arrivals.count(batches, now)
                self._cut_off.count(batches)
            for pending in taken:
                pending.done.set_result(frame is not None)
            if frame is not None:
                self._process_and_store(frame, taken)
        self._span = NO_SPAN

    def _admit(self, taken: list[Pending], now: float) -> Admitted:
        reached = engine_time(self.engine)
        steps = self._clock.steps if isinstance(self._clock, SteadyClock) else STEADY
        for pending in taken:
            self._ticks.seen(pending.received.records, now, reached)
            self.offsets.seen(pending.received.records, now, steps)
        self.lateness.judge([pending.received for pending in taken], reached, now)
        # The clock first: the engine judges records by the last tick.
        clock = self._ticks.clock(now) if taken else []
        ticks = self._ticks.flowing(now) if taken else self._ticks.idle(now, reached)
        return admit((pending.received for pending in taken), self._writer.seq, ticks, clock)

    def _journal(self, admitted: Admitted, now: float) -> Frame | None:
        """Commit a frame; None if the disk refused it."""
        begun = self._monotonic()
        meta = Meta(
            at=now,
            positions={**self.meta.positions, **admitted.positions},
            rejected=self.meta.rejected + len(admitted.dead_letters),
            letters=admitted.dead_letters,
        )
        first_seq = self._writer.seq
        with self._span.child("journal", attributes={"aiops.records": len(admitted.records)}) as span:
            try:
                number = self._writer.append(admitted.records, admitted.lines, meta)
            except DiskError as error:
                span.fail("DiskError")
                self._degrade(str(error))
                self._room_bytes = min(MAX_ROOM_BYTES, max(self._room_bytes, 2 * len(admitted.lines)))
                return None
            span.set("aiops.journal.frame", number)
        self.meta = cumulative(meta)
        self.metrics.journaled(self._monotonic() - begun, len(admitted.records), now)
        return Frame(number, first_seq, admitted.records, meta)

    def _process_and_store(self, frame: Frame, taken: list[Pending]) -> None:
        begun = self._monotonic()
        with self._span.child("fold", attributes={"aiops.records": len(frame.records)}) as span:
            self._unprocessed = frame
            try:
                processed, events = self.processor.step(frame)
            except DiskError as error:
                span.fail("DiskError")
                self._degrade(str(error))
                return
            self._unprocessed = None
            self.engine_at = engine_time(self.engine)
            span.set("aiops.events", len(events))
        seconds = self._monotonic() - begun
        self.metrics.step.observe(seconds)
        self._snapshots.processed(seconds)
        self._present.changed(events, self.engine)
        if self._openings is not None:
            self._openings.observe(self.engine)
        decided = decisions_of(processed, events)
        decided.alerts = self._recorder.record(processed, events, self.engine)
        if decided.actions:
            self._account()
        if decided.is_kept:
            keep_causes(self._tracer, self._span, decided.events)
            self._unstored = [*self._held, decided]
            self._held = []
            if not self._write_store():
                return
        elif decided.alerts:
            self._hold(decided)
        done = self._monotonic()
        for pending in taken:
            self.metrics.whole.observe(done - pending.at)

    def _hold(self, decided: FrameDecisions) -> None:
        if not self._held:
            self._held_since = self._monotonic()
        self._held.append(decided)

    def _write_held(self) -> bool:
        """Write what the history of alerts has waiting."""
        self._unstored, self._held = self._held, []
        return self._write_store()

    def _write_store(self) -> bool:
        begun = self._monotonic()
        with self._span.child("store", "client", {"db.system.name": "sqlite"}) as span:
            try:
                rows = self._store.apply(self._unstored)
            except sqlite3.Error as error:
                span.fail(type(error).__name__)
                self._degrade(trouble(self._store.database.path, error))
                return False
            span.set("aiops.outbox.rows", rows)
        self.metrics.store.observe(self._monotonic() - begun)
        events = [event for decided in self._unstored for event in decided.events]
        self._unstored = []
        if events or rows:
            self._on_events(events, rows)
        return True

    def _degrade(self, reason: str) -> None:
        if self.state != "degraded":
            log(logging.ERROR, "degraded: not accepting records until the disk recovers", reason=reason)
            if self._monotonic() - self._well_since >= CALM_S:
                self._backoff.reset()
                self._room_bytes = ROOM_BYTES
        self.state = "degraded"
        self.reason = reason
        self.metrics.refused()
        self._inbox.refuse(True)

    def _recover(self) -> None:
        """Try again after a pause; sources wait until it works."""
        self._stop.wait(self._backoff.next_s())
        if self._stop.is_set():
            return
        try:
            self._writer.probe(self._room_bytes)
        except DiskError as error:
            self._degrade(str(error))
            return
        if self._unprocessed is not None:
            self._process_and_store(self._unprocessed, [])
            if self._unprocessed is not None:
                return
        if self._unstored and not self._write_store():
            return
        now = self._clock()
        frame = self._journal(admit([], self._writer.seq, self._ticks.flowing(now)), now)
        if frame is None:
            return
        self.state, self.reason = "running", ""
        self._well_since = self._monotonic()
        self._inbox.refuse(False)
        log(logging.INFO, "the disk recovered")
        self._process_and_store(frame, [])

    def _snapshot(self) -> None:
        """Take a snapshot. The store records its position first: it must never be behind a snapshot."""
        try:
            self._store.apply([*self._held, FrameDecisions(self._writer.number - 1, self.meta.at, [])])
            self._held = []
            self._store.keep_episodes(self._recorder.rest(self.engine))
        except sqlite3.Error as error:
            self._degrade(trouble(self._store.database.path, error))
            return
        begun = self._monotonic()
        try:
            with held_back():
                state = pack(self.engine.snapshot_parts())
        except Exception as error:
            # A model that cannot export its state; the journal has all that its next state is made of.
            self._snapshots.fail(f"snapshot: the state cannot be taken: {reason_of(error)}")
            return
        self.processor.snapshot_taken()
        seconds = self._monotonic() - begun
        self.metrics.snapshot.observe(seconds)
        meta = SnapshotMeta(self._writer.number, self._writer.seq, self._clock(), self._digest, self.meta)
        self._snapshots.write(meta, state, seconds)

    def _account(self) -> None:
        """Publish the engine's numbers for other threads, which must not read it while it works."""
        self._accounted_at = self._monotonic()
        self.accounts = self.engine.accounts()
        self.silences = list(silences_of(self.engine))


def engine_time(engine: HostedEngine) -> float:
    """Return the time that an engine has reached; minus infinity for one that has no clock."""
    timeline = getattr(engine, "timeline", None)
    return float(timeline.now) if timeline is not None else float("-inf")


def silences_of(engine: HostedEngine) -> Iterable[Silence]:
    """Return the silences that an engine holds; none for one that knows none."""
    held = getattr(engine, "silences", None)
    return held.by_id.values() if held is not None else ()
