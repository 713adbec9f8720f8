"""Changes of the store: collected for one follower, and for nobody at no cost."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.engine.events import Feedback
from aiops.ports import DeadLetter
from aiops.records import Action, Incident
from aiops.store.changes import MAX_NAMED, Change, Changes
from aiops.store.incidents import Present
from aiops.store.store import FrameDecisions, Store
from tests.store.test_store import TellEverything, apply, changed


@pytest.fixture
def changes() -> Changes:
    return Changes()


def test_changes_are_collected_once_somebody_follows(changes: Changes) -> None:
    changes.mark("incidents", ["inc-1"])
    woken: list[str] = []
    changes.follow(lambda: woken.append("woken"))
    assert changes.take() == Change()
    changes.mark("incidents", ["inc-2", "inc-2"])
    changes.mark("deliveries")
    assert woken == ["woken"]
    assert changes.take() == Change(("deliveries", "incidents"), ("inc-2",))
    changes.mark("deliveries")
    assert len(woken) == 2
    assert changes.take() == Change(("deliveries",))
    assert changes.take() == Change()


def test_changes_name_no_incident_once_there_are_too_many(changes: Changes) -> None:
    changes.follow(lambda: None)
    changes.mark("incidents", map(str, range(MAX_NAMED)))
    found = changes.take()
    assert found.incidents is not None
    assert len(found.incidents) == MAX_NAMED
    for number in range(100 * MAX_NAMED):
        changes.mark("incidents", [str(number)])
    assert changes.take() == Change(("incidents",), None)
    assert changes.take() == Change()


def test_changes_wake_their_follower_at_the_end(changes: Changes) -> None:
    changes.close()
    woken: list[str] = []
    changes = Changes()
    changes.follow(lambda: woken.append("woken"))
    changes.close()
    assert changes.closed
    assert woken == ["woken"]
    changes.mark("incidents")
    assert woken == ["woken"]


def test_changes_of_many_threads_are_all_taken(changes: Changes) -> None:
    woken = threading.Semaphore(0)
    changes.follow(woken.release)

    def write(topic: str) -> None:
        for _ in range(2_000):
            changes.mark(topic)

    writers = [threading.Thread(target=write, args=(f"t{turn}",)) for turn in range(4)]
    for writer in writers:
        writer.start()
    found: set[str] = set()
    while any(writer.is_alive() for writer in writers):
        woken.acquire(timeout=0.01)
        found.update(changes.take().topics)
    found.update(changes.take().topics)
    assert found == {"t0", "t1", "t2", "t3"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path, TellEverything())
    found.database.changes.follow(lambda: None)
    yield found
    found.close()


def test_store_marks_what_a_frame_decided_once_it_is_committed(store: Store) -> None:
    changes = store.database.changes
    apply(store, 0, changed("inc-1", 1, "opened"), Feedback(1, "a", "silence", True, "done"))
    assert changes.take() == Change(("audit", "deliveries", "incidents", "silences"), ("inc-1",))
    apply(store, 1, letters=[DeadLetter("http", "1", "no record", b"", 1.0)])
    assert changes.take() == Change(("dead_letters",))
    apply(store, 1, changed("inc-1", 1))
    assert changes.take() == Change(), "the frame is there already"


def test_store_marks_the_incident_that_a_person_left_a_note_with(store: Store) -> None:
    note = Action(ts=1.0, verb="note", incident="inc-7", id="act:1")
    store.apply([FrameDecisions(0, 1.0, [Feedback(3, "act:1", "note", True, "kept")], actions={3: note})])
    assert store.database.changes.take() == Change(("audit", "incidents"), ("inc-7",))


def test_store_marks_the_present_state_of_incidents(store: Store) -> None:
    store.refresh([Present(Incident(id="inc-1", opened_at=1.0), 1, 5)])
    assert store.database.changes.take() == Change(("incidents",), ("inc-1",))


def test_outbox_marks_an_answer(store: Store) -> None:
    apply(store, 0, changed("inc-1", 1, "opened"))
    store.database.changes.take()
    [row] = store.outbox.claim(1_000.0, 1, ["pager"])
    store.outbox.dead(row.id, "400", 1_000.0, status=400)
    assert store.database.changes.take() == Change(("deliveries",))
    store.outbox.retry_dead(1_001.0, actor="ann")
    assert store.database.changes.take() == Change(("deliveries",))


def test_database_marks_nothing_that_was_rolled_back(store: Store) -> None:
    with pytest.raises(sqlite3.Error), store.database.transaction("deliveries") as connection:
        connection.execute("select nonsense")
    assert store.database.changes.take() == Change()
