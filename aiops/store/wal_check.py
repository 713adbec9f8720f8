"""The check of a store's write-ahead log: SQLite silently ignores everything after damage in it.

A frame whose checksum does not match ends the log: a crash tore the rest. Frames of the same log after it whose
checksums match, and that end transactions, were committed: then the disk changed the part between. The format is
https://www.sqlite.org/fileformat2.html#the_write_ahead_log.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

_HEADER_BYTES = 32
_FRAME_BYTES = 24
# The last bit gives the byte order of the checksums.
_MAGIC = 0x377F0682
# One commit after the bad frame may belong to the transaction that a crash tore, written in another order; two do not.
_COMMITS = 2
Sums = tuple[int, int]


class _Page(Struct):
    """A frame: `True` values if it matches the one before it, and if it ends a transaction."""

    number: int
    agrees: bool
    commits: bool


def wal_damage(path: Path, limit_s: float) -> str:
    """Describe the damage of the log at `path`; empty if there is none, or if the time was too short."""
    bad, commits = 0, 0
    until = time.monotonic() + limit_s
    try:
        for page in _pages(path):
            bad = bad or (0 if page.agrees else page.number)
            commits += bool(bad) and page.agrees and page.commits
            if commits >= _COMMITS:
                return f"frame {bad} of its write-ahead log does not match its checksum"
            if time.monotonic() > until:
                break
    except OSError:
        # Other faults show when the store is opened.
        pass
    return ""


def _pages(path: Path) -> Iterator[_Page]:
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
        if len(head) < _HEADER_BYTES:
            return
        magic, _, size, _, salt_1, salt_2, *sums = struct.unpack(">8I", head)
        if magic & ~1 != _MAGIC or not 512 <= size <= 65_536:
            return
        order = ">" if magic & 1 else "<"
        before: Sums = (sums[0], sums[1])
        number = 0
        while len(raw := file.read(_FRAME_BYTES + size)) == _FRAME_BYTES + size:
            number += 1
            _, commit, own_1, own_2, *sums = struct.unpack(">6I", raw[:_FRAME_BYTES])
            if (own_1, own_2) != (salt_1, salt_2):
                # It belongs to an earlier log: nothing of this one comes after it.
                return
            stored: Sums = (sums[0], sums[1])
            yield _Page(number, _summed(raw[:8] + raw[_FRAME_BYTES:], order, before) == stored, commit > 0)
            before = stored


def _summed(raw: bytes, order: str, sums: Sums) -> Sums:
    first, second = sums
    words = struct.unpack(f"{order}{len(raw) // 4}I", raw)
    for place in range(0, len(words), 2):
        first = (first + words[place] + second) & 0xFFFFFFFF
        second = (second + words[place + 1] + first) & 0xFFFFFFFF
    return first, second
