"""Reads the journal by frame number (restart) or by time (replay)."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from aiops.journal.frame import CorruptJournal, Frame, Header, JournalError, time_of
from aiops.journal.segment import Segment, Torn, read_frame, scan, segments
from aiops.journal.skips import read_skips, substitute
from aiops.records import Logged


def read(directory: Path, start_ts: float | None = None, end_ts: float | None = None) -> Iterator[Logged]:
    """Yield the records with `start_ts` <= ts < `end_ts` in the order in which the daemon processed them.

    None is no bound. Frames outside the bounds are skipped by their headers. It may run beside a daemon: a frame that
    is being written is the end. Raise `CorruptJournal` for damage and `JournalError` if there is no journal.
    """
    start = -math.inf if start_ts is None else start_ts
    end = math.inf if end_ts is None else end_ts
    unbounded = start_ts is None and end_ts is None
    for frame in frames(directory, start_ts=start, end_ts=end):
        for record in frame.records:
            at = time_of(record)
            if unbounded or (at is not None and start <= at < end):
                yield record


def frames(
    directory: Path, first: int | None = None, *, start_ts: float = -math.inf, end_ts: float = math.inf
) -> Iterator[Frame]:
    """Yield the frames from number `first` on (None: from the oldest) in order.

    With time bounds, frames without a record inside are left out. Raise `CorruptJournal` if a frame is missing or
    damaged, `JournalError` if frame `first` no longer exists.
    """
    found = segments(directory)
    skips = read_skips(directory)
    start = _start(found, first, directory)
    number = found[start].first if found else 0
    for place in range(start, len(found)):
        segment = found[place]
        if segment.first != number:
            raise CorruptJournal(
                f"journal {directory}: frames {number} to {segment.first - 1} are missing before "
                f"{segment.path.name}: restore the missing file from a copy"
            )
        with open(segment.path, "rb") as handle:
            for item in scan(segment, last=place == len(found) - 1):
                if isinstance(item, Torn):
                    return
                number = item.header.number + 1
                if item.header.number >= (first or 0) and _overlaps(item.header, start_ts, end_ts):
                    frame = read_frame(handle, segment.path, item)
                    yield substitute(frame, skips) if skips else frame


def _overlaps(header: Header, start_ts: float, end_ts: float) -> bool:
    if start_ts == -math.inf and end_ts == math.inf:
        return True
    return header.earliest < end_ts and header.latest >= start_ts


def _start(found: list[Segment], first: int | None, directory: Path) -> int:
    """Return the index of the segment that holds frame `first`."""
    if first is None or (not found and first == 0):
        return 0
    if not found or found[0].first > first:
        there = f"the oldest one is {found[0].first}" if found else "there is none"
        raise JournalError(
            f"journal {directory}: frame {first} is needed and {there}: restore the missing segments from a copy, or "
            "move the whole state directory aside to start from nothing"
        )
    return bisect_right([segment.first for segment in found], first) - 1
