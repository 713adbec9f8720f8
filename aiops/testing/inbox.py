"""An inbox in memory, for tests of sources."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from aiops.ports import DeadLetter, Received
from aiops.records import Record


class MemoryInbox:
    """Keeps what it is given. `full` makes it refuse, `broken` makes it raise as a full disk would."""

    def __init__(self) -> None:
        self.taken: list[Received] = []
        self.full = False
        self.broken = False
        self._lock = threading.Lock()

    def put(self, received: Received, timeout_s: float) -> bool:
        """See `aiops.ports.Inbox.put`; it never waits."""
        if self.broken:
            raise OSError(28, "No space left on device")
        if self.full:
            return False
        with self._lock:
            self.taken.append(received)
        return True

    def submit(self, received: Received) -> Future[bool] | None:
        """As `put`, as a future that is done; None when it is full."""
        if not self.put(received, 0.0):
            return None
        done: Future[bool] = Future()
        done.set_result(True)
        return done

    @property
    def records(self) -> list[Record]:
        """All records, in order."""
        return [record for received in self.taken for record in received.records]

    @property
    def letters(self) -> list[DeadLetter]:
        """All that was rejected, in order."""
        return [letter for received in self.taken for letter in received.rejected]
