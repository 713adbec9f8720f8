"""Statements on a SQLite file that is opened for reading alone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aiops.collect.database_reader import DatabaseReader
from aiops.collect.requests import Read
from aiops.collect.sqlite_reader import SqliteDatabase, SqlOptions
from aiops.collect.tables import ReadFailed
from aiops.step_kinds.databases import Access
from aiops.step_kinds.systems import System

ENDLESS = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "activity.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table activity (pid integer, state text, age real, raw blob)")
        rows = [(1, "idle in transaction", 812.5, b"abc"), (2, "active", 0.25, None), (3, "x" * 20_000, 0.0, None)]
        connection.executemany("insert into activity values (?, ?, ?, ?)", rows)
        connection.commit()
    return path


def read(path: Path, statement: str, gate: Callable[[], bool] = lambda: True, **fields: Any) -> Any:
    asked = Read("sql", **{"timeout_s": 5.0, "limit": 20, **fields}, statement=statement)
    system = System("activity", "sql", "", options=SqlOptions(file=str(path)))
    return json.loads(DatabaseReader(system, SqliteDatabase(Access(system))).read(asked, gate))


def test_rows_with_bound_values_and_a_limit(file: Path) -> None:
    statement = "select pid, state, age, raw from activity where age > :least order by pid"
    assert read(file, statement, parameters={"least": 0.1}) == [
        {"pid": [1], "state": ["idle in transaction"], "age": [812.5], "raw": ["3 bytes"]},
        {"pid": [2], "state": ["active"], "age": [0.25]},
    ]
    assert len(read(file, statement, parameters={"least": -1}, limit=1)) == 1
    assert read(file, statement, parameters={"least": "0 or 1=1"}) == []
    assert len(read(file, "select state from activity where pid = 3")[0]["state"][0]) == 8_000


@pytest.mark.parametrize(
    "statement",
    [
        "delete from activity",
        "insert into activity values (4, 'a', 1, null)",
        "with a as (select 1) delete from activity",
        "attach database 'other.db' as other",
        "pragma query_only = off",
        "select load_extension('x')",
        "create temp table t (a)",
        "vacuum into 'copy.db'",
        "select 1; select 2",
        "select * from nowhere",
        "select :missing",
        "select zeroblob(2000000000)",
    ],
)
def test_nothing_but_reading(file: Path, statement: str) -> None:
    before = file.read_bytes()
    with pytest.raises(ReadFailed, match=r"activity\.db: "):
        read(file, statement)
    assert file.read_bytes() == before
    assert sorted(one.name for one in file.parent.iterdir()) == ["activity.db"]


def test_a_statement_that_takes_too_long_is_ended(file: Path) -> None:
    with pytest.raises(ReadFailed, match=r"no answer within 0\.05 s"):
        read(file, ENDLESS, timeout_s=0.05)


def test_a_stop_ends_a_statement(file: Path) -> None:
    looks = iter([True, True, True])
    with pytest.raises(ReadFailed, match="interrupted"):
        read(file, ENDLESS, lambda: next(looks, False))
    with pytest.raises(ReadFailed, match="shutting down"):
        read(file, "select 1", lambda: False)


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ReadFailed, match="unable to open"):
        read(tmp_path / "none.db", "select 1")
    assert not list(tmp_path.iterdir())
