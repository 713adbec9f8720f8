"""RetentionJob: retention and free space, in small steps beside the pump."""

from __future__ import annotations

import logging
import sqlite3
import threading
from typing import TYPE_CHECKING

from aiops.journal import JournalError
from aiops.journal.retention import remove_expired
from aiops.store.retention import prune
from aiops.telemetry.logs import log

if TYPE_CHECKING:
    from aiops.daemon.daemon import Daemon

# Between two looks. Each removes at most some hundred rows of a table: 50 a second, more than incidents come.
EVERY_S = 10.0
# Between two steps of a look: time for the pump to write a frame.
PAUSE_S = 0.01


class RetentionJob:
    """A thread that removes what is too old or too much."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(EVERY_S)

    def step(self) -> None:
        """One look; a disk that refuses is told in the log and looked at again later."""
        daemon = self._daemon
        keep = daemon.config.journal
        try:
            gone = remove_expired(
                daemon.journal_directory, daemon.snapshots.directory, daemon.clock(), keep.keep_s, keep.keep_bytes
            )
            if gone:
                log(logging.INFO, "removed old segments of the journal", files=[path.name for path in gone])
            prune(daemon.store.database, daemon.clock(), daemon.config.store, pause=self._pause)
        except (OSError, JournalError, sqlite3.Error) as error:
            log(logging.WARNING, f"upkeep: {error}: it is tried again")

    def _pause(self) -> None:
        """Let the pump write."""
        self._stop.wait(PAUSE_S)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self.step()
