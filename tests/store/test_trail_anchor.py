"""The end of the audit trail, as the store keeps it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from aiops.store import trail_anchor
from aiops.store.schema import MIGRATIONS


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    found = sqlite3.connect(":memory:")
    for migration in MIGRATIONS:
        found.executescript(migration if isinstance(migration, str) else ";".join(migration))
    yield found
    found.close()


def test_latest_end_replaces_the_one_before(connection: sqlite3.Connection) -> None:
    connection.execute("delete from trail")
    assert trail_anchor.read(connection) is None
    trail_anchor.write(connection, 1, "a" * 64, 5.0, "[]")
    trail_anchor.write(connection, 2, "b" * 64, 6.5, '["global"]')
    assert trail_anchor.read(connection) == (2, "b" * 64, 6.5, '["global"]')
    assert connection.execute("select count(*) from trail").fetchone() == (1,)


def test_end_counts_only_with_the_transaction_around_it(connection: sqlite3.Connection) -> None:
    connection.execute("delete from trail")
    connection.commit()
    trail_anchor.write(connection, 1, "a", 5.0, "[]")
    connection.rollback()
    assert trail_anchor.read(connection) is None
