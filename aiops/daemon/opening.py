"""Open the state directory: lock, store, journal and snapshots, and recover the engine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from msgspec import Struct

from aiops.config import Config, engine_digest
from aiops.daemon.frame_processing import HostedEngine
from aiops.daemon.lock import StateLock
from aiops.daemon.recovery import Recovered, recover
from aiops.daemon.snapshots import Snapshots
from aiops.errors import AiopsError
from aiops.journal import Writer
from aiops.journal.segment import Torn
from aiops.journal.snapshot import frame_of, snapshot_paths
from aiops.store.repair import MISSING, Repaired, lost, move_damaged, salvage
from aiops.store.store import FILE_NAME, NotificationPolicy, Store
from aiops.telemetry.logs import log


class Clocks(Struct, frozen=True):
    """The host's clocks: Unix seconds, and seconds that never go back."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


class OpenedState(Struct):
    """A state directory in use by this process, until `close`.

    `warnings` are findings of the start in the journal and the snapshots, at `opened_at` (Unix seconds).
    `store_problem` is what the store lost before; empty if nothing.
    """

    directory: Path
    digest: str
    store: Store
    writer: Writer
    snapshots: Snapshots
    recovered: Recovered
    warnings: list[str]
    store_problem: str
    opened_at: float
    closing: ExitStack

    @property
    def journal_directory(self) -> Path:
        """The directory of the journal's segments."""
        return self.directory / "journal"

    def close(self) -> None:
        """Close the files and release the lock."""
        self.closing.close()


def open_state(
    config: Config,
    make: Callable[[], HostedEngine],
    policy: NotificationPolicy | None,
    clocks: Clocks,
    observe: Callable[[object], None] = lambda engine: None,
) -> OpenedState:
    """Open the state and process the journal up to its end.

    `make` builds an empty engine. `policy` decides on the notifications of frames that the store lacks, after `observe`
    got the engine that processed them. Raise `AiopsError` for a state that cannot be used.
    """
    directory, digest = config.state.path(), engine_digest(config)
    with ExitStack() as opened:
        lock = StateLock(directory)
        opened.callback(lock.release)
        missing = lost(directory)
        repaired = _moved(directory)
        store = Store(directory, policy)
        opened.callback(store.close)
        if repaired is not None:
            salvage(repaired, store.database)
        paths = snapshot_paths(directory / "snapshots")
        applied = max(store.applied(), (repaired.applied or 0) if repaired is not None else 0)
        known = max(applied, frame_of(paths[-1]) if paths else 0)
        writer = Writer(directory / "journal", segment_bytes=config.journal.segment_bytes, known=known)
        opened.callback(writer.close)
        problem = _begin_again(store, repaired, missing, writer.number, bool(paths), clocks)
        snapshots = Snapshots(directory / "snapshots", config.snapshot, clocks.monotonic)
        recovered = recover(directory / "journal", snapshots.directory, store, make, digest, observe)
        if recovered.gap and not problem:
            problem = _report_lost(recovered.gap)
        snapshots.processed(recovered.seconds)
        warnings = _report_recovered(writer, recovered)
        opened_at = clocks.wall()
        found = (directory, digest, store, writer, snapshots, recovered, warnings, problem, opened_at)
        return OpenedState(*found, opened.pop_all())


def _begin_again(
    store: Store, repaired: Repaired | None, missing: str, number: int, has_snapshot: bool, clocks: Clocks
) -> str:
    """Mark in a store that replaces another one the first frame that is notified of; return what was lost.

    Without a snapshot, all that the journal holds counts as notified.
    """
    if repaired is not None:
        log(logging.ERROR, repaired.sentence, file=str(repaired.moved), rows=repaired.rows)
        is_known = repaired.is_whole and repaired.applied is not None
        first = repaired.applied or 0 if is_known else number
        store.begin_again(first, clocks.wall(), repaired.sentence, assume_sent=not is_known)
        return repaired.sentence
    if not missing:
        return ""
    sentence = _report_lost(f"{FILE_NAME} {missing}")
    if not has_snapshot:
        store.begin_again(number, clocks.wall(), sentence)
    return sentence


def _report_lost(what: str) -> str:
    sentence = f"{what}: what it lacked was rebuilt from the journal{MISSING}"
    log(logging.ERROR, sentence)
    return sentence


def _report_recovered(writer: Writer, found: Recovered) -> list[str]:
    warnings = [_cut_away(writer.torn)] if writer.torn is not None else []
    warnings += found.problems
    for warning in warnings:
        log(logging.WARNING, warning)
    log(
        logging.INFO,
        "processed the journal",
        seconds=round(found.seconds, 3),
        frames=found.frames,
        records=found.records,
    )
    return warnings


def _cut_away(torn: Torn) -> str:
    return (
        f"the journal's last commit was cut off, and is cut away ({torn.lost_bytes:,} bytes at byte {torn.offset} of "
        f"{torn.path}): after a crash it was never acknowledged, else alerts that the disk lost are missing"
    )


def _moved(directory: Path) -> Repaired | None:
    try:
        return move_damaged(directory)
    except OSError as error:
        raise AiopsError(f"store {directory}: damaged, and cannot be moved aside: {error.strerror or error}") from error
