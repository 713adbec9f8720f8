"""Frames through the engine; a record that the engine cannot process is set aside.

A fault leaves the engine half changed. Its state before the frame is rebuilt from the last snapshot and the journal,
and the frame is processed record by record. A record that raises twice had no passing fault of the machine. It is
written to the journal's list of skipped records, and the frame is processed without it.

The work for one frame is bounded. The first few such records are found one at a time, each on a sound state. Then all
that raise in one pass are set aside together, and in the end the whole frame.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from aiops.daemon.gc_tuning import held_back
from aiops.engine.events import Event
from aiops.errors import AiopsError
from aiops.journal import Frame, JournalError, Meta, frames
from aiops.journal.skips import SkipLog, reason_of, substitute
from aiops.journal.snapshot import Kept, SnapshotMeta, good_snapshots, pack
from aiops.records import Logged
from aiops.telemetry.logs import log

# Passes over one frame that find one record each, and passes in all. Each restores the state once: about a second with
# 100,000 active alerts. A stream of such records fills frames while it is worked on, and so shares these passes.
_EXACT, _PASSES = 4, 8


class HostedEngine(Protocol):
    """The engine, as the daemon sees it."""

    def step(self, batch: Sequence[Logged]) -> list[Event]:
        """Process records; return what they caused."""
        ...

    def snapshot_parts(self) -> Iterable[bytes]:
        """Yield the parts of the whole state, between two steps; `restore` takes them put together."""
        ...

    def begin_at(self, number: int) -> None:
        """Begin with the record of that number: those before it are lost."""
        ...

    def restore(self, snapshot: bytes) -> None:
        """Restore a state; raise `AiopsError` for one of another version."""
        ...

    def restore_parts(self, pieces: Iterator[bytes]) -> None:
        """Restore a state from the parts of `snapshot_parts`; raise `AiopsError` if they are not its own."""
        ...

    def accounts(self) -> dict[str, Any]:
        """Return the numbers of records, by kind and by disposition."""
        ...


class FrameProcessor:
    """The engine, and the way back to its last sound state. `engine` may be another one after a `step`."""

    def __init__(
        self,
        engine: HostedEngine,
        make: Callable[[], HostedEngine],
        journal: Path,
        snapshots: Path,
        skips: SkipLog | None = None,
    ) -> None:
        self.engine = engine
        self.skips = skips or SkipLog(journal)
        self._make = make
        self._journal = journal
        self._snapshots = snapshots
        self._is_sound = True
        # The state before the last frame that had such a record: nearer than the last snapshot, while they come often.
        self._base: Kept | None = None

    def step(self, frame: Frame) -> tuple[Frame, list[Event]]:
        """Process a frame of the journal; return it without what could not be processed, and its events.

        Raise `DiskError` if the list of skipped records cannot be written; the same frame must be given again then.
        """
        frame = substitute(frame, self._reasons())
        if self._is_sound:
            try:
                return frame, self.engine.step(frame.records)
            except Exception as error:
                self._is_sound = False
                log(logging.WARNING, "a record cannot be processed; the state is rebuilt", reason=reason_of(error))
        processed = self._again(frame)
        self._is_sound = True
        return processed

    @property
    def is_sound(self) -> bool:
        """True if the engine is at the end of the last frame; otherwise the same frame must be given again."""
        return self._is_sound

    def snapshot_taken(self) -> None:
        """Release the state kept here: a snapshot is nearer."""
        self._base = None

    def _again(self, frame: Frame) -> tuple[Frame, list[Event]]:
        self._base = self._before(frame.number)
        reasons: dict[int, str] = {}
        for attempt in range(_PASSES):
            rest = substitute(frame, reasons)
            events, raised = self._pass(rest, is_exact=attempt < _EXACT)
            if not raised:
                self._set_aside(frame, reasons)
                return rest, events
            reasons |= raised
            self.engine = self._restored(self._base)
        numbers = range(frame.first_seq, frame.next_seq)
        reasons = {seq: reasons.get(seq, "the records around it cannot be processed") for seq in numbers}
        rest = substitute(frame, reasons)
        events = self.engine.step(rest.records)
        self._set_aside(frame, reasons)
        return rest, events

    def _pass(self, frame: Frame, *, is_exact: bool) -> tuple[list[Event], dict[int, str]]:
        """Return the frame's events and the records that raised; an exact pass ends with the first one."""
        events: list[Event] = []
        raised: dict[int, str] = {}
        for seq, record in enumerate(frame.records, frame.first_seq):
            try:
                events += self.engine.step([record])
            except Exception as error:
                raised[seq] = reason_of(error)
                if is_exact:
                    break
        return events, raised

    def _set_aside(self, frame: Frame, reasons: dict[int, str]) -> None:
        if not reasons:
            return
        self.skips.add(reasons, frame.meta.at)
        for seq, reason in list(reasons.items())[:_PASSES]:
            log(logging.ERROR, "a record cannot be processed and was set aside", record=seq, reason=reason)

    def _reasons(self) -> dict[int, str]:
        return {seq: skip.reason for seq, skip in self.skips.all.items()} if self.skips.all else {}

    def _before(self, number: int) -> Kept:
        """Bring the engine before frame `number`; return its state there."""
        self.engine, first = self._nearest(number)
        for frame in frames(self._journal, first):
            if frame.number >= number:
                break
            self.engine.step(frame.records)
        packed = pack(self.engine.snapshot_parts())
        meta = SnapshotMeta(number, 0, 0.0, "", Meta(), packed.parts)
        return Kept(meta, memoryview(b"".join(packed.chunks)))

    def _nearest(self, number: int) -> tuple[HostedEngine, int]:
        """Return an engine with the newest sound state up to frame `number`, and its next frame."""
        kept = [self._base] if self._base is not None else []
        for found in [*kept, *good_snapshots(self._snapshots)]:
            if isinstance(found, JournalError) or found.meta.frame > number:
                continue
            try:
                return self._restored(found), found.meta.frame
            except AiopsError:
                continue
        return begun(self._make, self._journal)

    def _restored(self, found: Kept) -> HostedEngine:
        engine = self._make()
        restore(engine, found)
        return engine


def begun(make: Callable[[], HostedEngine], journal: Path) -> tuple[HostedEngine, int]:
    """Return an empty engine for the oldest records of a journal, and the number of their frame."""
    engine = make()
    first = next(frames(journal), None) if journal.is_dir() else None
    if first is None:
        return engine, 0
    engine.begin_at(first.first_seq)
    return engine, first.number


def restore(engine: HostedEngine, found: Kept) -> None:
    """Restore a kept state into a new engine; raise `AiopsError` if it does not fit."""
    try:
        with held_back():
            # The parts of a state one after the other: all of it as bytes is half as large again as the engine.
            if found.meta.parts:
                engine.restore_parts(found.parts())
            else:
                engine.restore(b"".join(found.parts()))
    except AiopsError:
        raise
    except Exception as error:
        raise JournalError(f"a model or a stage cannot take it: {reason_of(error)}") from error
