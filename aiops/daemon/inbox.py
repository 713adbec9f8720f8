"""The inbox: batches of sources that wait for the journal. When it is full, sources wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Final

from aiops.ports import Received


class Pending:
    """A batch that waits for its commit; `done` is True once the journal has it, False if refused."""

    __slots__ = ("at", "done", "received", "weight")

    def __init__(self, received: Received, at: float) -> None:
        self.received: Final = received
        self.at: Final = at
        # A batch without records (a position alone) still costs a frame's share.
        self.weight: Final = max(1, len(received.records) + len(received.rejected))
        self.done: Final[Future[bool]] = Future()


class Inbox:
    """The queue between sources and pump; `monotonic` gives seconds that never go back."""

    def __init__(self, max_records: int, monotonic: Callable[[], float]) -> None:
        self._max = max_records
        self._monotonic = monotonic
        self._queue: deque[Pending] = deque()
        self._weight = 0
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)
        self._emptied = threading.Condition(self._lock)
        self._refusing = False
        self._closed = False
        self._woken = False

    def put(self, received: Received, timeout_s: float) -> bool:
        """Return True once the journal has the batch on disk; False if nothing was taken in time."""
        deadline = self._monotonic() + timeout_s
        with self._lock:
            self._emptied.wait_for(lambda: self._closed or self._has_room(received), timeout_s)
            pending = self._enter(received)
        if pending is None:
            return False
        try:
            return pending.done.result(max(0.0, deadline - self._monotonic()))
        except FutureTimeout:
            # A batch that the pump has not begun with is withdrawn; one that it has is answered soon.
            return False if self._withdraw(pending) else pending.done.result()

    def submit(self, received: Received) -> Future[bool] | None:
        """Return a future of the answer that `put` waits for, or None if there is no room."""
        with self._lock:
            pending = self._enter(received)
        return None if pending is None else pending.done

    def take(self, max_records: int, timeout_s: float) -> list[Pending]:
        """Return the waiting batches, up to `max_records`; the first in any case, none after `timeout_s`."""
        with self._lock:
            self._filled.wait_for(lambda: self._queue or self._closed or self._woken, timeout_s)
            self._woken = False
            taken: list[Pending] = []
            weight = 0
            while self._queue and (not taken or weight + self._queue[0].weight <= max_records):
                pending = self._queue.popleft()
                self._weight -= pending.weight
                # A caller that left (a client that closed its connection) may have cancelled its batch.
                if pending.done.set_running_or_notify_cancel():
                    weight += pending.weight
                    taken.append(pending)
            self._emptied.notify_all()
            return taken

    def wake(self) -> None:
        """Let `take` return at once without a batch."""
        with self._lock:
            self._woken = True
            self._filled.notify()

    def refuse(self, refusing: bool) -> None:
        """Refuse all batches while the disk does, those that wait included; or accept them again."""
        with self._lock:
            self._refusing = refusing
            if refusing:
                self._answer_all()
            self._emptied.notify_all()

    def close(self) -> None:
        """Refuse new batches; the pump still gets those in the queue."""
        with self._lock:
            self._closed = True
            self._filled.notify_all()
            self._emptied.notify_all()

    def abandon(self) -> None:
        """Close, and refuse the batches that the pump will not process."""
        with self._lock:
            self._closed = True
            self._answer_all()
            self._filled.notify_all()
            self._emptied.notify_all()

    def depth(self) -> int:
        """Return the number of records that wait."""
        return self._weight

    @property
    def refusing(self) -> bool:
        """True while all batches are refused."""
        return self._refusing or self._closed

    def _has_room(self, received: Received) -> bool:
        # One batch larger than the whole queue must pass, or its source would wait for ever.
        return not self._refusing and (
            not self._queue or self._weight + len(received.records) + len(received.rejected) <= self._max
        )

    def _enter(self, received: Received) -> Pending | None:
        if self._closed or not self._has_room(received):
            return None
        pending = Pending(received, self._monotonic())
        self._queue.append(pending)
        self._weight += pending.weight
        self._filled.notify()
        return pending

    def _withdraw(self, pending: Pending) -> bool:
        with self._lock:
            if pending not in self._queue:
                return False
            self._queue.remove(pending)
            self._weight -= pending.weight
            self._emptied.notify_all()
            return True

    def _answer_all(self) -> None:
        for pending in self._queue:
            if pending.done.set_running_or_notify_cancel():
                pending.done.set_result(False)
        self._queue.clear()
        self._weight = 0
