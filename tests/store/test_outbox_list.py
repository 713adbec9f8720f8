"""Pages of the outbox for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.store.outbox import Entry
from aiops.store.outbox_list import lines
from aiops.store.store import Store

STATES = ("sent", "dead", "due", "superseded", "dropped")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    with store.database.transaction() as connection:
        for number in range(50):
            entry = Entry(
                endpoint=f"e{number % 2}",
                incident=f"i-{number}",
                version=1,
                change="opened",
                body=b"x",
                at=1.0,
                due_at=2.0,
            )
            store.outbox.add(connection, [entry], float(number))
            connection.execute("update outbox set state = ? where incident = ?", (STATES[number % 5], f"i-{number}"))
    yield store
    store.close()


def test_what_was_given_up_stands_first_and_pages_continue(store: Store) -> None:
    reader = store.database.reader
    found, older = lines(reader, limit=10)
    assert [one.state for one in found[:20]] == ["dead"] * 10 + ["due"] * 10
    seen = [one.id for one in found[20:]]
    while older is not None:
        found, older = lines(reader, before=older, limit=7)
        assert {one.state for one in found} <= {"sent", "dropped"}
        seen += [one.id for one in found]
    assert len(seen) == len(set(seen)) == 20
    assert seen == sorted(seen, reverse=True)


def test_rows_are_of_one_state_and_endpoint(store: Store) -> None:
    found, older = lines(store.database.reader, "sent", "e1", limit=3)
    assert {(one.state, one.endpoint) for one in found} == {("sent", "e1")}
    assert older == found[-1].id
    assert lines(store.database.reader, "sent", "nobody")[0] == []
