"""Snapshots: the engine's state after a frame, so that a restart folds only what came later.

    magic, length of meta, length of state, CRC of the rest; then meta as JSON, then the state compressed

Written aside, synced and renamed: a file that has its name is whole, unless the disk damaged it later. Then the one
before is used; three are kept.
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

MAGIC = b"AIS1"
KEEP = 3
_HEADER = struct.Struct("<4sIQI")
_NAME = re.compile(r"^(\d{20})\.snapshot$")
# 4 GiB unpacked: forty times the state of 100,000 active alerts; more is damage.
_MAX_STATE_BYTES = 4 << 30
_LEVEL = 1


class SnapshotMeta(Struct):
    """What a snapshot says of itself.

    `frame` and `seq` are the numbers of the next frame and record; `journal` is the cumulative part of the last frame;
    `config` names the engine's configuration by digest; `at` is the host's clock.
    """

    frame: int
    seq: int
    at: float
    config: str
    journal: Meta


_META = msgspec.json.Decoder(SnapshotMeta)


class Snapshot(Struct):
    """A snapshot; `state` is what `Engine.snapshot()` gave."""

    meta: SnapshotMeta
    state: bytes


def write_snapshot(directory: Path, snapshot: Snapshot, keep: int = KEEP) -> Path:
    """Write a snapshot durably, then remove all but the newest `keep`; raise `OSError` when it cannot be written."""
    return write_packed(directory, snapshot.meta, pack([snapshot.state]), keep)


class Packed(Struct):
    """A state as it is written; `plain_bytes` is its length before."""

    chunks: list[bytes]
    plain_bytes: int


def pack(parts: Iterable[bytes]) -> Packed:
    """Compress a state that comes in parts, each before the next is taken; a tenth remains of it."""
    packer = zlib.compressobj(_LEVEL)
    chunks, plain_bytes = [], 0
    for part in parts:
        plain_bytes += len(part)
        # Mostly nothing comes out: the packer fills a block first.
        if chunk := packer.compress(part):
            chunks.append(chunk)
    chunks.append(packer.flush())
    return Packed(chunks, plain_bytes)


def write_packed(directory: Path, meta: SnapshotMeta, packed: Packed, keep: int = KEEP) -> Path:
    """Write a packed state as `write_snapshot` does."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / f"{meta.frame:020d}.snapshot"
    aside = path.with_suffix(".new")
    told = msgspec.json.encode(meta)
    check, length = zlib.crc32(told), 0
    for chunk in packed.chunks:
        check, length = zlib.crc32(chunk, check), length + len(chunk)
    head = _HEADER.pack(MAGIC, len(told), length, check)
    for left in directory.glob("*.new"):
        left.unlink(missing_ok=True)
    with open(aside, "wb", opener=_private) as handle:
        handle.writelines((head, told, *packed.chunks))
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(aside, path)
    sync_directory(directory)
    for old in snapshot_paths(directory)[:-keep]:
        old.unlink(missing_ok=True)
    return path


def snapshot_paths(directory: Path) -> list[Path]:
    """The snapshots, oldest first."""
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if _NAME.match(path.name))


def frame_of(path: Path) -> int:
    """The number of the first frame that is not in the snapshot."""
    return int(path.name.split(".")[0])


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot; raise `JournalError` when it is damaged."""
    try:
        raw = memoryview(path.read_bytes())
        magic, meta_bytes, state_bytes, check = _HEADER.unpack_from(raw)
        meta = raw[_HEADER.size : _HEADER.size + meta_bytes]
        state = raw[_HEADER.size + meta_bytes :]
        if magic != MAGIC or len(state) != state_bytes or zlib.crc32(state, zlib.crc32(meta)) != check:
            raise JournalError(f"snapshot {path}: damaged: the checksum does not agree")
        return Snapshot(_META.decode(meta), _unpacked(state))
    except (OSError, struct.error, zlib.error, msgspec.MsgspecError) as error:
        raise JournalError(f"snapshot {path}: damaged: {error}") from error


def good_snapshots(directory: Path) -> Iterator[Snapshot | JournalError]:
    """The snapshots, newest first; for each damaged one what is wrong with it."""
    for path in reversed(snapshot_paths(directory)):
        try:
            yield read_snapshot(path)
        except JournalError as error:
            yield error


def _unpacked(state: memoryview) -> bytes:
    unpacker = zlib.decompressobj()
    plain = unpacker.decompress(state, _MAX_STATE_BYTES)
    if not unpacker.eof:
        raise zlib.error("cut off")
    return plain


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
