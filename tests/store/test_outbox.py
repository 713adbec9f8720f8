"""The outbox table: order, coalescing, keys, and what a crash leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.store import audit
from aiops.store.database import Database
from aiops.store.outbox import Entry, OutboxTable, Row


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "aiops.db")
    yield database
    database.close()


def entry(version: int, change: str, *, incident: str = "i-1", endpoint: str = "pager", due_at: float = 0.0) -> Entry:
    body = f"{incident} {version}".encode()
    return Entry(endpoint=endpoint, incident=incident, version=version, change=change, body=body, at=1.0, due_at=due_at)


def put(database: Database, table: OutboxTable, *entries: Entry, now: float = 10.0) -> int:
    with database.transaction() as connection:
        return table.add(connection, entries, now)


def test_a_refold_adds_nothing(database: Database) -> None:
    table = OutboxTable(database)
    assert put(database, table, entry(1, "opened"), entry(2, "resolved")) == 2
    assert put(database, table, entry(1, "opened"), entry(2, "resolved"), entry(3, "reopened")) == 1
    assert len({row.key for row in table.rows()}) == 3


def test_one_in_flight_per_endpoint_and_incident_in_order(database: Database) -> None:
    table = OutboxTable(database)
    put(database, table, entry(1, "opened"), entry(2, "resolved"), entry(1, "opened", incident="i-2"))
    put(database, table, entry(1, "opened", endpoint="chat"))
    first = table.claim(10.0, 10, ["pager", "chat"])
    assert [(row.endpoint, row.incident, row.version) for row in first] == [
        ("pager", "i-1", 1),
        ("pager", "i-2", 1),
        ("chat", "i-1", 1),
    ]
    assert table.claim(10.0, 10, ["pager", "chat"]) == []
    table.sent([first[0].id], 11.0, 202)
    assert [(row.incident, row.version) for row in table.claim(11.0, 10, ["pager"])] == [("i-1", 2)]


def test_a_row_that_waits_for_its_retry_holds_its_incident_only(database: Database) -> None:
    table = OutboxTable(database)
    put(database, table, entry(1, "opened"), entry(2, "resolved"), entry(1, "opened", incident="i-2"))
    rows = table.claim(10.0, 1, ["pager"])
    table.retry(rows[0].id, 20.0, 10.0, status=503, error="busy")
    assert [row.incident for row in table.claim(11.0, 10, ["pager"])] == ["i-2"]
    assert table.next_due_at(["pager"]) is not None
    again = table.claim(20.0, 10, ["pager"])
    assert [(row.version, row.attempt, row.last_status, row.key) for row in again] == [(1, 1, 503, rows[0].key)]


def test_updates_are_superseded_but_openings_and_ends_never(database: Database) -> None:
    table = OutboxTable(database)
    put(database, table, entry(1, "opened"), entry(2, "updated"), entry(3, "updated"), entry(4, "resolved"))
    told = []
    while rows := table.claim(10.0, 10, ["pager"]):
        told += [(row.version, row.change) for row in rows]
        table.sent([row.id for row in rows], 10.0)
    assert told == [(1, "opened"), (4, "resolved")]


def test_an_update_in_flight_is_not_superseded(database: Database) -> None:
    table = OutboxTable(database)
    put(database, table, entry(2, "updated"))
    (row,) = table.claim(10.0, 10, ["pager"])
    put(database, table, entry(3, "updated"))
    table.retry(row.id, 12.0, 10.0)
    assert [row.version for row in table.claim(12.0, 10, ["pager"])] == [2]


def test_a_settling_opening_takes_up_updates_and_comes_earlier_when_it_gets_worse(database: Database) -> None:
    table = OutboxTable(database)
    put(database, table, entry(1, "opened", due_at=40.0))
    put(database, table, entry(2, "updated", due_at=20.0), now=15.0)
    assert table.claim(19.0, 10, ["pager"]) == []
    (row,) = table.claim(20.0, 10, ["pager"])
    assert (row.version, row.change, row.body) == (1, "opened", b"i-1 2")
    # Its time has come: it may have been sent by a process that died, so that a later update stays its own row.
    put(database, table, entry(3, "updated", due_at=21.0), now=21.0)
    table.sent([row.id], 21.0)
    assert [row.version for row in table.claim(21.0, 10, ["pager"])] == [3]


def test_dead_rows_let_later_ones_pass_and_can_be_retried_or_dropped(database: Database) -> None:
    table = OutboxTable(database)
    put(database, table, entry(1, "opened"), entry(2, "resolved"))
    (row,) = table.claim(10.0, 10, ["pager"])
    table.dead(row.id, "gone", 10.0, status=410)
    assert [found.version for found in table.claim(10.0, 10, ["pager"])] == [2]
    assert table.counts() == {("pager", "dead"): 1, ("pager", "due"): 1}
    assert table.retry_dead(12.0, actor="ann") == 1
    assert table.drop(13.0, [row.id], actor="ann") == 0
    # What was decided is in the audit, and what was not is not.
    found = audit.entries(database.reader, incident="i-1")
    assert [(one.at, one.topic, one.version, one.actor, one.seq) for one in found] == [(12.0, "outbox", 1, "ann", -1)]
    assert found[0].text == f"message {row.id} (opened) to pager is sent again; it was dead"
    assert table.oldest_age_s(15.0) == 15.0
    assert table.drop(14.0, state="due", actor="bob") == 2
    texts = [one.text for one in audit.entries(database.reader, incident="i-1", after=found[0].number)]
    assert [text.split(" to ")[1] for text in texts] == ["pager was dropped; it was due"] * 2


def test_a_crash_forgets_what_was_in_flight_and_keeps_the_key(database: Database) -> None:
    table = OutboxTable(database)
    put(database, table, entry(1, "opened"))
    (lost,) = table.claim(10.0, 10, ["pager"])
    (again,) = OutboxTable(database).claim(10.0, 10, ["pager"])
    assert again.key == lost.key


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "claim", "sent", "retry", "dead", "crash"]),
        st.sampled_from(["i-1", "i-2"]),
        st.sampled_from(["updated", "opened", "resolved"]),
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_versions_leave_in_order(
    steps: list[tuple[str, str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    database = Database(tmp_path_factory.mktemp("outbox") / "aiops.db")
    try:
        table, now = OutboxTable(database), 100.0
        held: dict[str, Row] = {}
        versions = {"i-1": 0, "i-2": 0}
        told: dict[str, list[int]] = {"i-1": [], "i-2": []}
        must: dict[str, set[int]] = {"i-1": set(), "i-2": set()}
        for step, incident, change in steps:
            now += 1.0
            if step == "add":
                versions[incident] += 1
                put(database, table, entry(versions[incident], change, incident=incident, due_at=now), now=now)
                if change != "updated":
                    must[incident].add(versions[incident])
            elif step == "claim":
                for row in table.claim(now, 10, ["pager"]):
                    assert row.incident not in held
                    held[row.incident] = row
            elif step == "crash":
                table, held = OutboxTable(database), {}
            elif incident in held:
                row = held.pop(incident)
                if step == "retry":
                    table.retry(row.id, now + 2, now)
                    continue
                told[incident].append(row.version)
                if step == "sent":
                    table.sent([row.id], now)
                else:
                    table.dead(row.id, "no", now)
        table, now = OutboxTable(database), now + 10
        while rows := table.claim(now, 10, ["pager"]):
            for row in rows:
                told[row.incident].append(row.version)
            table.sent([row.id for row in rows], now)
        for incident, seen in told.items():
            assert seen == sorted(set(seen))
            assert must[incident] <= set(seen)
    finally:
        database.close()


def test_what_was_told_is_what_came_before(database: Database) -> None:
    """A store that is made again replays changes beside the rows of later ones that could be read."""
    table = OutboxTable(database)
    put(database, table, entry(1, "opened"), entry(5, "resolved"))
    with database.transaction() as connection:
        assert table.history(connection, "pager", "i-1", 1).changes == 0
        assert table.history(connection, "pager", "i-1", 5).last_change == "opened"
        assert table.history(connection, "pager", "i-1").last_change == "resolved"
