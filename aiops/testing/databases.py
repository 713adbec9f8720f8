"""The conformance kit of databases: `check_database(example)` for a plugin of `aiops.databases`.

Its `example` makes a database with a table `stock (name, amount)` of two rows, ('bolt', 3) and ('nut', null).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from aiops import registry
from aiops.errors import AiopsError
from aiops.step_kinds.databases import GROUP, Access, Database, DatabaseFailed, Selected, Statement
from aiops.step_kinds.systems import System

TIMEOUT_S = 20.0
WRITES = (
    *("insert into {table} values ('screw', 1)", "delete from {table}", "update {table} set amount = 0"),
    *("drop table {table}", "create table made (a integer)", "select name from {table}; delete from {table}"),
)


class DatabaseExample(Struct):
    """A database for the kit, and how its statements call the table."""

    make: Callable[[], Database]
    table: str = "stock"


@contextmanager
def sqlite_example(directory: Path) -> Iterator[DatabaseExample]:
    """Yield the example of SQLite."""
    file = directory / "stock.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("create table stock (name text, amount integer)")
        connection.execute("insert into stock values ('bolt', 3), ('nut', null)")
        connection.commit()
    kind = registry.load(GROUP, "sql")
    system = System("stock", "sql", "", options=kind.Options(file=str(file)))  # type: ignore[attr-defined]
    yield DatabaseExample(lambda: kind(Access(system)))


def check_database(example: DatabaseExample) -> None:
    """Check rows, bound values, limits, refusals, the end of a statement, and that nothing can be changed."""
    database = example.make()
    try:
        assert database.check() is not None
        rows = f"select name, amount from {example.table} order by name"  # noqa: S608
        found = _select(database, rows)
        assert found == Selected(["name", "amount"], [["bolt", 3], ["nut", None]]), f"unexpected rows: {found}"
        assert _select(database, rows, limit=1).rows == [["bolt", 3]], "more rows than the limit"
        _check_values(database, example.table)
        for text in WRITES:
            statement = text.format(table=example.table)
            assert _fails(database, statement), f"accepted: {statement}"
            assert _select(database, rows) == found, f"changed by: {statement}"
        _check_gate(database, rows)
    finally:
        database.close()


def _check_values(database: Database, table: str) -> None:
    of = f"select amount from {table} where name = :name"  # noqa: S608
    assert _select(database, of, {"name": "bolt"}).rows == [[3]]
    for hostile in ("' or '1' = '1", "bolt'; delete from stock; --", ":name", "$1", "%s", ""):
        assert _select(database, of, {"name": hostile}).rows == [], f"a value is a part of the statement: {hostile}"
    assert _fails(database, of), "a value is missing"


def _check_gate(database: Database, rows: str) -> None:
    calls: list[bool] = []

    def shut() -> bool:
        calls.append(False)
        return False

    try:
        database.select(Statement(rows, {}, 1, TIMEOUT_S), shut)
    except DatabaseFailed:
        assert calls, "the gate was not called"
    else:
        raise AssertionError("a statement was sent though the gate was shut")


def _select(database: Database, text: str, values: dict[str, Any] | None = None, limit: int = 20) -> Selected:
    return database.select(Statement(text, values or {}, limit, TIMEOUT_S), lambda: True)


def _fails(database: Database, text: str) -> bool:
    with suppress(AiopsError):
        _select(database, text)
        return False
    return True
