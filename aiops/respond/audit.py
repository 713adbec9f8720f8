"""The audit trail: JSON lines that are only ever appended, each holding the SHA-256 of the one before.

It is also the memory of runs: what is in it happened, and after a crash nothing else is believed. A line is on disk
(fsync) before the thing that it announces is done.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from aiops.errors import AiopsError

START = "0" * 64
# One line holds a few rendered requests at most; a longer one is not ours.
MAX_LINE_BYTES = 1024 * 1024


class AuditError(AiopsError):
    """The trail was changed, or another process writes it; runs stop until a person has looked."""


class Entry(Struct):
    """One line: number from 0, time (Unix seconds), what happened, and the chain."""

    seq: int
    at: float
    kind: str
    data: dict[str, Any]
    prev: str
    hash: str = ""

    def digest(self) -> str:
        """SHA-256 over everything but the hash itself, with keys in a fixed order."""
        plain = [self.seq, self.at, self.kind, self.data, self.prev]
        return sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


class Verdict(Struct):
    """What a check of a trail found: entries that hold, the last hash, and the first problem if there is one."""

    entries: int
    head: str
    problem: str | None = None


def verify(path: Path) -> Verdict:
    """Check the whole chain of a file without changing it; a missing file is an empty trail."""
    entries, head = 0, START
    try:
        for entry in _read(path):
            entries, head = entry.seq + 1, entry.hash
    except AuditError as error:
        return Verdict(entries, head, str(error))
    return Verdict(entries, head)


class Trail:
    """An open trail. One process at a time may have it open; the lock goes with the process."""

    def __init__(self, path: Path) -> None:
        """Open or create; raise `AuditError` where the chain is broken or another process has it.

        What a crash left half-written at the end was never announced as done: it is set aside in `<name>.torn`.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._lock()
            torn = self._set_torn_aside()
            self.entries = list(_read(path))
        except BaseException:
            os.close(self._file)
            raise
        self._seq = len(self.entries)
        self._head = self.entries[-1].hash if self.entries else START
        self.torn_bytes = torn

    def append(self, kind: str, at: float, data: dict[str, Any]) -> Entry:
        """Write one entry and wait until it is on disk."""
        entry = Entry(self._seq, at, kind, data, self._head)
        entry.hash = entry.digest()
        self._write(msgspec.json.encode(entry, order="deterministic") + b"\n")
        self._seq, self._head = entry.seq + 1, entry.hash
        return entry

    def _write(self, line: bytes) -> None:
        """All of a line on disk, or nothing of it: half a line would break the chain for what comes after."""
        size = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
            if written != len(line):
                raise OSError(f"{written} of {len(line)} bytes were written")
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, size)
            raise AuditError(f"audit trail {self.path}: {error.strerror or error}; nothing was run") from error

    def close(self) -> None:
        """Give the file and its lock back."""
        os.close(self._file)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AuditError(f"audit trail {self.path}: another process has it open") from error

    def _set_torn_aside(self) -> int:
        size = os.fstat(self._file).st_size
        if size == 0:
            return 0
        raw = self.path.read_bytes()
        keep = raw.rfind(b"\n") + 1
        if keep == size:
            return 0
        with self.path.with_name(self.path.name + ".torn").open("ab") as aside:
            aside.write(raw[keep:] + b"\n")
        os.ftruncate(self._file, keep)
        os.fsync(self._file)
        return size - keep


def _read(path: Path) -> Iterator[Entry]:
    if not path.exists():
        return
    decoder, head = msgspec.json.Decoder(Entry), START
    with path.open("rb") as lines:
        for seq, line in enumerate(lines):
            place = f"audit trail {path}: line {seq + 1}"
            try:
                entry = decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise AuditError(f"{place}: expected an entry; {error}") from error
            if len(line) > MAX_LINE_BYTES or entry.seq != seq or entry.prev != head or entry.digest() != entry.hash:
                raise AuditError(f"{place}: it does not continue the chain; it was changed, or lines were removed")
            head = entry.hash
            yield entry
