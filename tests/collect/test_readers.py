"""Which collectors can be read."""

from __future__ import annotations

from pathlib import Path

from aiops.collect.readers import is_readable
from aiops.collect.sqlite_reader import SqliteReader
from aiops.respond.collectors import Collect, PrometheusRead, SqlRead


def test_a_system_must_be_configured_and_of_the_kind_that_is_read() -> None:
    readers = {"sql": SqliteReader(Path("a.db")), "orders": SqliteReader(Path("b.db"))}
    sql, query = SqlRead(statement="select 1"), PrometheusRead(query="up")
    assert is_readable(Collect(name="a", sql=sql), readers)
    assert is_readable(Collect(name="a", system="orders", sql=sql), readers)
    assert not is_readable(Collect(name="a", system="billing", sql=sql), readers)
    assert not is_readable(Collect(name="a", system="orders", prometheus=query), readers)
    assert not is_readable(Collect(name="a"), readers)
