"""Openings that wait: held, released, freshened, and what counts as announced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from aiops.store.held import HELD_UNTIL, Hold, held_of
from aiops.store.outbox import Entry, Row
from aiops.store.outbox_transaction import OutboxTransaction
from aiops.store.store import Store

NOW = 1_000.0
HOLD = Hold("RackDown on rack-7", "rack-down", NOW, "i-9", "f")
REASON = msgspec.json.encode(HOLD)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path)
    yield found
    found.close()


def entry(change: str = "opened", version: int = 1, due_at: float = NOW + 60, **more: object) -> Entry:
    given = {"endpoint": "chat", "incident": "i-1", "body": b"{}", "at": NOW, **more}
    return Entry(change=change, version=version, due_at=due_at, **given)  # type: ignore[arg-type]


def add(store: Store, *entries: Entry, now: float = NOW) -> None:
    with store.database.transaction() as connection:
        store.outbox.add(connection, entries, now)


def work(store: Store, method: str, *arguments: object) -> object:
    with store.database.transaction() as connection:
        return getattr(OutboxTransaction(store.outbox, connection), method)(*arguments)


def row(store: Store) -> Row:
    return next(one for one in store.outbox.rows() if one.version == 1)


def test_a_held_opening_does_not_leave_until_it_is_released(store: Store) -> None:
    add(store, entry(held=REASON, due_at=HELD_UNTIL))
    assert store.outbox.claim(HELD_UNTIL + 1, 10, ["chat"]) == []
    assert work(store, "release", "chat", "i-1", NOW + 5, NOW)
    assert [one.due_at for one in store.outbox.claim(NOW + 5, 10, ["chat"])] == [NOW + 5]
    assert not work(store, "release", "chat", "i-1", NOW, NOW)


def test_an_opening_that_waits_is_held_and_one_that_left_is_not(store: Store) -> None:
    add(store, entry())
    assert work(store, "hold", "chat", "i-1", REASON, NOW)
    assert (row(store).held, row(store).due_at) == (REASON, HELD_UNTIL)
    work(store, "release", "chat", "i-1", NOW + 1, NOW)
    (claimed,) = store.outbox.claim(NOW + 1, 10, ["chat"])
    assert not work(store, "hold", "chat", "i-1", REASON, NOW), "an attempt is under way"
    store.outbox.retry(claimed.id, NOW + 30, NOW + 2)
    assert not work(store, "hold", "chat", "i-1", REASON, NOW + 2), "the receiver may have it"


def test_a_failed_attempt_of_what_was_held_meanwhile_is_repeated(store: Store) -> None:
    add(store, entry())
    (claimed,) = store.outbox.claim(NOW + 60, 10, ["chat"])
    with store.database.transaction() as connection:
        connection.execute("update outbox set held = ?, due_at = ?", (REASON, HELD_UNTIL))
    store.outbox.retry(claimed.id, NOW + 90, NOW + 61)
    assert [one.id for one in store.outbox.claim(NOW + 90, 10, ["chat"])] == [claimed.id]


def test_an_update_of_a_held_opening_is_merged_into_it_and_an_end_withdraws_both(store: Store) -> None:
    add(store, entry(held=REASON, due_at=HELD_UNTIL))
    add(store, entry("updated", 2, NOW + 1, body=b'{"worse": 1}', severity=4))
    assert (row(store).body, row(store).due_at, row(store).held) == (b'{"worse": 1}', HELD_UNTIL, REASON)
    found = store.outbox.history(store.database.reader, "chat", "i-1")
    assert (found.changes, found.last_change, found.held, found.severity) == (1, "opened", REASON, 4)
    assert found.last_due_at == NOW, "the far future is no time of a message"
    assert work(store, "withdraw", "chat", "i-1", ("opened",), NOW + 2)
    assert {one.state for one in store.outbox.rows()} == {"superseded"}
    assert store.outbox.history(store.database.reader, "chat", "i-1").held is None


def test_an_opening_that_waits_is_freshened_and_never_made_later(store: Store) -> None:
    add(store, entry())
    work(store, "freshen", entry("updated", 2, NOW + 90, body=b"new"), NOW)
    assert (row(store).body, row(store).due_at) == (b"new", NOW + 60)
    work(store, "freshen", entry("updated", 3, NOW + 30, body=b"newer"), NOW)
    assert (row(store).body, row(store).due_at) == (b"newer", NOW + 30)
    work(store, "hold", "chat", "i-1", REASON, NOW)
    work(store, "freshen", entry("updated", 4, NOW + 10, body=b"newest"), NOW)
    assert (row(store).body, row(store).due_at) == (b"newest", HELD_UNTIL)


def test_what_waits_is_listed_and_hastened(store: Store) -> None:
    add(store, entry(), entry("opened", 1, NOW - 1, incident="i-2"), entry("resolved", 1, NOW + 9, incident="i-3"))
    with store.database.transaction() as connection:
        (one,) = OutboxTransaction(store.outbox, connection).waiting(NOW)
    assert (one.incident, one.due_at, one.held) == ("i-1", NOW + 60, None)
    assert not work(store, "hasten", "chat", "i-1", NOW + 90, NOW)
    assert work(store, "hasten", "chat", "i-1", NOW + 10, NOW)
    work(store, "hold", "chat", "i-1", REASON, NOW)
    assert not work(store, "hasten", "chat", "i-1", NOW + 5, NOW), "only a release ends a hold"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], False),
        ([entry(due_at=NOW + 60)], True),
        ([entry(due_at=NOW + 3600)], False),
        ([entry(held=REASON, due_at=HELD_UNTIL)], False),
        ([entry(due_at=NOW), entry("resolved", 2, NOW)], False),
        ([entry(due_at=NOW), entry("resolved", 2, NOW), entry("reopened", 3, NOW + 5)], True),
        ([entry(due_at=NOW), entry("acknowledged", 2, NOW)], True),
    ],
    ids=["nothing", "soon", "late", "held", "over", "reopened", "acknowledged"],
)
def test_an_incident_is_announced_once_its_opening_leaves_soon(
    store: Store, entries: list[Entry], expected: bool
) -> None:
    add(store, *entries)
    assert work(store, "is_announced", "chat", "i-1", NOW + 300) is expected


def test_an_opening_that_could_not_be_delivered_announces_nothing(store: Store) -> None:
    add(store, entry(due_at=NOW))
    (claimed,) = store.outbox.claim(NOW, 10, ["chat"])
    store.outbox.dead(claimed.id, "gone", NOW)
    assert work(store, "is_announced", "chat", "i-1", NOW + 300) is False


def test_who_is_not_notified_is_listed_by_incident_with_the_reason(store: Store) -> None:
    add(store, entry(held=REASON, due_at=HELD_UNTIL), entry(endpoint="app", held=REASON, due_at=HELD_UNTIL))
    found = held_of(store.database.reader, ["i-1", "i-2"])
    assert [(one.endpoint, one.hold) for one in found["i-1"]] == [("app", HOLD), ("chat", HOLD)]
    assert list(found) == ["i-1"]
    assert HOLD.text == "inhibited by RackDown on rack-7 in i-9 (rack-down)"
    assert Hold("A on b", "r", 0.0).text == "inhibited by A on b (r)"
