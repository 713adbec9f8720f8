"""Retention of segments by age and size; a segment that a restart still needs is never removed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from aiops.journal.segment import Segment, segments
from aiops.journal.snapshot import frame_of, snapshot_paths


class Aged(Struct):
    """A segment with its size and the time of its last write (Unix seconds, the host's clock)."""

    segment: Segment
    bytes: int
    written_at: float


def expired(found: Sequence[Aged], needed: int, now: float, keep_s: float, keep_bytes: int) -> list[Aged]:
    """Return the segments to remove, oldest first.

    These are older than `keep_s`, or the oldest while all together exceed `keep_bytes`. A segment that holds frame
    `needed` or a later one stays whatever its size. So do the last two: the end of the journal is found in them.
    """
    total = sum(aged.bytes for aged in found)
    gone: list[Aged] = []
    for aged, after in pairwise(found[:-1]):
        is_needed = after.segment.first > needed
        is_old = aged.written_at < now - keep_s
        if is_needed or not (is_old or total > keep_bytes):
            break
        gone.append(aged)
        total -= aged.bytes
    return gone


def measure(directory: Path) -> list[Aged]:
    """Return all segments in order."""
    found = []
    for segment in segments(directory):
        status = os.stat(segment.path)
        found.append(Aged(segment, status.st_size, status.st_mtime))
    return found


def needed_frame(snapshots: Path) -> int:
    """Return the first frame that a restart may need.

    It follows the oldest snapshot, as newer ones may be damaged.
    """
    paths = snapshot_paths(snapshots)
    return frame_of(paths[0]) if paths else 0


def remove_expired(directory: Path, snapshots: Path, now: float, keep_s: float, keep_bytes: int) -> list[Path]:
    """Remove the expired segments and return their paths."""
    gone = expired(measure(directory), needed_frame(snapshots), now, keep_s, keep_bytes)
    for aged in gone:
        aged.segment.path.unlink(missing_ok=True)
    return [aged.segment.path for aged in gone]
