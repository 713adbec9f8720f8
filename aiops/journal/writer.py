"""Writes the journal: one frame a commit, synced before it is acknowledged."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from aiops.journal.frame import CorruptJournal, JournalError, Meta, encode_frame
from aiops.journal.segment import Found, Torn, scan, segment_path, segments
from aiops.private import private_directory
from aiops.records import Record

# 64 MiB: some millions of alerts. Small enough that retention gives space back in steps, large enough that a year of
# a busy site is some thousand files.
SEGMENT_BYTES = 64 << 20
# A temporary file that exists while the free space is probed.
PROBE = "probe.new"
_BLOCK = 1 << 16
Sync = Callable[[int], None]
# macOS has no fdatasync; fsync is stronger.
_SYNC: Sync = getattr(os, "fdatasync", os.fsync)
_ADVICE = {
    errno.ENOSPC: "free some space, or lower journal.keep_bytes",
    errno.EDQUOT: "raise the quota, or lower journal.keep_bytes",
    errno.EROFS: "mount the file system writable",
    errno.EACCES: "give the daemon's user write permission",
    errno.EIO: "check the disk",
}


class DiskError(JournalError):
    """The disk refused a frame. Nothing was acknowledged; the next `append` tries again."""


class Writer:
    """The only writer of a directory. Not thread-safe: the pump owns it.

    `number` and `seq` are those of the next frame and record. `torn` describes the torn tail found at the start.
    """

    def __init__(
        self,
        directory: Path,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        known: int = 0,
        sync: Sync = _SYNC,
    ) -> None:
        """Find the end of the journal; the first `append` cuts off a torn tail.

        `known` is the number of the frame after the last one that snapshots or the store have seen. If that frame is
        missing, acknowledged records are lost, and `CorruptJournal` is raised.
        """
        self.directory = directory
        self.number = 0
        self.seq = 0
        self.torn: Torn | None = None
        self._segment_bytes = segment_bytes
        self._sync = sync
        self._fd = -1
        self._path: Path | None = None
        self._size = 0
        # Bytes behind the last whole frame are cut off before anything is written.
        self._broken = True
        with disk_errors(directory):
            private_directory(directory)
        with contextlib.suppress(OSError):
            (directory / PROBE).unlink(missing_ok=True)
        self._find_end()
        if self.number < known:
            raise CorruptJournal(
                f"journal {directory}: ends before frame {self.number}, and frames up to {known - 1} were acknowledged:"
                " restore the journal from a copy, or move the whole state directory aside to start from nothing"
            )

    def append(self, records: Sequence[Record], lines: bytes, meta: Meta) -> int:
        """Commit a frame and return its number; `lines` is `encode_lines(records)`.

        Raise `DiskError` if the disk refused it. Nothing of the frame counts then, and it may be tried again.
        """
        raw = encode_frame(self.number, self.seq, records, lines, meta)
        with disk_errors(self.directory):
            if self._broken:
                self._cut()
            fresh = self._size == 0 or self._size >= self._segment_bytes
            self._broken = True
            if fresh:
                self._begin_segment()
            _write_all(self._fd, raw)
            self._sync(self._fd)
            if fresh:
                sync_directory(self.directory)
            self._broken = False
        self._size += len(raw)
        self.number += 1
        self.seq += len(records)
        return self.number - 1

    def probe(self, size: int) -> None:
        """Check that the disk has room for `size` bytes; raise `DiskError` if it does not."""
        with disk_errors(self.directory):
            probe(self.directory, size, self._sync)

    def close(self) -> None:
        """Close the file; everything committed is on disk already."""
        self._close()

    def _find_end(self) -> None:
        """Search from the last segment backwards for the last whole frame."""
        found = segments(self.directory)
        for place in range(len(found) - 1, -1, -1):
            segment = found[place]
            last, end = None, 0
            for item in scan(segment, last=place == len(found) - 1):
                if isinstance(item, Torn):
                    self.torn = item
                else:
                    last, end = item, item.end
            if place == len(found) - 1:
                self._path, self._size, self.number = segment.path, end, segment.first
            if last is not None:
                self._continue_after(last)
                return

    def _continue_after(self, last: Found) -> None:
        self.number = last.header.number + 1
        self.seq = last.header.next_seq

    def _begin_segment(self) -> None:
        self._close()
        self._path, self._size = segment_path(self.directory, self.number), 0
        self._fd = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._fd, 0)

    def _cut(self) -> None:
        """Cut the last segment back to its last whole frame.

        The file is reopened: after a failed sync the kernel may have dropped the pages and forgotten the error.
        """
        self._close()
        if self._path is None:
            return
        self._fd = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._fd, self._size)
        self._sync(self._fd)

    def _close(self) -> None:
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                os.close(self._fd)
            self._fd = -1


def probe(directory: Path, size: int, sync: Sync = _SYNC) -> None:
    """Write a file of `size` bytes beside the segments, sync it and remove it; raise `OSError`."""
    path = directory / PROBE
    try:
        with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as handle:
            for start in range(0, size, _BLOCK):
                handle.write(b"\xa5" * min(_BLOCK, size - start))
            handle.flush()
            sync(handle.fileno())
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write_all(fd: int, raw: bytes) -> None:
    view = memoryview(raw)
    while view:
        view = view[os.write(fd, view) :]


class disk_errors:  # noqa: N801 - used as a word in `with`
    """Converts an error of the disk into advice for a person."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            advice = _ADVICE.get(error.errno or 0, "check the disk")
            raise DiskError(f"journal {self._directory}: {error.strerror or error}: {advice}") from error
