"""Archive records from a file that another process appends to (JSON Lines), as `tail -F` reads it.

The position is (inode, offset after the last whole line). A file that was replaced (another inode) or cut short is
read from its start; the rest of a file that was moved away is read first, as long as it is still open here.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO

from msgspec import Meta, Struct

from aiops.options import convert
from aiops.ports import DeadLetter, Inbox, Position, Received
from aiops.records import Record
from aiops.records.decode import MAX_RECORD_BYTES
from aiops_connectors.mapping.builders import MAX_RAW
from aiops_connectors.mapping.mapping import load_mapping, nothing_to_reload
from aiops_connectors.payloads.unknown_words import UnknownWords
from aiops_connectors.payloads.values import ValueDecoder

# One write of the journal: a few thousand records, some hundred milliseconds of work.
MAX_BATCH_BYTES = 1 << 20
# The engine is full: how long one offer waits before `stop` is looked at again.
OFFER_S = 0.5
_CHUNK = 1 << 16


class FileOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Options of the file source."""

    path: Annotated[str, Meta(description="The file to follow, as `tail -F` does; it may come later.")]
    mapping: Annotated[
        str | None,
        Meta(
            description="Name or path of a mapping, for lines that are payloads; without it, lines are archive records."
        ),
    ] = None
    poll_s: Annotated[
        float, Meta(gt=0, le=3_600, description="How long to wait between two looks at a file that has not grown.")
    ] = 0.5


class FileSource:
    """Follow one file of archive records or payloads, one a line.

    `clock` gives Unix seconds, `sleep` waits (by default, until `stop`).
    """

    Options = FileOptions
    example = "aiops_connectors.examples:file_source"

    def __init__(
        self,
        name: str,
        options: Mapping[str, Any],
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Raise `UsageError` for wrong options."""
        self.name = name
        self.options = convert(options, FileOptions, f"sources.{name}")
        mapping = load_mapping(self.options.mapping) if self.options.mapping is not None else None
        self._reload_mapping = mapping.reload if mapping is not None else nothing_to_reload
        self._decoder = ValueDecoder(mapping)
        self._unknown = UnknownWords(name)
        self._path = Path(self.options.path)
        self._stopped = threading.Event()
        self._clock = clock
        self._sleep = sleep or self._stopped.wait
        self._file: BinaryIO | None = None
        self._offset = 0
        self._trouble = "not read yet"
        self._counts = {"records": 0, "rejected": 0, "full": 0}

    def run(self, inbox: Inbox, position: Position | None) -> None:
        """See `Source.run`."""
        try:
            while not self._stopped.is_set():
                if not self._read_batch(inbox, position):
                    self._sleep(self.options.poll_s)
        finally:
            self._close()

    def reload(self) -> Callable[[], None]:
        """See `aiops.ports.Reloads`."""
        return self._reload_mapping()

    def stop(self) -> None:
        """See `Source.stop`."""
        self._stopped.set()

    def health(self) -> Mapping[str, Any]:
        """See `Source.health`: beside `ok` and `detail`, the offset, and what was taken and refused."""
        detail = self._trouble or f"reading {self._path}"
        return {
            "ok": not self._trouble,
            "detail": detail,
            "offset": self._offset,
            **self._counts,
            "counts": [*self._counts],
            "unknown": self._unknown.counted(),
        }

    def _read_batch(self, inbox: Inbox, position: Position | None) -> bool:
        """Read one batch; whether there was any."""
        try:
            if self._file is None and not self._open(position):
                return False
            assert self._file is not None
            data = self._whole_lines(self._file)
        except OSError as error:
            self._trouble = f"cannot read {self._path}: {error.strerror or error}"
            self._close()
            return False
        if data:
            self._hand_over(inbox, data)
            return True
        if self._was_replaced(self._file):
            self._close()
        return False

    def _open(self, position: Position | None) -> bool:
        try:
            self._file = self._path.open("rb")
        except FileNotFoundError:
            self._trouble = f"waiting for {self._path}"
            return False
        self._trouble = ""
        self._offset = 0
        status = os.fstat(self._file.fileno())
        known = position.at if position is not None else {}
        if known.get("inode") == status.st_ino and known.get("offset", 0) <= status.st_size:
            self._offset = known.get("offset", 0)
        return True

    def _whole_lines(self, file: BinaryIO) -> bytes:
        """Return the data after the offset, up to the last end of line; an overlong line is cut."""
        file.seek(self._offset)
        data = file.read(MAX_BATCH_BYTES)
        end = data.rfind(b"\n") + 1
        while not end and len(data) >= MAX_BATCH_BYTES and len(data) <= 2 * MAX_RECORD_BYTES:
            more = file.read(_CHUNK)
            if not more:
                break
            data += more
            end = data.rfind(b"\n") + 1
        return data[:end] if end or len(data) <= 2 * MAX_RECORD_BYTES else data

    def _was_replaced(self, file: BinaryIO) -> bool:
        opened = os.fstat(file.fileno())
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return there.st_ino != opened.st_ino or there.st_size < self._offset

    def _hand_over(self, inbox: Inbox, data: bytes) -> None:
        """Offer the lines until the engine takes them; the offset moves only then."""
        assert self._file is not None
        end = self._offset + len(data)
        inode = os.fstat(self._file.fileno()).st_ino
        received = self._received(data, Position(self.name, {"inode": inode, "offset": end}))
        while not self._stopped.is_set():
            if inbox.put(received, OFFER_S):
                self._offset = end
                self._counts["records"] += len(received.records)
                self._counts["rejected"] += len(received.rejected)
                return
            self._counts["full"] += 1

    def _received(self, data: bytes, position: Position) -> Received:
        records: list[Record] = []
        letters: list[DeadLetter] = []
        at = self._offset
        now = self._clock()
        for line in data.splitlines(keepends=True):
            place = f"{self._path.stem}:{at}"
            at += len(line)
            if line.strip():
                problems = self._decoder.decode(line.strip(), records, place=place, now=now)
                for problem in self._unknown.sift(problems):
                    where = f"{place} {problem.place}"
                    letters.append(DeadLetter(self.name, where, problem.reason, (problem.raw or line)[:MAX_RAW], now))
        self._unknown.check_severities(records)
        return Received(records, position, letters)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
