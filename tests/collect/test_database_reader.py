"""Databases as readers: rows as JSON, reasons without secrets, and a plugin that raises anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from aiops.collect.database_reader import DatabaseReader
from aiops.collect.requests import Read
from aiops.collect.tables import ReadFailed
from aiops.errors import UsageError
from aiops.step_kinds.databases import Access, Database, DatabaseFailed, Selected, Statement
from aiops.step_kinds.systems import System

SYSTEM = System("orders", "postgresql", "", entities=("orders-db",))
READ = Read("sql", 5.0, statement="select 1", parameters={"a": 1}, limit=7)


class Scripted(Database):
    """A database that answers or raises what a test says."""

    def __init__(self, access: Access, answer: Any) -> None:
        self.answer = answer
        self.statements: list[Statement] = []
        self.is_closed = False

    @property
    def secrets(self) -> Sequence[str]:
        return ["tok-123456"]

    def select(self, statement: Statement, gate: Callable[[], bool]) -> Selected:
        self.statements.append(statement)
        if isinstance(self.answer, Exception):
            raise self.answer
        found: Selected = self.answer
        return found

    def close(self) -> None:
        self.is_closed = True


def test_an_answer_is_rows_without_what_is_absent() -> None:
    database = Scripted(Access(SYSTEM), Selected(["a", "b"], [[1, None], ["x", False]]))
    reader = DatabaseReader(SYSTEM, database)
    assert json.loads(reader.read(READ, lambda: True)) == [{"a": [1]}, {"a": ["x"], "b": [False]}]
    assert database.statements == [Statement("select 1", {"a": 1}, 7, 5.0)]
    assert (reader.kind, reader.entities, reader.allowed, reader.secrets) == (
        *("postgresql", ("orders-db",), (), ["tok-123456"]),
    )
    assert database.check() == []
    reader.close()
    assert database.is_closed


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (DatabaseFailed("no, ann@example.org tok-123456"), ReadFailed, "no, [e-mail] [redacted]"),
        (UsageError("secret 'orders': not set"), UsageError, "secret 'orders': not set"),
        (KeyError("tok-123456"), ReadFailed, "KeyError: '[redacted]'"),
    ],
)
def test_a_failure_has_a_reason_without_secrets(error: Exception, kind: type[Exception], reason: str) -> None:
    with pytest.raises(kind) as failed:
        DatabaseReader(SYSTEM, Scripted(Access(SYSTEM), error)).read(READ, lambda: True)
    assert str(failed.value) == reason
