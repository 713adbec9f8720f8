"""Segments: the files of the journal, named after the number of their first frame.

Only the last segment is written to, so only its end can be torn. A frame that is cut off there, or was never written in
part (a power failure leaves zeros), is a torn tail: a commit that never happened. A frame of full length whose checksum
does not match was acknowledged, and is damage.
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
# A disk writes this much whole or not at all. No payload ends with as many zeros: its last four bytes are a checksum.
_SECTOR_BYTES = 512
_TAIL_BYTES = 8


class Segment(Struct, frozen=True, order=True):
    """One file; `first` is the number of its first frame."""

    first: int
    path: Path


class Found(Struct):
    """A frame's offset and header."""

    offset: int
    header: Header

    @property
    def end(self) -> int:
        """Return the offset behind the frame."""
        return self.offset + self.header.frame_bytes


class Torn(Struct):
    """The torn end of the last segment: `lost_bytes` from `offset` on."""

    path: Path
    offset: int
    lost_bytes: int


def segment_path(directory: Path, first: int) -> Path:
    """Return the path of the segment that begins with frame `first`."""
    return directory / f"{first:020d}{SUFFIX}"


def segments(directory: Path) -> list[Segment]:
    """Return the segments in order; raise `JournalError` if there is no journal."""
    try:
        names = os.listdir(directory)
    except OSError as error:
        raise JournalError(f"journal {directory}: {error.strerror}: expected a directory of *{SUFFIX} files") from error
    found = [Segment(int(match[1]), directory / name) for name in names if (match := _NAME.match(name))]
    return sorted(found)


def scan(segment: Segment, *, last: bool) -> Iterator[Found | Torn]:
    """Yield the frames of a segment without unpacking them, and a `Torn` for a torn end.

    The end may be torn if the segment is the last one. Raise `CorruptJournal` for other damage, and if a frame does not
    follow the one before.
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
        raise _corrupt(path, offset, f"no frame here, and an intact one at {behind}")
    if _has_whole_payload(handle, offset, size):
        raise _corrupt(path, offset, "the last frame has its whole payload, and its header does not match")
    return Torn(path, offset, size - offset)


def _unwritten_or_corrupt(handle: BinaryIO, path: Path, found: Found) -> Torn:
    """Judge the last frame, of full length, whose payload does not match its checksum."""
    start = found.offset + HEADER_BYTES
    handle.seek(start)
    if not _is_unwritten(handle.read(found.header.payload_bytes), start):
        raise _corrupt(path, found.offset, "the last frame was acknowledged, and its checksum does not match")
    return Torn(path, found.offset, found.header.frame_bytes)


def _is_unwritten(payload: bytes, start: int) -> bool:
    """Return True if a part of a payload never reached the disk; `start` is its offset in the file.

    A compressed payload holds no sector of zeros, and does not end with them.
    """
    if payload.endswith(bytes(min(_TAIL_BYTES, len(payload)))):
        return True
    sectors = range(-start % _SECTOR_BYTES, len(payload) - _SECTOR_BYTES + 1, _SECTOR_BYTES)
    return any(not any(payload[at : at + _SECTOR_BYTES]) for at in sectors)


def _has_whole_payload(handle: BinaryIO, offset: int, size: int) -> bool:
    """Return True if the data behind a damaged header is a complete payload."""
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
    """Return the offset of the next readable header at or behind `start`."""
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
        f"journal {path}: damaged at byte {offset}: {what}. Nothing was skipped or changed. Restore the "
        "file from a copy. Or keep the part before the damage: move this file and all later ones aside, put "
        f"a copy of this one cut to {offset} bytes in its place, and move later snapshots aside as well"
    )
