"""Snapshots: decide when one is due, and write it beside the pump.

Taking the state stops the engine for the time of encoding and packing it, a part at a time: all of it unpacked would be
as large again as a third of the engine. Writing happens in another thread. How often is a bargain between the time of a
restart and the time of snapshots: one is due when folding what came since would take `fold_s`, unless snapshots would
then take more than `max_share` of the time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from aiops.config import SnapshotConfig
from aiops.daemon.gc_tuning import give_back
from aiops.journal.snapshot import Packed, SnapshotMeta, write_packed
from aiops.telemetry.logs import log


class Snapshots:
    """Decides and writes. The pump calls it; `monotonic` gives seconds that never go back."""

    def __init__(self, directory: Path, config: SnapshotConfig, monotonic: Callable[[], float]) -> None:
        self.directory = directory
        self._config = config
        self._monotonic = monotonic
        self._thread: threading.Thread | None = None
        self._processing_s = 0.0
        self._cost_s = 0.0
        self._taken_at = monotonic()
        self._changed = False
        self.written = 0
        self.failed = 0
        self.error = ""
        self.state_bytes = 0

    def processed(self, seconds: float) -> None:
        """Count the time that the engine took for a frame."""
        self._processing_s += seconds
        self._changed = True

    def is_due(self) -> bool:
        """Return True if one is due; never while the last one is still being written."""
        if not self._changed or self.is_writing:
            return False
        since = self._monotonic() - self._taken_at
        is_affordable = since * self._config.max_share >= self._cost_s
        return (self._processing_s >= self._config.fold_s and is_affordable) or since >= self._config.every_s

    @property
    def is_writing(self) -> bool:
        """True while one is being written."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def age_s(self) -> float:
        """The seconds since the last one was taken."""
        return self._monotonic() - self._taken_at

    def write(self, meta: SnapshotMeta, state: Packed, taking_s: float) -> None:
        """Write a state in the background; `taking_s` is the time that the engine stood still for it."""
        self._processing_s = 0.0
        self._changed = False
        self._cost_s = taking_s
        self._taken_at = self._monotonic()
        self.state_bytes = state.plain_bytes
        self._thread = threading.Thread(target=self._write, args=(meta, state), name="snapshot", daemon=True)
        self._thread.start()

    def fail(self, reason: str) -> None:
        """Report that one failed; the next is tried when it is due."""
        self._processing_s = 0.0
        self._taken_at = self._monotonic()
        self.failed += 1
        self.error = f"{reason}; a restart processes more of the journal"
        log(logging.ERROR, self.error)

    def wait(self, timeout_s: float) -> None:
        """Wait for a write to finish."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _write(self, meta: SnapshotMeta, state: Packed) -> None:
        try:
            write_packed(self.directory, meta, state)
        except OSError as error:
            self.fail(f"snapshot {self.directory}: {error.strerror or error}")
        else:
            self.written += 1
            self.error = ""
        give_back()
