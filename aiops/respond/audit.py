"""The audit trail: append-only JSON lines, each with the SHA-256 of the line before.

It is also the memory of runs: after a crash, only its content is believed. A line is on disk (fsync) before the action
that it announces is done.

A chain does not reveal that its newest lines are missing. An `Anchor` elsewhere therefore holds the count and the last
hash. It is written after each line: a crash leaves the trail at most one line ahead. A trail behind its anchor was cut;
one further ahead was extended by another program.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from aiops.errors import AiopsError
from aiops.private import narrow, private_directory
from aiops.respond.anchors import START, UNKNOWN, Cut, Mark, TrailAnchor, compare

# One line holds a few rendered requests at most; the daemon writes no longer one.
MAX_LINE_BYTES = 1024 * 1024
# The kind of the first line of a trail that takes the place of a damaged one.
RENEWED = "renewed"


class AuditError(AiopsError):
    """Raised if the trail was changed, or another process writes it.

    Runs stop until a person has checked it.
    """


class Entry(Struct):
    """One line: number from 0, time (Unix seconds), event, and the chain."""

    seq: int
    at: float
    kind: str
    data: dict[str, Any]
    prev: str
    hash: str = ""

    def digest(self) -> str:
        """Return the SHA-256 over everything but the hash itself, with keys in a fixed order."""
        plain = [self.seq, self.at, self.kind, self.data, self.prev]
        return sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()


class Break(Struct):
    """A place where lines are missing: the line that states it, why, and who accepted it, if anybody has."""

    line: int
    at: float
    problem: str
    accepted_by: str = ""
    reason: str = ""


class Verdict(Struct):
    """The result of a check: valid entries, the last hash, and the first problem if there is one.

    `breaks` are the places before which lines are missing, `torn_bytes` those of a half-written line at the end, which
    was never announced as done. `is_anchored` is False without a record of its length elsewhere.
    """

    entries: int
    head: str
    problem: str | None = None
    breaks: list[Break] = []
    torn_bytes: int = 0
    is_anchored: bool = False

    @property
    def is_chained(self) -> bool:
        """Return True if all lines continue each other; some may be missing."""
        return self.problem is None or self.problem.startswith(_INCOMPLETE)


# The beginning of a problem of a trail whose lines are those that were written, where some are missing.
_INCOMPLETE = "incomplete: "


def read_entries(path: Path) -> Iterator[Entry]:
    """Yield the whole lines of a trail; raise `AuditError` at the first that does not fit."""
    return _read(path)


def verify(path: Path, mark: Mark | None = None) -> Verdict:
    """Check the whole chain of a file without changing it; a missing file is an empty trail.

    With a mark, which was read before, also check that no line is missing at the end. A place where lines are missing
    is a problem until a person has accepted it, however many lines follow.
    """
    found = Verdict(0, START, is_anchored=mark is not None and mark != UNKNOWN)
    marked, first = START, None
    try:
        for entry in _read(path):
            first = first or entry
            found.entries, found.head = entry.seq + 1, entry.hash
            _note_break(found.breaks, entry)
            if mark is not None and found.entries == mark.entries:
                marked = found.head
        found.torn_bytes = _torn_bytes(path)
    except AuditError as error:
        found.problem = str(error)
        return found
    # A running daemon may have written since the mark was read: only missing lines count.
    missing = mark is not None and mark != UNKNOWN and (found.entries < mark.entries or marked != mark.head)
    if mark is not None and missing and not renews(first, mark):
        cut = compare(min(found.entries, mark.entries), marked, mark)
        found.problem = f"{_INCOMPLETE}audit trail {path}: {cut.problem}" if cut is not None else None
    open_break = next((one for one in found.breaks if not one.accepted_by), None)
    if found.problem is None and open_break is not None:
        why = f"line {open_break.line} states that it was cut before: {open_break.problem}; nobody has accepted it"
        found.problem = f"{_INCOMPLETE}audit trail {path}: {why}"
    return found


def _note_break(breaks: list[Break], entry: Entry) -> None:
    data = entry.data
    if entry.kind == "cut":
        breaks.append(Break(entry.seq + 1, entry.at, data["problem"]))
    elif entry.kind == RENEWED:
        breaks.append(Break(entry.seq + 1, entry.at, data["problem"], data["actor"], data["reason"]))
    elif entry.kind == "accepted":
        for one in breaks:
            one.accepted_by, one.reason = one.accepted_by or data["actor"], one.reason or data.get("reason", "")


def renews(first: Entry | None, mark: Mark) -> bool:
    """Return True if a trail begins with the line that takes the place of the marked one."""
    return first is not None and first.kind == RENEWED and first.data.get("after") == [mark.entries, mark.head]


class Trail:
    """An open trail. Only one process may have it open; the lock is released with the process."""

    def __init__(self, path: Path, anchor: TrailAnchor | None = None) -> None:
        """Open or create; raise `AuditError` where the chain is broken or another process has it.

        A line that a crash left half-written was never announced as done: it is moved to `<name>.torn`. `cut` describes
        the problem of a trail that does not match its anchor.
        """
        _private(path)
        self.path = path
        self._anchor = anchor
        # Bytes of a line between its write and the end of its sync.
        self._under_way = 0
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._lock()
            torn = self._set_torn_aside()
            self.entries = list(_read(path))
            self._seq = len(self.entries)
            self._head = self.entries[-1].hash if self.entries else START
            self._at = max((entry.at for entry in self.entries), default=0.0)
            self._size = os.fstat(self._file).st_size
            self._engaged: set[str] = set()
            for entry in self.entries:
                self._move(entry)
            self.cut = self._compared()
            if self.cut is None and self.entries:
                # A crash may have come between the last line and its mark.
                self._keep(self._mark(self._seq, self._head, self._at))
        except BaseException:
            os.close(self._file)
            raise
        self.torn_bytes = torn

    def append(self, kind: str, at: float, data: dict[str, Any]) -> Entry:
        """Write one entry and wait until it and its mark are on disk. One thread at a time.

        A line whose mark cannot be written is removed: a refused entry must not count after a restart.
        """
        entry = Entry(self._seq, at, kind, data, self._head)
        entry.hash = entry.digest()
        size, engaged = self._size, set(self._engaged)
        self._write(msgspec.json.encode(entry, order="deterministic") + b"\n")
        self._move(entry)
        try:
            self._keep(self._mark(entry.seq + 1, entry.hash, max(self._at, at)))
        except AuditError:
            self._engaged = engaged
            self._take_back(size)
            raise
        self._seq, self._head, self._at = entry.seq + 1, entry.hash, max(self._at, at)
        # A line on a cut trail is anchored together with the rest of the trail.
        self.cut = None
        return entry

    def _compared(self) -> Cut | None:
        if self._anchor is None:
            return None
        mark = self._anchor.read()
        if mark is not None and renews(self.entries[0] if self.entries else None, mark):
            return None
        named = mark.entries if mark is not None else 0
        hashed = self.entries[named - 1].hash if 0 < named <= self._seq else START
        return compare(self._seq, hashed, mark)

    def take_entries(self) -> list[Entry]:
        """Return the entries that were read, once: they are not kept in memory."""
        taken, self.entries = self.entries, []
        return taken

    def _mark(self, entries: int, head: str, at: float) -> Mark:
        return Mark(entries, head, at, tuple(sorted(self._engaged)))

    def _keep(self, mark: Mark) -> None:
        if self._anchor is None:
            return
        try:
            self._anchor.write(mark)
        except AiopsError as error:
            raise AuditError(f"{self._place}: its anchor was not written ({error}); nothing was run") from error

    def _take_back(self, size: int) -> None:
        """Cut off a line. If the disk refuses that too, the next line finds an unexpected size and is refused."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, size)
            self._size = size

    def _move(self, entry: Entry) -> None:
        if entry.kind in ("cut", RENEWED):
            self._engaged |= set(entry.data["engaged"])
        elif entry.kind == "switch":
            (self._engaged.add if entry.data["engaged"] else self._engaged.discard)(entry.data["scope"])

    def _write(self, line: bytes) -> None:
        """Write all of a line or nothing: half a line would break the chain for later ones."""
        if len(line) > MAX_LINE_BYTES:
            raise AuditError(f"{self._place}: expected a line of up to {MAX_LINE_BYTES} bytes; got {len(line)}")
        self._check()
        self._under_way = len(line)
        try:
            written = os.write(self._file, line)
            if written != len(line):
                raise OSError(f"{written} of {len(line)} bytes were written")
            os.fsync(self._file)
        except OSError as error:
            self._take_back(self._size)
            raise AuditError(f"audit trail {self.path}: {error.strerror or error}; nothing was run") from error
        else:
            self._size += len(line)
        finally:
            self._under_way = 0

    def _check(self) -> None:
        if (problem := self.problem()) is not None:
            raise AuditError(f"{problem}; nothing was run")

    def problem(self) -> str | None:
        """Return why the file is no longer the one that was opened, with the size that it had; None if it is."""
        if self._file < 0:
            # Closed: nothing is written any more.
            return None
        # First: a line that is being written meanwhile makes the file longer.
        size = self._size
        try:
            mine, there = os.fstat(self._file), os.stat(self.path)
        except OSError as error:
            return f"{self._place}: {error.strerror or error}"
        is_same = (mine.st_ino, mine.st_dev) == (there.st_ino, there.st_dev)
        if not is_same or not size <= mine.st_size <= max(size, self._size) + self._under_way:
            return f"{self._place}: another program changed it"
        return None

    @property
    def _place(self) -> str:
        return f"audit trail {self.path}"

    def close(self) -> None:
        """Release the file and its lock."""
        # A thread that still writes must not meet another file under the same number.
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

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
        with _torn(self.path).open("ab") as aside:
            aside.write(raw[keep:] + b"\n")
        narrow(_torn(self.path))
        os.ftruncate(self._file, keep)
        os.fsync(self._file)
        return size - keep


def _torn_bytes(path: Path) -> int:
    """Return the length of what follows the last whole line."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - MAX_LINE_BYTES))
        end = file.read()
    return len(end) - (end.rfind(b"\n") + 1)


def _torn(path: Path) -> Path:
    return path.with_name(path.name + ".torn")


def _private(path: Path) -> None:
    """Make the trail private. A directory with other content may keep its readers."""
    mine = {path.name, _torn(path).name}
    try:
        if not path.parent.is_dir() or all(other.name in mine for other in path.parent.iterdir()):
            private_directory(path.parent)
        for file in (path, _torn(path)):
            narrow(file)
    except OSError as error:
        raise AuditError(f"audit trail {path}: {error.strerror or error}") from error


def _read(path: Path) -> Iterator[Entry]:
    if not path.exists():
        return
    decoder, head = msgspec.json.Decoder(Entry), START
    with path.open("rb") as lines:
        for seq, line in enumerate(lines):
            place = f"audit trail {path}: line {seq + 1}"
            if not line.endswith(b"\n"):
                # Half written, by a daemon that was killed or is at it: nothing was announced by it.
                return
            try:
                entry = decoder.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise AuditError(f"{place}: expected an entry; {error}") from error
            if len(line) > MAX_LINE_BYTES or entry.seq != seq or entry.prev != head or entry.digest() != entry.hash:
                raise AuditError(f"{place}: it does not continue the chain; it was changed, or lines were removed")
            head = entry.hash
            yield entry
