"""Which segments may go: by age and by size, and never one that a restart still needs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from aiops.journal.segment import Segment, segments
from aiops.journal.snapshot import frame_of, snapshot_paths


class Aged(Struct):
    """A segment with its size and the time it was last written to (Unix seconds, the host's clock)."""

    segment: Segment
    bytes: int
    written_at: float


def expired(found: Sequence[Aged], needed: int, now: float, keep_s: float, keep_bytes: int) -> list[Aged]:
    """The segments to remove, oldest first.

    Those that are older than `keep_s`, and the oldest while all together exceed `keep_bytes`. A segment that holds
    frame `needed` or a later one stays whatever its size, and so do the last two: the end of the journal is found in
    them.
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
    """The segments there are, in order."""
    found = []
    for segment in segments(directory):
        status = os.stat(segment.path)
        found.append(Aged(segment, status.st_size, status.st_mtime))
    return found


def needed_frame(snapshots: Path) -> int:
    """The first frame that a restart may need: what follows the oldest snapshot kept, should newer ones be damaged."""
    paths = snapshot_paths(snapshots)
    return frame_of(paths[0]) if paths else 0


def remove_expired(directory: Path, snapshots: Path, now: float, keep_s: float, keep_bytes: int) -> list[Path]:
    """Remove what may go; return the files removed."""
    gone = expired(measure(directory), needed_frame(snapshots), now, keep_s, keep_bytes)
    for aged in gone:
        aged.segment.path.unlink(missing_ok=True)
    return [aged.segment.path for aged in gone]
