"""Statements on a SQLite file that is opened for reading alone.

`mode=ro` opens the file without the right to write (https://www.sqlite.org/uri.html), `query_only` refuses changes
(https://www.sqlite.org/pragma.html#pragma_query_only), and the authorizer refuses everything but reading, among it
`attach`, by which a statement would reach other files.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from aiops.collect.requests import Read
from aiops.collect.tables import MAX_CELL, ReadFailed
from aiops.step_kinds.forms import Scalar

# Bytes of a text or a statement; SQLite's own limit is a gigabyte.
MAX_LENGTH = 100_000
# Instructions of SQLite's machine between two looks at the clock: well under a millisecond.
_STEPS = 1_000
# A writer that holds the file is waited for this long.
_BUSY_S = 0.5
_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_FORBIDDEN = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})


class SqliteReader:
    """Reads one file; each statement has a connection of its own."""

    kind = "sql"
    allowed: Sequence[str] = ()
    secrets: Sequence[str] = ()

    def __init__(self, file: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._file, self._monotonic = file, monotonic

    def read(self, read: Read, gate: Callable[[], bool]) -> bytes:
        """Return the first `read.limit` rows as JSON; raise `ReadFailed` if there is no answer in time."""
        if not gate():
            raise ReadFailed("not read: the daemon is shutting down")
        ends = self._monotonic() + read.timeout_s
        try:
            with closing(self._open()) as connection:
                connection.set_progress_handler(lambda: int(self._monotonic() > ends or not gate()), _STEPS)
                found = connection.execute(read.statement, read.parameters)
                names = [str(one[0]) for one in found.description or ()]
                rows = found.fetchmany(read.limit)
        except sqlite3.OperationalError as error:
            if self._monotonic() > ends:
                raise ReadFailed(f"no answer within {read.timeout_s:g} s") from None
            raise ReadFailed(f"{self._file.name}: {error}") from None
        except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
            raise ReadFailed(f"{self._file.name}: {error}") from None
        return msgspec.json.encode([_row(names, row) for row in rows])

    def close(self) -> None:
        """Nothing is kept open."""

    def _open(self) -> sqlite3.Connection:
        uri = f"{self._file.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S, check_same_thread=False)
        connection.execute("pragma query_only = on")
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_LENGTH)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_authorizer(_authorized)
        return connection


def _authorized(action: int, first: str | None, second: str | None, *_more: object) -> int:
    is_forbidden = action == sqlite3.SQLITE_FUNCTION and str(second).lower() in _FORBIDDEN
    return sqlite3.SQLITE_OK if action in _READING and not is_forbidden else sqlite3.SQLITE_DENY


def _row(names: Sequence[str], row: Sequence[Any]) -> dict[str, list[Scalar]]:
    return {name: [_cell(value)] for name, value in zip(names, row, strict=True) if value is not None}


def _cell(value: Any) -> Scalar:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value[: 20 * MAX_CELL] if isinstance(value, str) else value
