"""Repeated log lines: the first of a kind is written at once, the rest is counted.

An outage is one fault and may be met thousands of times a second: out of file descriptors, the accept loop alone logged
2,300 lines a second. Lines are of one kind if logger, level and message agree, apart from numbers and arguments. A line
whose few arguments matter sets itself apart with `extra={"apart": "…"}`.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

# While a fault lasts, one line a minute shows that it does.
WINDOW_S = 60.0
# Success is rarely repeated by a fault; a person who reloads three times wants to see it three times.
MOST_INFO, MOST_PROBLEM = 20, 1
# Kinds that are remembered. More at once is not one fault, and the oldest is reported and forgotten.
MAX_KINDS = 1_000
# A message is compared by its beginning: some end in pages of what a peer answered.
_COMPARED_CHARS = 200
_DIGITS = re.compile(r"\d+")

Kind = tuple[str, int, str, str]


class Seen(Struct):
    """The lines of one kind: since when (seconds), written, counted, and the last one that was counted."""

    since: float
    written: int = 0
    counted: int = 0
    last: logging.LogRecord | None = None


class RepeatFilter(logging.Filter):
    """A filter for a handler; `write` gets the lines with the counts of repetitions.

    Threads may share it. `now` gives seconds that never go back.
    """

    def __init__(self, write: Callable[[logging.LogRecord], object], now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._write = write
        self._now = now
        self._lock = threading.Lock()
        self._seen: OrderedDict[Kind, Seen] = OrderedDict()
        self._swept_at = now()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True to write a line now; counts of other kinds are written after their window."""
        now = self._now()
        with self._lock:
            over = self._over(now)
            is_written = self._count(record, now, over)
        for line in over:
            self._write(line)
        return is_written

    def flush(self) -> None:
        """Write what was counted, at the end of the process."""
        with self._lock:
            lines = [line for seen in self._seen.values() if (line := _repeated(seen)) is not None]
            self._seen.clear()
        for line in lines:
            self._write(line)

    def _count(self, record: logging.LogRecord, now: float, over: list[logging.LogRecord]) -> bool:
        kind = kind_of(record)
        seen = self._seen.get(kind)
        if seen is not None and now - seen.since >= WINDOW_S:
            self._forget(kind, over)
            seen = None
        if seen is None:
            seen = self._seen[kind] = Seen(now)
            if len(self._seen) > MAX_KINDS:
                self._forget(next(iter(self._seen)), over)
        most = MOST_PROBLEM if record.levelno >= logging.WARNING else MOST_INFO
        if seen.written < most:
            seen.written += 1
            return True
        seen.counted += 1
        seen.last = record
        return False

    def _over(self, now: float) -> list[logging.LogRecord]:
        """Return lines about kinds whose window has passed; searched for once a second."""
        lines: list[logging.LogRecord] = []
        if now - self._swept_at >= 1.0:
            self._swept_at = now
            while self._seen:
                kind = next(iter(self._seen))
                if now - self._seen[kind].since < WINDOW_S:
                    break
                self._forget(kind, lines)
        return lines

    def _forget(self, kind: Kind, lines: list[logging.LogRecord]) -> None:
        line = _repeated(self._seen.pop(kind))
        if line is not None:
            lines.append(line)


def kind_of(record: logging.LogRecord) -> Kind:
    """Return the kind of a line; lines of one kind are repetitions."""
    apart = str(getattr(record, "apart", ""))[:_COMPARED_CHARS]
    return record.name, record.levelno, _DIGITS.sub("#", str(record.msg)[:_COMPARED_CHARS]), apart


def _repeated(seen: Seen) -> logging.LogRecord | None:
    """Return the last line that was counted, with the count beside it and without its trace."""
    record = seen.last
    if record is None:
        return None
    record.exc_info = None
    record.fields = {**getattr(record, "fields", {}), "repeated": seen.counted}
    return record
