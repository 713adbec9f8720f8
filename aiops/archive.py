"""Archives: JSON Lines, plain or gzip, several files merged by time."""

from __future__ import annotations

import gzip
import heapq
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from msgspec import Struct, field

from aiops.errors import RecordError, UsageError
from aiops.records import Incident, Record
from aiops.records.decode import MAX_RECORD_BYTES, decode, encode

# Rejected lines that are kept with their reason; all are counted. A person reads a handful, a broken file has millions.
MAX_KEPT = 1_000
_SKIP_BYTES = 1 << 16


class Rejection(Struct):
    """A line that is no record."""

    file: str
    line: int
    field: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: expected {self.expected}; got {self.got}"


class Rejections(Struct):
    """The rejected lines: the first `MAX_KEPT` with their reason, and the number of all."""

    count: int = 0
    kept: list[Rejection] = field(default_factory=list)

    def add(self, rejection: Rejection) -> None:
        """Count a rejection and keep it while there is room."""
        self.count += 1
        if len(self.kept) < MAX_KEPT:
            self.kept.append(rejection)


Progress = Callable[[int], None]


def read(
    paths: Iterable[str | Path],
    rejections: Rejections,
    *,
    strict: bool = False,
    progress: Progress | None = None,
) -> Iterator[Record]:
    """Yield all records of the files, merged by time; `-` is standard input.

    Each file keeps its own order: a record earlier than its predecessor arrives late, as it did originally. `progress`
    receives the bytes read since its last call. Invalid lines go to `rejections`; with `strict` the first one raises
    `UsageError`.
    """
    streams = [_read_one(str(path), rejections, strict, progress) for path in paths]
    if len(streams) == 1:
        return streams[0]
    return heapq.merge(*streams, key=time_of)


def time_of(record: Record) -> float:
    """Return the timestamp of a record; of an incident (history or truth) its `opened_at`."""
    if isinstance(record, Incident):
        return record.opened_at or 0.0
    return record.ts


def _read_one(path: str, rejections: Rejections, strict: bool, progress: Progress | None) -> Iterator[Record]:
    stem = "stdin" if path == "-" else Path(path).name.split(".jsonl")[0]
    with _opened(path) as lines:
        number = 0
        # Two more than a record may have, for the line end: a longer line is detected without reading it whole.
        limit = MAX_RECORD_BYTES + 2
        while raw := _line(lines, limit, path):
            number += 1
            if progress is not None:
                progress(len(raw))
            if len(raw) == limit and not raw.endswith(b"\n"):
                raw += _skip_line(lines, progress)
            if raw.isspace():
                continue
            try:
                record = decode(raw.rstrip(b"\r\n"))
            except RecordError as error:
                rejection = Rejection(path, number, error.field, error.expected, error.got)
                rejections.add(rejection)
                if strict:
                    raise UsageError(f"{rejection} (--strict)") from None
                continue
            if not record.id:
                record.id = f"{stem}:{number}"
            yield record


def _line(lines: BinaryIO, limit: int, path: str) -> bytes:
    try:
        return lines.readline(limit)
    except (EOFError, OSError, zlib.error) as error:
        # A gzip file that is cut off, or is not gzip at all.
        raise UsageError(f"{path}: {error}") from error


def _skip_line(lines: BinaryIO, progress: Progress | None) -> bytes:
    """Read past the end of an overlong line, and return a part that is still too long."""
    while chunk := lines.readline(_SKIP_BYTES):
        if progress is not None:
            # A line may be gigabytes long, unpacked: whoever bounds the input must see it.
            progress(len(chunk))
        if chunk.endswith(b"\n"):
            break
    return b"+"


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield sys.stdin.buffer
        return
    try:
        opened = gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    with opened as handle:
        yield cast(BinaryIO, handle)


def write(path: Path, records: Iterable[Record]) -> None:
    """Write an archive. `.gz` is compressed without a timestamp inside: equal records give equal bytes."""
    with open(path, "wb") as raw:
        if path.suffix != ".gz":
            raw.writelines(encode(record) + b"\n" for record in records)
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as handle:
            for record in records:
                handle.write(encode(record) + b"\n")
