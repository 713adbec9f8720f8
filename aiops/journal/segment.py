"""Segments: the journal's files, named after the number of their first frame.

Only the last segment is written to, so that only its end can be torn. A frame that is cut off there, or has never been
written in part (a power failure leaves zeros), is a torn tail: a commit that never happened. A frame of its full length
that does not agree with its checksum was acknowledged, and is damage like any other.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from aiops.journal.frame import (
    HEADER_BYTES,
    MAGIC,
    CorruptJournal,
    Frame,
    Header,
    JournalError,
    decode_header,
    decode_payload,
)

SUFFIX = ".journal"
_NAME = re.compile(r"^(\d{20})\.journal$")
_SEARCH_BYTES = 1 << 20
# What a disk writes whole or not at all, and as many zeros as no payload ends with: its last four bytes are a checksum.
_SECTOR_BYTES = 512
_TAIL_BYTES = 8


class Segment(Struct, frozen=True, order=True):
    """One file; `first` is the number of its first frame."""

    first: int
    path: Path


class Found(Struct):
    """A frame's place and header."""

    offset: int
    header: Header

    @property
    def end(self) -> int:
        """The offset behind the frame."""
        return self.offset + self.header.frame_bytes


class Torn(Struct):
    """The end of the last segment that is no frame: `lost_bytes` from `offset` on."""

    path: Path
    offset: int
    lost_bytes: int


def segment_path(directory: Path, first: int) -> Path:
    """Where the segment that begins with frame `first` is."""
    return directory / f"{first:020d}{SUFFIX}"


def segments(directory: Path) -> list[Segment]:
    """The segments in order; raise `JournalError` when there is no journal."""
    try:
        names = os.listdir(directory)
    except OSError as error:
        raise JournalError(f"journal {directory}: {error.strerror}: expected a directory of *{SUFFIX} files") from error
    found = [Segment(int(match[1]), directory / name) for name in names if (match := _NAME.match(name))]
    return sorted(found)


def scan(segment: Segment, *, last: bool) -> Iterator[Found | Torn]:
    """The frames of a segment without unpacking them, a `Torn` at the end where the last segment has one.

    Raise `CorruptJournal` for damage that is no torn tail, and where a frame does not follow the one before.
    """
    number = segment.first
    with _opened(segment.path) as handle:
        size = os.fstat(handle.fileno()).st_size
        offset = 0
        while offset < size:
            found = _frame_at(handle, offset, size)
            if found is None:
                yield _torn_or_corrupt(handle, segment.path, offset, size, last)
                return
            if last and found.end == size and not _is_whole(handle, found):
                yield _unwritten_or_corrupt(handle, segment.path, found)
                return
            if found.header.number != number:
                raise _corrupt(segment.path, offset, f"expected frame {number}, found {found.header.number}")
            yield found
            number += 1
            offset = found.end


def read_frame(handle: BinaryIO, path: Path, found: Found) -> Frame:
    """Unpack a frame; raise `CorruptJournal` when it is damaged."""
    handle.seek(found.offset + HEADER_BYTES)
    try:
        return decode_payload(found.header, handle.read(found.header.payload_bytes))
    except ValueError as error:
        raise _corrupt(path, found.offset, str(error)) from error


def _frame_at(handle: BinaryIO, offset: int, size: int) -> Found | None:
    handle.seek(offset)
    header = decode_header(handle.read(HEADER_BYTES))
    if header is None or offset + header.frame_bytes > size:
        return None
    return Found(offset, header)


def _is_whole(handle: BinaryIO, found: Found) -> bool:
    handle.seek(found.offset + HEADER_BYTES)
    return zlib.crc32(handle.read(found.header.payload_bytes)) == found.header.payload_crc


def _opened(path: Path) -> BinaryIO:
    try:
        return open(path, "rb")
    except OSError as error:
        raise JournalError(f"journal {path}: {error.strerror}") from error


def _torn_or_corrupt(handle: BinaryIO, path: Path, offset: int, size: int, last: bool) -> Torn:
    if not last:
        raise _corrupt(path, offset, "no frame here, and later segments exist")
    behind = _find_frame(handle, offset + 1, size)
    if behind is not None:
        raise _corrupt(path, offset, f"no frame here, and a good one at {behind}")
    if _has_whole_payload(handle, offset, size):
        raise _corrupt(path, offset, "the last frame has all of its payload and a header that does not agree")
    return Torn(path, offset, size - offset)


def _unwritten_or_corrupt(handle: BinaryIO, path: Path, found: Found) -> Torn:
    """The last frame, of its full length, whose payload does not agree with the checksum."""
    start = found.offset + HEADER_BYTES
    handle.seek(start)
    if not _is_unwritten(handle.read(found.header.payload_bytes), start):
        raise _corrupt(path, found.offset, "the last frame was acknowledged, and its checksum does not agree")
    return Torn(path, found.offset, found.header.frame_bytes)


def _is_unwritten(payload: bytes, start: int) -> bool:
    """Whether a part of a payload was never on disk; `start` is where it stands in the file.

    A compressed payload holds no sector of zeros, and does not end with them.
    """
    if payload.endswith(bytes(min(_TAIL_BYTES, len(payload)))):
        return True
    sectors = range(-start % _SECTOR_BYTES, len(payload) - _SECTOR_BYTES + 1, _SECTOR_BYTES)
    return any(not any(payload[at : at + _SECTOR_BYTES]) for at in sectors)


def _has_whole_payload(handle: BinaryIO, offset: int, size: int) -> bool:
    """Whether what stands behind a damaged header is a payload to its last byte."""
    handle.seek(offset + HEADER_BYTES)
    unpacker = zlib.decompressobj()
    left = size - offset - HEADER_BYTES
    try:
        while left > 0 and not unpacker.eof:
            block = handle.read(min(left, _SEARCH_BYTES))
            left -= len(block)
            while block and not unpacker.eof:
                unpacker.decompress(block, _SEARCH_BYTES)
                block = unpacker.unconsumed_tail
    except zlib.error:
        return False
    return unpacker.eof and left == 0 and not unpacker.unused_data


def _find_frame(handle: BinaryIO, start: int, size: int) -> int | None:
    """The offset of the next readable header at or behind `start`."""
    overlap = HEADER_BYTES - 1
    while start < size:
        handle.seek(start)
        block = handle.read(_SEARCH_BYTES + overlap)
        at = block.find(MAGIC)
        while at >= 0:
            if decode_header(block[at : at + HEADER_BYTES]) is not None:
                return start + at
            at = block.find(MAGIC, at + 1)
        start += _SEARCH_BYTES
    return None


def _corrupt(path: Path, offset: int, what: str) -> CorruptJournal:
    return CorruptJournal(
        f"journal {path}: damaged at byte {offset}: {what}. Nothing was skipped and nothing was changed. Restore the "
        "file from a copy; or keep what is before the damage by moving this file and all later ones aside, cutting a "
        f"copy of this one to {offset} bytes in its place, and moving later snapshots aside as well"
    )
