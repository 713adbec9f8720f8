"""Which collectors can be read, and which system of several is the one that the incident is about."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.collect.database_reader import DatabaseReader
from aiops.collect.readers import chosen, unreadable
from aiops.collect.sqlite_reader import SqliteDatabase, SqlOptions
from aiops.respond.collectors import Collect, PrometheusRead, SqlRead
from aiops.step_kinds.databases import Access
from aiops.step_kinds.systems import System

SQL, QUERY = SqlRead(statement="select 1"), PrometheusRead(query="up")


def reader(*entities: str, kind: str = "sql") -> Any:
    system = System("a", kind, "", options=SqlOptions(file="a.db"), entities=entities)
    return DatabaseReader(system, SqliteDatabase(Access(system)))


def test_a_system_must_be_configured_and_of_the_kind_that_is_read() -> None:
    readers = {"sql": reader(), "orders": reader()}
    assert unreadable(Collect(name="a", sql=SQL), readers) is None
    assert unreadable(Collect(name="a", system="orders", sql=SQL), readers) is None
    assert unreadable(Collect(name="a", system="billing", sql=SQL), readers) is not None
    assert unreadable(Collect(name="a", system="orders", prometheus=QUERY), readers) is not None
    assert unreadable(Collect(name="a"), readers) is not None


def test_a_statement_is_for_one_kind_of_database() -> None:
    other = SqlRead(statement="select 1", dialect="postgresql")
    readers = {"sql": reader(), "postgresql": reader(kind="postgresql")}
    assert unreadable(Collect(name="a", sql=other), readers) is None
    assert unreadable(Collect(name="a", system="sql", sql=other), readers) is not None
    assert unreadable(Collect(name="a", system="postgresql", sql=SQL), readers) is not None


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        ("orders-db-2", ("orders", None)),
        ("billing-db", ("sql", "not read: no system of the kind sql has billing-db in its `entities`")),
        ("both", ("sql", "not read: both is in the `entities` of orders, users; it must be in those of one")),
    ],
)
def test_an_entity_chooses_its_one_system(entity: str, expected: tuple[str, str | None]) -> None:
    readers = {
        "users": reader("users-db", "both"),
        "orders": reader("orders-db*", "both"),
        "any": reader("*", kind="x"),
    }
    collector = Collect(name="a", entity="{{ database }}", sql=SQL)
    assert unreadable(collector, readers) is None
    assert chosen(collector, readers, {"database": entity}) == expected
    assert "with `entities`" in str(unreadable(collector, {"sql": reader()}))
    assert chosen(Collect(name="a", sql=SQL), {}, {}) == ("sql", None)
