"""PostgreSQL for collectors: one statement that reads, by psycopg 3.

https://www.psycopg.org/psycopg3/docs/

Each statement has a session of its own, with `default_transaction_read_only`, in a transaction that is `READ ONLY` and
is rolled back. It runs as the query of a cursor, which the server refuses for anything but one `select` or `values`.
Values are bound. The server cuts texts and rows: no more than what is kept crosses the network.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar
from urllib.parse import unquote, urlsplit

from msgspec import Meta, Struct

from aiops.errors import UsageError
from aiops.http.redaction import MAX_EXCERPT_CHARS, redact
from aiops.step_kinds.databases import (
    CHECK_TIMEOUT_S,
    MAX_ANSWER_BYTES,
    MAX_COLUMNS,
    MAX_TEXT,
    Access,
    Database,
    DatabaseFailed,
    Selected,
    Statement,
)
from aiops.step_kinds.forms import Scalar
from aiops_connectors.databases import sessions
from aiops_connectors.databases.roles import ACTING, POWERS, RIGHTS, refuse, warnings_of
from aiops_connectors.databases.select_text import numbered, problem_of

if TYPE_CHECKING:
    import psycopg

FoundT = TypeVar("FoundT")
PORT = 5432
# Rows of one answer of the server: a few wide ones must not be more than is kept.
BATCH = 10
# Types by their numbers, which never change: src/include/catalog/pg_type.dat.
_BOOL, _BYTEA = 16, 17
_NUMBERS = frozenset({20, 21, 23, 26, 700, 701, 1700})
# A longer one is shown as text: a number that is cut is another number.
_MAX_DIGITS = 40
_EXACT_DIGITS = 18


class PostgresqlOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of a system of the kind `postgresql`."""

    user: Annotated[str, Meta(max_length=63, description="The role, where the system has no secret.")] = ""
    socket: Annotated[
        str, Meta(max_length=90, description="The directory of the server's socket, for a `url` without a host.")
    ] = ""
    allow_plaintext: Annotated[
        bool,
        Meta(description="Permit a connection that is not encrypted, or whose certificate nobody checked."),
    ] = False


class PostgresqlDatabase(Database):
    """Reads a PostgreSQL server; tested with version 15."""

    Options = PostgresqlOptions
    schemes: ClassVar[Sequence[str]] = ("postgresql", "postgres")
    example: ClassVar = "aiops_connectors.databases.example:example"

    def __init__(self, access: Access, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raise `UsageError` for a system that cannot work, or without psycopg."""
        place = f"respond.systems.{access.system.name}"
        try:
            import psycopg
        except ImportError as error:
            raise UsageError(
                f"{place}: postgresql needs psycopg: pip install 'aiops-engine[postgresql]' ({error})"
            ) from error
        if psycopg.pq.version() < sessions.MIN_LIBPQ:
            raise UsageError(f"{place}: postgresql needs libpq 16 or newer: pip install 'psycopg[binary]'")
        self._psycopg, self._monotonic = psycopg, monotonic
        self._lost = psycopg.OperationalError
        self._target = _target(place, access)
        self._secret = access.secret
        self._login()

    @classmethod
    def problem(cls, statement: str, names: Collection[str]) -> str | None:
        """See `Database.problem`."""
        return problem_of(statement, names)

    @property
    def secrets(self) -> Sequence[str]:
        """See `Database.secrets`."""
        return [password] if (password := self._login().get("password")) else []

    def select(self, statement: Statement, gate: Callable[[], bool]) -> Selected:
        """See `Database.select`."""
        text, names = numbered(statement.text, list(statement.parameters))
        values = [statement.parameters[name] for name in names]
        return self._run(
            statement.timeout_s, gate, lambda connection: _select(connection, text, values, statement.limit)
        )

    def check(self) -> list[str]:
        """See `Database.check`."""
        return self._run(CHECK_TIMEOUT_S, lambda: True, _warnings)

    def _run(
        self, timeout_s: float, gate: Callable[[], bool], work: Callable[[psycopg.Connection[Any]], FoundT]
    ) -> FoundT:
        """Return what `work` returns of a session that may only read; the session ends with it."""
        ends = self._monotonic() + timeout_s
        if not gate():
            raise DatabaseFailed("not read: the daemon is shutting down")
        is_open = False
        try:
            # Closed without a commit: a version before 16 makes large objects in a read-only transaction.
            with (
                closing(self._opened(ends, timeout_s)) as connection,
                sessions.ended_in_time(connection, ends, gate, self._monotonic),
            ):
                is_open = True
                if not gate():
                    raise DatabaseFailed("not read: the daemon is shutting down")
                refuse(_one(connection, POWERS, [list(ACTING)]))
                return work(connection)
        except self._psycopg.Error as error:
            if not gate():
                raise DatabaseFailed("interrupted: the daemon is shutting down") from None
            if isinstance(error, self._psycopg.errors.QueryCanceled) or self._monotonic() > ends:
                raise DatabaseFailed(f"no answer within {timeout_s:g} s") from None
            raise DatabaseFailed(self._reason(error, is_open)) from None
        except UnicodeError:
            raise DatabaseFailed("expected text that has a form in UTF-8; got something else") from None

    def _opened(self, ends: float, timeout_s: float) -> psycopg.Connection[Any]:
        failure: psycopg.Error | None = None
        for address in sessions.addresses(self._target):
            left = ends - self._monotonic()
            if failure is not None and left < sessions.MIN_CONNECT_S:
                break
            chosen: dict[str, Any] = {
                **sessions.parameters(self._target, address),
                **self._login(),
                "options": sessions.settings(timeout_s),
                "connect_timeout": sessions.connect_s(left),
            }
            try:
                connection = self._psycopg.connect(**chosen, prepare_threshold=None)
            except self._psycopg.OperationalError as error:
                failure = error
            else:
                connection.read_only = True
                return connection
        assert failure is not None
        raise failure

    def _login(self) -> dict[str, str]:
        """Return role and password, from the secret as it is now."""
        if self._secret is None:
            return {}
        user, colon, password = self._secret().partition(":")
        if not user or not colon or not password:
            raise UsageError("the secret of a postgresql system: expected `role:password` (got something else)")
        return {"user": user, "password": password}

    def _reason(self, error: psycopg.Error, is_open: bool) -> str:
        if isinstance(error, self._psycopg.errors.LockNotAvailable):
            return f"a table that it reads is locked; not waited for longer than {sessions.LOCK_TIMEOUT_S:g} s"
        # The message of the server alone: its details and hints quote rows.
        text = error.diag.message_primary
        if text is None:
            text = str(error).strip().partition("\n")[0] or type(error).__name__
            text = f"the connection was lost: {text}" if is_open and isinstance(error, self._lost) else text
        return redact(text, self.secrets)[:MAX_EXCERPT_CHARS]


def _target(place: str, access: Access) -> sessions.Target:
    system, options = access.system, access.system.options
    assert isinstance(options, PostgresqlOptions)
    parts = urlsplit(system.url)
    host, database = parts.hostname or "", unquote(parts.path.removeprefix("/"))
    if not database or "/" in database or parts.query:
        raise UsageError(f"{place}.url: expected postgresql://host:port/database; got {system.url!r}")
    if bool(host) == bool(options.socket):
        raise UsageError(f"{place}.options.socket: expected either a host in `url` or the directory of a socket")
    if system.ca_file is not None and options.allow_plaintext:
        raise UsageError(f"{place}.options.allow_plaintext: expected false with `ca_file`; got true")
    if bool(options.user) == (access.secret is not None):
        raise UsageError(f"{place}.options.user: expected either it or a `secret`, which begins with the role")
    more = (options.user, options.socket, system.ca_file, options.allow_plaintext, access.allow_private)
    return sessions.Target(host, parts.port or PORT, database, *more)


def _one(connection: psycopg.Connection[Any], query: str, values: Sequence[Any] = ()) -> dict[str, Any]:
    """Return the one row of a query of this package."""
    from psycopg import RawCursor
    from psycopg.rows import dict_row

    with RawCursor(connection, row_factory=dict_row) as cursor:
        found = cursor.execute(query.encode(), list(values), prepare=False).fetchone()
    return found or {}


def _warnings(connection: psycopg.Connection[Any]) -> list[str]:
    return warnings_of(_one(connection, POWERS, [list(ACTING)]), _one(connection, RIGHTS))


def _select(connection: psycopg.Connection[Any], text: str, values: list[Scalar], limit: int) -> Selected:
    """Return the first rows of a statement, cut on the server."""
    from psycopg import RawServerCursor

    # The statement as it is: the server refuses two of them, and what is no query.
    with RawServerCursor(connection, "aiops_shape") as shape:
        shape.execute(text.encode(), values)
        columns = [(one.name, one.type_code) for one in shape.description or ()]
    if not 1 <= len(columns) <= MAX_COLUMNS:
        raise DatabaseFailed(f"expected 1 to {MAX_COLUMNS} columns; got {len(columns)}")
    names = [f"c{number}" for number in range(len(columns))]
    cells = ", ".join(_cut(name, kind) for name, (_, kind) in zip(names, columns, strict=True))
    # Of fixed text, names of our own and a number.
    bounded = f"select {cells} from ({text}\n) as aiops_rows ({', '.join(names)}) limit {int(limit)}"  # noqa: S608
    rows: list[list[Scalar | None]] = []
    size = 0
    with RawServerCursor(connection, "aiops_rows") as cursor:
        cursor.execute(bounded.encode(), values)
        while found := cursor.fetchmany(BATCH):
            rows += [[_value(one, kind) for one, (_, kind) in zip(row, columns, strict=True)] for row in found]
            size += sum(len(one.encode()) for row in found for one in row if one is not None)
            if size > MAX_ANSWER_BYTES:
                raise DatabaseFailed(f"the answer is longer than {MAX_ANSWER_BYTES // 1024} KiB, which is the limit")
    return Selected([name for name, _ in columns], rows)


def _cut(name: str, kind: int) -> str:
    """Return the expression of one column, as a text of bounded length."""
    if kind == _BYTEA:
        return f"octet_length({name})::text || ' bytes'"
    return f"left({name}::text, {MAX_TEXT + 1})"


def _value(text: str | None, kind: int) -> Scalar | None:
    if text is None:
        return None
    if kind == _BOOL:
        return text == "true"
    if kind in _NUMBERS and len(text) <= _MAX_DIGITS:
        return _number(text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _number(text: str) -> Scalar:
    """Return a number; as text where no float or integer of JSON has its value (`NaN`, `Infinity`)."""
    if text.removeprefix("-").isdecimal() and len(text) <= _EXACT_DIGITS:
        return int(text)
    found = float(text)
    return found if math.isfinite(found) and not text.removeprefix("-").isdecimal() else text
