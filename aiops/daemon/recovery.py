"""Recovery at the start: the last good snapshot, then the journal after it.

Frames that the store has already are processed and not written again. Frames that it lacks are written now. Nothing
that was acknowledged is forgotten, and nobody is notified twice.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct, field

from aiops.daemon.alert_recorder import AlertRecorder
from aiops.daemon.frame_processing import FrameProcessor, HostedEngine, begun, restore
from aiops.daemon.present_state import PresentStateWriter
from aiops.engine.events import Event, Placed
from aiops.errors import AiopsError
from aiops.journal import Frame, JournalError, Meta, frames
from aiops.journal.snapshot import good_snapshots
from aiops.ports import DeadLetter
from aiops.records import Action, Skipped
from aiops.store.audit import KEPT
from aiops.store.store import FrameDecisions, Store
from aiops.telemetry.logs import log

# Frames written to the store in one transaction while catching up: fewer syncs, and still some seconds' worth at most.
_TOGETHER = 64
# The pause between two log lines about the progress of a long start.
_SHOWN_S = 10.0


class Recovered(Struct):
    """The recovered engine, and the number of the next frame and record.

    `meta` is the cumulative part of the last frame; `seconds` is the time of the recovery, `frames` and `records` count
    what was processed.
    `notify_from` is the first frame that is notified of: before it, a store that was lost is only written again.
    `gap` is what the store lacked and a snapshot had; `recorder` is the one that watches the engine.
    """

    processor: FrameProcessor
    number: int = 0
    seq: int = 0
    meta: Meta = field(default_factory=Meta)
    seconds: float = 0.0
    frames: int = 0
    records: int = 0
    notify_from: int = 0
    gap: str = ""
    problems: list[str] = field(default_factory=list)
    recorder: AlertRecorder = field(default_factory=lambda: AlertRecorder(time.monotonic))

    @property
    def engine(self) -> HostedEngine:
        """The engine."""
        return self.processor.engine


def recover(
    journal: Path,
    snapshots: Path,
    store: Store,
    make: Callable[[], HostedEngine],
    config: str,
    observe: Callable[[object], None] = lambda engine: None,
) -> Recovered:
    """Bring engine and store to the end of the journal.

    `config` is the digest of the engine's configuration. `observe` gets the engine before decisions are stored. Raise
    `JournalError` if the journal is damaged or incomplete.
    """
    begun = time.perf_counter()
    applied = store.applied()
    recorder = AlertRecorder(time.monotonic)
    state = _from_snapshot(snapshots, journal, applied, recorder.watched(make), config)
    state.recorder = recorder
    state.notify_from = max(state.notify_from, store.notify_from())
    if journal.is_dir():
        _process_rest(state, journal, store, applied, observe)
    if state.notify_from > applied:
        store.take_as_sent(state.meta.at)
    # Before the first record, people see the present state as well, and not the last version.
    shown = PresentStateWriter(store, time.monotonic)
    shown.start(state.engine)
    shown.write_all(state.engine)
    state.seconds = time.perf_counter() - begun
    return state


def _from_snapshot(
    snapshots: Path, journal: Path, applied: int, make: Callable[[], HostedEngine], config: str
) -> Recovered:
    """Return an engine with the newest snapshot that can be used; a new one if there is none."""
    problems: list[str] = []
    notify_from = 0
    gap = ""
    for found in good_snapshots(snapshots):
        if isinstance(found, JournalError):
            problems.append(f"{found}; the one before is used")
            continue
        notify_from = max(notify_from, found.meta.frame)
        if found.meta.frame > applied:
            lack = f"the store ends at frame {applied} and the snapshot at {found.meta.frame}"
            problems.append(f"{lack}; an older snapshot is used to write what the store lacks")
            gap = gap or lack
            continue
        engine = make()
        try:
            restore(engine, found)
        except AiopsError as error:
            problems.append(f"snapshot of frame {found.meta.frame}: {error}")
            continue
        if found.meta.config != config:
            log(
                logging.INFO,
                "the engine's configuration changed; it decides from this frame on",
                frame=found.meta.frame,
            )
        meta, processor = found.meta, FrameProcessor(engine, make, journal, snapshots)
        at = (processor, meta.frame, meta.seq, meta.journal)
        return Recovered(*at, notify_from=notify_from, gap=gap, problems=problems)
    engine, first = begun(make, journal)
    if first > 0:
        problems.append(
            f"no snapshot can be used; the engine starts empty at frame {first}, the oldest in the journal, and does "
            "not know what was acknowledged before"
        )
    processor = FrameProcessor(engine, make, journal, snapshots)
    return Recovered(processor, number=first, notify_from=notify_from, gap=gap, problems=problems)


def _process_rest(
    state: Recovered, journal: Path, store: Store, applied: int, observe: Callable[[object], None]
) -> None:
    waiting: list[FrameDecisions] = []
    shown_at = time.monotonic()
    for frame in frames(journal, state.number):
        if time.monotonic() - shown_at >= _SHOWN_S:
            shown_at = time.monotonic()
            log(logging.INFO, "processing the journal", frame=frame.number, records=state.records)
        processed, events = state.processor.step(frame)
        state.number = frame.number + 1
        state.seq = frame.next_seq
        state.meta = cumulative(frame.meta)
        state.frames += 1
        state.records += len(frame.records)
        if frame.number >= applied:
            decided = decisions_of(processed, events, notify=frame.number >= state.notify_from)
            decided.alerts = state.recorder.record(processed, events, state.engine)
            if decided.is_kept or decided.alerts:
                waiting.append(decided)
        else:
            state.recorder.skip(state.engine)
        if len(waiting) >= _TOGETHER:
            observe(state.engine)
            store.apply(waiting)
            waiting = []
    if waiting:
        observe(state.engine)
        store.apply(waiting)


def cumulative(meta: Meta) -> Meta:
    """Return the part of a frame's meta that continues in the next one."""
    return Meta(at=meta.at, positions=meta.positions, rejected=meta.rejected)


def decisions_of(frame: Frame, events: list[Event], *, notify: bool = True) -> FrameDecisions:
    """Return the decisions of a frame, as the store takes them."""
    actions: dict[int, Action] = {}
    # Hardly any frame has an action, and the set of kinds costs a third of a test of each record.
    if Action in set(map(type, frame.records)):
        actions = {seq: one for seq, one in enumerate(frame.records, frame.first_seq) if isinstance(one, Action)}
    # There is an event for every alert, and one alert in hundreds changes what is stored.
    kept: list[Event] = [event for event in events if type(event) is not Placed and isinstance(event, KEPT)]
    dead_letters = frame.meta.letters
    if Skipped in set(map(type, frame.records)):
        dead_letters = [*dead_letters, *_skipped(frame)]
    return FrameDecisions(frame.number, frame.meta.at, kept, dead_letters, actions, notify)


def _skipped(frame: Frame) -> Iterable[DeadLetter]:
    for seq, one in enumerate(frame.records, frame.first_seq):
        if isinstance(one, Skipped):
            reason = f"the engine could not process this {one.of}: {one.reason}"
            yield DeadLetter(one.source, f"record {seq}", reason, one.raw, frame.meta.at)
