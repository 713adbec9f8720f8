"""Snapshots: the engine's state after a frame. A restart processes only later frames.

    magic, length of meta, length of state, CRC of the rest; then meta as JSON, then the state compressed

A snapshot is written to a temporary file, synced and renamed. A file with its final name is whole, unless the disk
damaged it later. Then the snapshot before it is used; three are kept.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from aiops.journal.frame import JournalError, Meta
from aiops.journal.writer import sync_directory
from aiops.private import private_directory

MAGIC = b"AIS1"
KEEP = 3
_HEADER = struct.Struct("<4sIQI")
_NAME = re.compile(r"^(\d{20})\.snapshot$")
# 4 GiB unpacked: forty times the state of 100,000 active alerts; more is damage.
_MAX_STATE_BYTES = 4 << 30
_LEVEL = 1
# Bytes unpacked at a time; the rest of a part is copied for the next one.
_BLOCK = 16 << 10


class SnapshotMeta(Struct):
    """The description of a snapshot.

    `frame` and `seq` are the numbers of the next frame and record; `journal` is the cumulative part of the last frame;
    `config` is the digest of the engine's configuration; `at` is the host's clock. `parts` are the lengths of the parts
    of the state; snapshots of older versions have none.
    """

    frame: int
    seq: int
    at: float
    config: str
    journal: Meta
    parts: list[int] = []


_META = msgspec.json.Decoder(SnapshotMeta)


class Snapshot(Struct):
    """A snapshot; `state` is the result of `Engine.snapshot()`."""

    meta: SnapshotMeta
    state: bytes


def write_snapshot(directory: Path, snapshot: Snapshot, keep: int = KEEP) -> Path:
    """Write a snapshot durably, then remove all but the newest `keep`.

    Raise `OSError` if it cannot be written.
    """
    return write_packed(directory, snapshot.meta, pack([snapshot.state]), keep)


class Packed(Struct):
    """A compressed state; `parts` are the uncompressed lengths."""

    chunks: list[bytes]
    parts: list[int]

    @property
    def plain_bytes(self) -> int:
        """Return the uncompressed length of the state."""
        return sum(self.parts)


class Kept(Struct):
    """A snapshot that passed its checksum, its state still compressed."""

    meta: SnapshotMeta
    packed: memoryview

    def parts(self) -> Iterator[bytes]:
        """Yield the parts, each unpacked separately; a single one if the snapshot does not list their lengths.

        Raise `JournalError` if they do not fit.
        """
        try:
            if self.meta.parts:
                yield from _unpacked(self.packed, self.meta.parts)
            else:
                yield _whole(self.packed)
        except zlib.error as error:
            raise JournalError(f"snapshot of frame {self.meta.frame}: damaged: {error}") from error


def pack(parts: Iterable[bytes]) -> Packed:
    """Compress a state part by part, each before the next is taken; about a tenth remains."""
    packer = zlib.compressobj(_LEVEL)
    chunks, lengths = [], []
    for part in parts:
        lengths.append(len(part))
        # Mostly nothing is returned: the compressor fills a block first.
        if chunk := packer.compress(part):
            chunks.append(chunk)
    chunks.append(packer.flush())
    return Packed(chunks, lengths)


def write_packed(directory: Path, meta: SnapshotMeta, packed: Packed, keep: int = KEEP) -> Path:
    """Write a compressed state as `write_snapshot` does."""
    private_directory(directory)
    path = directory / f"{meta.frame:020d}.snapshot"
    aside = path.with_suffix(".new")
    described = msgspec.json.encode(msgspec.structs.replace(meta, parts=packed.parts))
    check, length = zlib.crc32(described), 0
    for chunk in packed.chunks:
        check, length = zlib.crc32(chunk, check), length + len(chunk)
    head = _HEADER.pack(MAGIC, len(described), length, check)
    for left in directory.glob("*.new"):
        left.unlink(missing_ok=True)
    with open(aside, "wb", opener=_private) as handle:
        handle.writelines((head, described, *packed.chunks))
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(aside, path)
    sync_directory(directory)
    for old in snapshot_paths(directory)[:-keep]:
        old.unlink(missing_ok=True)
    return path


def snapshot_paths(directory: Path) -> list[Path]:
    """Return the paths of the snapshots, oldest first."""
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if _NAME.match(path.name))


def frame_of(path: Path) -> int:
    """Return the number of the first frame after a snapshot."""
    return int(path.name.split(".")[0])


def read_snapshot(path: Path) -> Kept:
    """Read a snapshot; raise `JournalError` if it is damaged."""
    try:
        raw = memoryview(path.read_bytes())
        magic, meta_bytes, state_bytes, check = _HEADER.unpack_from(raw)
        meta = raw[_HEADER.size : _HEADER.size + meta_bytes]
        state = raw[_HEADER.size + meta_bytes :]
        if magic != MAGIC or len(state) != state_bytes or zlib.crc32(state, zlib.crc32(meta)) != check:
            raise JournalError(f"snapshot {path}: damaged: the checksum does not match")
        return Kept(_META.decode(meta), state)
    except (OSError, struct.error, msgspec.MsgspecError) as error:
        raise JournalError(f"snapshot {path}: damaged: {error}") from error


def good_snapshots(directory: Path) -> Iterator[Kept | JournalError]:
    """Yield the snapshots, newest first; a damaged one as its error."""
    for path in reversed(snapshot_paths(directory)):
        try:
            yield read_snapshot(path)
        except JournalError as error:
            yield error


def _whole(state: memoryview) -> bytes:
    unpacker = zlib.decompressobj()
    plain = unpacker.decompress(state, _MAX_STATE_BYTES)
    if not unpacker.eof:
        raise zlib.error("cut off")
    return plain


def _unpacked(state: memoryview, lengths: Iterable[int]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj()
    blocks = iter(range(0, len(state), _BLOCK))
    rest = b""
    for length in lengths:
        part = bytearray()
        while len(part) < length:
            if not rest and not (plain := unpacker.decompress(b"", length - len(part))):
                at = next(blocks, None)
                if at is None:
                    raise zlib.error("cut off")
                rest = bytes(state[at : at + _BLOCK])
            if rest:
                plain = unpacker.decompress(rest, length - len(part))
                rest = unpacker.unconsumed_tail
            part += plain
        yield bytes(part)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
