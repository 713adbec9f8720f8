"""The retention job: removes old segments of the journal and old rows of the store, in small steps."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable

from aiops.config import Config
from aiops.daemon.opening import OpenedState
from aiops.journal import JournalError
from aiops.journal.retention import remove_expired
from aiops.store.retention import prune
from aiops.telemetry.logs import log

# Between two passes. Each removes at most some hundred rows of a table: 50 a second, more than incidents come.
EVERY_S = 10.0
# Between two steps of a pass: time for the pump to write a frame.
PAUSE_S = 0.01


class RetentionJob:
    """A thread that removes what the configuration does not keep; `clock` gives Unix seconds."""

    def __init__(self, config: Config, state: OpenedState, clock: Callable[[], float]) -> None:
        self._journal, self._store = config.journal, config.store
        self._state = state
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(EVERY_S)

    def step(self) -> None:
        """Do one pass; a disk that refuses is logged and tried again in the next one."""
        state, now = self._state, self._clock()
        try:
            gone = remove_expired(
                state.journal_directory, state.snapshots.directory, now, self._journal.keep_s, self._journal.keep_bytes
            )
            if gone:
                log(logging.INFO, "removed old segments of the journal", files=[path.name for path in gone])
            prune(state.store.database, now, self._store, pause=self._pause)
        except (OSError, JournalError, sqlite3.Error) as error:
            log(logging.WARNING, "retention failed; it is tried again", error=str(error))

    def _pause(self) -> None:
        """Let the pump write."""
        self._stop.wait(PAUSE_S)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self.step()
