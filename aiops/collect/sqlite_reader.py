"""Statements on a SQLite file that is opened for reading alone.

`mode=ro` opens the file without the right to write (https://www.sqlite.org/uri.html), `query_only` refuses changes
(https://www.sqlite.org/pragma.html#pragma_query_only), and the authorizer refuses everything but reading, among it
`attach`, by which a statement would reach other files.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from aiops.step_kinds.databases import Access, Database, DatabaseFailed, Selected, Statement
from aiops.step_kinds.forms import Scalar

# Bytes of a text or a statement; SQLite's own limit is a gigabyte. Characters of a text that are kept.
MAX_LENGTH, MAX_TEXT = 100_000, 8_000
# Instructions of SQLite's machine between two looks at the clock: well under a millisecond.
_STEPS = 1_000
# A writer that holds the file is waited for this long.
_BUSY_S = 0.5
_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_FORBIDDEN = frozenset({"load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"})


class SqlOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a system of the kind `sql`, which has no `url`."""

    file: Annotated[str, Meta(min_length=1, description="The SQLite file, which is opened for reading alone.")]


class SqliteDatabase(Database):
    """Reads one SQLite file; each statement has a connection of its own."""

    Options = SqlOptions
    example: ClassVar = "aiops.testing.databases:sqlite_example"

    def __init__(self, access: Access, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Open nothing yet; the file may come later."""
        assert isinstance(access.system.options, SqlOptions)
        self._file, self._monotonic = Path(access.system.options.file).expanduser(), monotonic

    def select(self, statement: Statement, gate: Callable[[], bool]) -> Selected:
        """See `Database.select`."""
        if not gate():
            raise DatabaseFailed("not read: the daemon is shutting down")
        ends = self._monotonic() + statement.timeout_s
        try:
            with closing(self._open()) as connection:
                connection.set_progress_handler(lambda: int(self._monotonic() > ends or not gate()), _STEPS)
                found = connection.execute(statement.text, dict(statement.parameters))
                names = [str(one[0]) for one in found.description or ()]
                rows = found.fetchmany(statement.limit)
        except sqlite3.OperationalError as error:
            if self._monotonic() > ends:
                raise DatabaseFailed(f"no answer within {statement.timeout_s:g} s") from None
            raise DatabaseFailed(f"{self._file.name}: {error}") from None
        except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
            raise DatabaseFailed(f"{self._file.name}: {error}") from None
        return Selected(names, [[_cell(value) for value in row] for row in rows])

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


def _cell(value: Any) -> Scalar | None:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, str):
        return value[:MAX_TEXT]
    return None if value is None else value
