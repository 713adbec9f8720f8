"""The kit of databases finds a plugin that breaks a promise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aiops.collect.sqlite_reader import SqliteDatabase
from aiops.step_kinds.databases import Database, DatabaseFailed, Selected, Statement
from aiops.testing.databases import DatabaseExample, check_database, sqlite_example

Select = Callable[[Database, Statement, Callable[[], bool]], Selected]
REAL = SqliteDatabase.select


def unlimited(database: Database, statement: Statement, gate: Callable[[], bool]) -> Selected:
    return REAL(database, Statement(statement.text, statement.parameters, 99, 5.0), gate)  # type: ignore[arg-type]


def ungated(database: Database, statement: Statement, gate: Callable[[], bool]) -> Selected:
    return REAL(database, statement, lambda: True)  # type: ignore[arg-type]


def pasted(database: Database, statement: Statement, gate: Callable[[], bool]) -> Selected:
    text = statement.text
    for name, value in statement.parameters.items():
        text = text.replace(f":{name}", f"'{value}'")
    return REAL(database, Statement(text, {}, statement.limit, 5.0), gate)  # type: ignore[arg-type]


def careless(database: Database, statement: Statement, gate: Callable[[], bool]) -> Selected:
    if statement.text.startswith("drop"):
        return Selected([], [])
    return REAL(database, statement, gate)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("select", "problem"),
    [
        (unlimited, "more rows than the limit"),
        (ungated, "though the gate was shut"),
        (pasted, "a value is a part of the statement|unrecognized token|syntax error"),
        (careless, "accepted: drop table stock"),
    ],
)
def test_a_plugin_that_breaks_a_promise_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, select: Select, problem: str
) -> None:
    with sqlite_example(tmp_path) as example:
        check_database(example)
        monkeypatch.setattr(SqliteDatabase, "select", select)
        with pytest.raises((AssertionError, DatabaseFailed), match=problem):
            check_database(DatabaseExample(example.make))


def test_a_check_of_a_file_that_is_not_there_fails(tmp_path: Path) -> None:
    with sqlite_example(tmp_path) as example:
        made = example.make()
        assert made.check() == []
        assert made.problem("anything", []) is None
        (tmp_path / "stock.db").unlink()
        with pytest.raises(DatabaseFailed, match="unable to open"):
            made.check()
        assert isinstance(made, SqliteDatabase)
