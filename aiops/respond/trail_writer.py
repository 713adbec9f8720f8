"""Writes the audit trail for many threads in the order of their calls; no lock is held during a write."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import Any

from aiops.respond.audit import Entry, Trail

Line = tuple[str, float, dict[str, Any], "Future[Entry]"]


class Scribe:
    """A queue of lines: one thread at a time writes for all; the others wait for their own line."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._lock = threading.Lock()
        self._lines: deque[Line] = deque()
        self._busy, self._writer = False, 0

    def put(self, kind: str, at: float, data: dict[str, Any]) -> Future[Entry]:
        """Queue an entry without waiting; the next `drain` of any thread writes it."""
        wanted: Future[Entry] = Future()
        with self._lock:
            self._lines.append((kind, at, data, wanted))
        return wanted

    def write(self, kind: str, at: float, data: dict[str, Any]) -> Entry:
        """Write an entry and wait until it is on disk; raise `AuditError` if it is not."""
        wanted = self.put(kind, at, data)
        self.drain()
        return wanted.result()

    def drain(self) -> None:
        """Write the queued lines, unless another thread does so already."""
        while (line := self._next()) is not None:
            kind, at, data, wanted = line
            try:
                entry = self._trail.append(kind, at, data)
            except BaseException as error:
                wanted.set_exception(error)
            else:
                wanted.set_result(entry)

    def _next(self) -> Line | None:
        """Return the next line.

        None if there is none, or if another thread writes and checks again afterwards.
        """
        me = threading.get_ident()
        with self._lock:
            if self._busy and self._writer != me:
                return None
            self._busy, self._writer = bool(self._lines), me
            return self._lines.popleft() if self._lines else None
