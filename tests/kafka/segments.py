"""Damage in the log of a broker of ours: batches of format 2, changed in place where the broker keeps them.

The broker checks what producers send and hands out what is on its disk as it is, so that a consumer meets the damage as
it would after a bad disk or a bug of a broker.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

from crc32c import crc32c

# Base offset, length, leader epoch, magic, CRC, attributes, last offset delta.
_HEADER = struct.Struct(">qiibIhi")
_LENGTH_AT, _CRC_AT, _ATTRIBUTES_AT, _DELTA_AT, _RECORDS_AT = 8, 17, 21, 23, 61
UNKNOWN_CODEC = 7


class BatchAt(NamedTuple):
    """One batch of a segment: where it lies, its first and its last offset."""

    at: int
    size: int
    first: int
    last: int


class Segment:
    """The first segment of a partition."""

    def __init__(self, broker_directory: Path, topic: str, partition: int = 0) -> None:
        self._path = broker_directory / "data" / f"{topic}-{partition}" / f"{0:020}.log"

    def batches(self) -> list[BatchAt]:
        data, at, found = self._path.read_bytes(), 0, []
        while at + _HEADER.size <= len(data):
            first, length, _, _, _, _, delta = _HEADER.unpack_from(data, at)
            if length <= 0:
                break
            found.append(BatchAt(at, length + 12, first, first + delta))
            at += length + 12
        return found

    def flip_a_bit(self, batch: BatchAt) -> None:
        """In the records: the checksum is wrong."""
        at = batch.at + batch.size - 2
        self._write(at, bytes([self._read(at, 1)[0] ^ 0x10]))

    def lie_about_the_end(self, batch: BatchAt) -> None:
        """The header says that the batch ends a thousand messages later; the checksum is wrong."""
        self._write(batch.at + _DELTA_AT, struct.pack(">i", batch.last - batch.first + 1_000))

    def set_codec(self, batch: BatchAt, codec: int = UNKNOWN_CODEC) -> None:
        """The batch says that it is packed in another way; the checksum is right."""
        self._write(batch.at + _ATTRIBUTES_AT, struct.pack(">h", codec))
        self._sign(batch)

    def garble(self, batch: BatchAt) -> None:
        """What is packed cannot be unpacked; the checksum is right."""
        size = batch.size - _RECORDS_AT
        self._write(batch.at + _RECORDS_AT, b"\xa5" * size)
        self._sign(batch)

    def replace(self, batch: BatchAt, old: bytes, new: bytes) -> None:
        """Other bytes in a batch that is not packed; the checksum is right."""
        data = self._read(batch.at, batch.size)
        assert len(old) == len(new)
        assert data.count(old) == 1
        self._write(batch.at + data.index(old), new)
        self._sign(batch)

    def lose_the_length(self, batch: BatchAt) -> None:
        """Nobody can tell where the batch ends, not even the broker."""
        self._write(batch.at + _LENGTH_AT, struct.pack(">i", 3))

    def _sign(self, batch: BatchAt) -> None:
        covered = self._read(batch.at + _ATTRIBUTES_AT, batch.size - _ATTRIBUTES_AT)
        self._write(batch.at + _CRC_AT, struct.pack(">I", crc32c(covered)))

    def _read(self, at: int, size: int) -> bytes:
        with self._path.open("rb") as handle:
            handle.seek(at)
            return handle.read(size)

    def _write(self, at: int, data: bytes) -> None:
        with self._path.open("r+b") as handle:
            handle.seek(at)
            handle.write(data)
