"""Messages that were not delivered, and who was notified instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.store.outbox import Entry
from aiops.store.store import Store
from aiops.views.undelivered import undelivered

Given = list[tuple[str, str, str]]


def store_of(folder: Path, given: Given) -> Store:
    store = Store(folder)
    with store.database.transaction() as connection:
        for number, (endpoint, incident, state) in enumerate(given, 1):
            entry = Entry(
                endpoint=endpoint,
                incident=incident,
                version=number,
                change="opened",
                body=b"x",
                at=1.0,
                due_at=2.0,
            )
            store.outbox.add(connection, [entry], float(number))
            connection.execute(
                "update outbox set state = ?, last_error = ? where version = ?", (state, f"HTTP 40{number}", number)
            )
    return store


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([("teams", "i-1", "dead")], ["teams: 1 message did not arrive. Nobody else was notified of it."]),
        (
            [("pager", "i-1", "sent"), ("teams", "i-1", "dead"), ("teams", "i-1", "dead")],
            ["teams: 2 messages did not arrive. pager has them."],
        ),
        (
            [("pager", "i-1", "sent"), ("slack", "i-1", "sent"), ("teams", "i-1", "dead")],
            ["teams: 1 message did not arrive. pager and slack have it."],
        ),
        (
            [("pager", "i-1", "sent"), ("teams", "i-1", "dead"), ("teams", "i-2", "dead")],
            ["teams: 2 messages did not arrive. pager has a part of them. Of 1 incident nobody was notified."],
        ),
        # A later message of the same incident arrived: nobody has to look.
        ([("teams", "i-1", "dead"), ("teams", "i-1", "sent")], []),
        (
            [("a", "i-1", "dead"), ("b", "i-1", "dead"), ("b", "i-2", "dead")],
            [
                "b: 2 messages did not arrive. Nobody else was notified of them.",
                "a: 1 message did not arrive. Nobody else was notified of it.",
            ],
        ),
        ([("pager", "i-1", "sent"), ("pager", "i-2", "due")], []),
    ],
)
def test_undelivered_names_who_knows_instead(tmp_path: Path, given: Given, said: list[str]) -> None:
    store = store_of(tmp_path, given)
    found = undelivered(store.database.reader)
    assert [f"{one.endpoint}: {one.text}" for one in found] == said
    assert sum(one.count for one in found) == sum(store.outbox.undelivered().values())
    store.close()


def test_reason_is_the_last_one(tmp_path: Path) -> None:
    store = store_of(tmp_path, [("teams", "i-1", "dead"), ("teams", "i-2", "dead")])
    assert undelivered(store.database.reader)[0].reason == "HTTP 402"
    store.close()
