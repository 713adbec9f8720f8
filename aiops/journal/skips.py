"""The numbers of records that the engine could not process, each with the reason.

A file of JSON lines beside the segments. It is synced before anything is derived from a frame without such a record:
the daemon, a restart and a replay leave out the same ones. A line that is cut off or damaged is ignored; its record
fails again and is recorded again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from aiops.journal.frame import Frame
from aiops.journal.writer import disk_errors, sync_directory
from aiops.records import Incident, Logged, Skipped

FILE_NAME = "skipped.jsonl"
# The longest exception message kept; the record itself is kept beside it.
MAX_REASON_CHARS = 300
_RAW_BYTES = 64 << 10


class Skip(Struct):
    """One line: the record's number, the reason, and the time (Unix seconds)."""

    seq: int
    reason: str
    at: float = 0.0


_DECODER = msgspec.json.Decoder(Skip)


class SkipLog:
    """The file, open for the daemon to append. `all` holds its content by record number."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.all = _read(directory)

    def add(self, reasons: Mapping[int, str], at: float) -> None:
        """Record durably that these records are skipped; raise `DiskError` if the disk refuses."""
        skips = [Skip(seq, reason, at) for seq, reason in sorted(reasons.items())]
        # A line that was cut off earlier must not swallow the next one.
        raw = b"\n" + msgspec.json.Encoder().encode_lines(skips)
        path = self._directory / FILE_NAME
        with disk_errors(self._directory):
            fresh = not path.exists()
            with open(path, "ab", opener=_private) as handle:
                handle.write(raw)
                handle.flush()
                os.fsync(handle.fileno())
            if fresh:
                sync_directory(self._directory)
        self.all.update({skip.seq: skip for skip in skips})


def read_skips(directory: Path) -> dict[int, str]:
    """Return the skipped records with the reasons; empty if there is no file."""
    return {seq: skip.reason for seq, skip in _read(directory).items()}


def substitute(frame: Frame, reasons: Mapping[int, str]) -> Frame:
    """Replace each skipped record of a frame by a `Skipped`."""
    numbers = [seq for seq in range(frame.first_seq, frame.next_seq) if seq in reasons]
    if not numbers:
        return frame
    records = list(frame.records)
    for seq in numbers:
        records[seq - frame.first_seq] = skipped(records[seq - frame.first_seq], reasons[seq])
    return Frame(frame.number, frame.first_seq, records, frame.meta)


def skipped(record: Logged, reason: str) -> Skipped:
    """Make the stand-in for a skipped record."""
    if isinstance(record, Skipped):
        return record
    return Skipped(
        ts=(record.opened_at or 0.0) if isinstance(record, Incident) else record.ts,
        of=type(record).__name__.lower(),
        id=record.id,
        reason=reason,
        source=str(getattr(record, "source", None) or ""),
        raw=msgspec.json.encode(record)[:_RAW_BYTES],
    )


def reason_of(error: Exception) -> str:
    """Describe an exception in a few words, as the reason for skipping a record."""
    return f"{type(error).__name__}: {error}"[:MAX_REASON_CHARS]


def _read(directory: Path) -> dict[int, Skip]:
    try:
        lines = (directory / FILE_NAME).read_bytes().split(b"\n")
    except OSError:
        return {}
    found: dict[int, Skip] = {}
    for line in lines:
        try:
            skip = _DECODER.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        found[skip.seq] = skip
    return found


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


__all__ = ["FILE_NAME", "Skip", "SkipLog", "read_skips", "reason_of", "skipped", "substitute"]
