"""The background check of old segments: it finds damage of the disk before the data is needed.

The last segment is left out, as it is being written; the start reads it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from aiops.journal.frame import HEADER_BYTES, CorruptJournal, JournalError
from aiops.journal.segment import Found, Segment, scan, segments

# Bytes of headers between two steps: the disk reads that much around a header anyway.
_STEP_BYTES = 64 << 10
_SEEN_BYTES = 4_096


class Step(Struct):
    """A step of the check: the bytes read, and the problem found (empty if there is none)."""

    read_bytes: int
    problem: str = ""


def structure(directory: Path) -> Iterator[Step]:
    """Check that frames follow each other without a gap, by their headers alone."""
    return _check(directory, is_deep=False)


def content(directory: Path) -> Iterator[Step]:
    """Check all payloads against their checksums."""
    return _check(directory, is_deep=True)


def _check(directory: Path, *, is_deep: bool) -> Iterator[Step]:
    for segment, after in pairwise(segments(directory)):
        try:
            yield from _segment(segment, after, is_deep)
        except CorruptJournal as error:
            yield Step(0, str(error))
        except (OSError, JournalError) as error:
            # Retention may have removed it meanwhile.
            if segment.path.exists():
                yield Step(0, str(error))


def _segment(segment: Segment, after: Segment, is_deep: bool) -> Iterator[Step]:
    number, read = segment.first, 0
    with open(segment.path, "rb") as handle:
        for item in scan(segment, last=False):
            if not isinstance(item, Found):
                continue
            number = item.header.number + 1
            read += item.header.frame_bytes if is_deep else _SEEN_BYTES
            if is_deep:
                handle.seek(item.offset + HEADER_BYTES)
                if zlib.crc32(handle.read(item.header.payload_bytes)) != item.header.payload_crc:
                    yield Step(0, f"journal {segment.path}: damaged at byte {item.offset}: {_ADVICE}")
            if read >= _STEP_BYTES:
                yield Step(read)
                read = 0
    yield Step(read)
    if number != after.first:
        yield Step(0, f"journal {segment.path.parent}: frames {number} to {after.first - 1} are missing: {_ADVICE}")


_ADVICE = "restore the file from a copy; until then a replay, and a start without a snapshot, stop there"
