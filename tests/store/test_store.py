"""The store: one transaction a frame, nothing written twice, lists, audit, retention."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from aiops.engine.events import Event, Feedback, IncidentChange, IncidentChanged, Notice, Placed
from aiops.errors import AiopsError
from aiops.ports import DeadLetter
from aiops.records import Action, Incident
from aiops.store import audit, incidents
from aiops.store.database import Database, open_reader
from aiops.store.outbox import Entry
from aiops.store.outbox_transaction import OutboxTransaction
from aiops.store.retention import CALL_PAGES, STEP_ROWS, KeepConfig, prune
from aiops.store.schema import MIGRATIONS
from aiops.store.store import FrameDecisions, Store


class TellEverything:
    """One endpoint that is told of every change."""

    def entries(self, outbox: OutboxTransaction, event: IncidentChanged, now: float) -> list[Entry]:
        entry = Entry(
            endpoint="pager",
            incident=event.incident.id,
            version=event.version,
            change=event.change,
            body=b"{}",
            at=event.at,
            due_at=now,
        )
        return [entry]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path, TellEverything())
    yield store
    store.close()


def changed(
    id: str, version: int, change: IncidentChange = "updated", at: float = 100.0, severity: str = "high"
) -> IncidentChanged:
    status: incidents.Status = "resolved" if change == "resolved" else "open"
    incident = Incident(
        id=id, status=status, severity=severity, title=f"{id} v{version}", opened_at=at, last_alert_at=at, alert_count=3
    )
    return IncidentChanged(seq=version, at=at, change=change, incident=incident, version=version, what=["severity"])


def apply(store: Store, frame: int, *events: Event, letters: list[DeadLetter] | None = None) -> int:
    return store.apply([FrameDecisions(frame, 200.0 + frame, list(events), letters or [])])


def test_a_frame_is_written_once(store: Store) -> None:
    events = (changed("i-1", 1, "opened"), changed("i-1", 2), changed("i-2", 1, "opened"))
    letter = DeadLetter("kafka", "t/0:7", "not JSON", b"{")
    assert apply(store, 0, *events, letters=[letter]) == 3
    assert apply(store, 0, *events, letters=[letter]) == 0
    assert store.applied() == 1
    reader = store.database.reader
    assert [(line.id, line.version, line.title) for line in incidents.listed(reader)] == [
        ("i-2", 1, "i-2 v1"),
        ("i-1", 2, "i-1 v2"),
    ]
    assert [(found.source, found.reason, found.raw) for found in audit.letters(reader)] == [("kafka", "not JSON", b"{")]
    assert [entry.text for entry in audit.entries(reader, incident="i-1")] == ["opened: severity", "updated: severity"]


def test_all_of_a_frame_or_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(store, 0, changed("i-1", 1, "opened"))

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(audit, "add_letters", full)
        with pytest.raises(sqlite3.OperationalError):
            apply(store, 1, changed("i-1", 2))
    assert (store.applied(), len(store.outbox.rows())) == (1, 1)
    apply(store, 1, changed("i-1", 2))
    found = incidents.get(store.database.reader, "i-1")
    assert found is not None
    assert (found.version, found.incident.title, store.applied()) == (2, "i-1 v2", 2)


def test_alerts_that_change_nothing_need_no_transaction() -> None:
    placed = Placed(seq=0, id="a", disposition="incident", cluster=0, member=0)
    assert not FrameDecisions(0, 0.0, [placed]).is_kept
    assert FrameDecisions(0, 0.0, [placed, Notice(0, "caps", "full")]).is_kept
    assert FrameDecisions(0, 0.0, [], [DeadLetter("http", "1", "bad")]).is_kept


def test_feedback_names_who_said_it_of_what(store: Store) -> None:
    action = Action(ts=1.0, verb="acknowledge", actor="kim", incident="i-1")
    feedback = Feedback(seq=4, id="x", verb="acknowledge", applied=True, reason="open")
    store.apply([FrameDecisions(0, 1.0, [feedback], actions={4: action})])
    (entry,) = audit.entries(store.database.reader, incident="i-1")
    assert (entry.actor, entry.topic, entry.text) == ("kim", "feedback", "acknowledge applied: open")


def test_lists_are_filtered_and_paged(store: Store) -> None:
    severities = ["critical", "high", "warning", "info"]
    apply(store, 0, *[changed(f"i-{n}", 1, "opened", 100.0 + n, severities[n % 4]) for n in range(8)])
    apply(store, 1, changed("i-0", 2, "resolved", severity="critical"))
    reader = store.database.reader
    assert [line.id for line in incidents.listed(reader, min_severity=3)] == ["i-5", "i-4", "i-1", "i-0"]
    assert [line.id for line in incidents.listed(reader, statuses=("resolved",))] == ["i-0"]
    assert [line.id for line in incidents.listed(reader, since=106.0)] == ["i-7", "i-6"]
    seen: list[str] = []
    before = None
    while page := incidents.listed(reader, before=before, limit=3):
        seen += [line.id for line in page]
        before = (page[-1].opened_at, page[-1].id)
    assert seen == [f"i-{n}" for n in range(7, -1, -1)]
    assert incidents.counts(reader) == {
        ("open", 4): 1,
        ("resolved", 4): 1,
        ("open", 3): 2,
        ("open", 2): 2,
        ("open", 1): 2,
    }


def test_live_updates_resume_after_a_number(store: Store) -> None:
    apply(store, 0, changed("i-1", 1, "opened"))
    last = audit.last_number(store.database.reader)
    apply(store, 1, changed("i-1", 2), changed("i-2", 1, "opened"))
    assert [entry.incident for entry in audit.entries(store.database.reader, after=last)] == ["i-1", "i-2"]


def test_old_rows_go_in_steps_and_open_incidents_stay(store: Store) -> None:
    apply(store, 0, *[changed(f"i-{n}", 1, "opened", at=1.0) for n in range(30)])
    apply(store, 1, *[changed(f"i-{n}", 2, "resolved", at=1.0) for n in range(20)])
    for row in store.outbox.claim(1e9, 100, ["pager"]):
        store.outbox.sent([row.id], 300.0)
    keep = KeepConfig(incidents_s=10.0, audit_s=1e12, letters_s=10.0, deliveries_s=10.0)
    steps = 0
    while prune(store.database, 1_000.0, keep, rows=8):
        steps += 1
    assert steps > 2
    left = incidents.listed(store.database.reader)
    assert {line.status for line in left} == {"open"}
    assert len(left) == 10
    # Sent ones of ended incidents are gone; what is due stays, and so do those of open incidents.
    assert store.outbox.counts() == {("pager", "due"): 20, ("pager", "sent"): 10}


def test_retention_counts_from_receipt(store: Store) -> None:
    """Alerts of years ago that come today are kept as long as those of today."""
    received, day = 1_800_000_000.0, 86_400.0
    keep = KeepConfig(incidents_s=10 * day, audit_s=10 * day)
    both: tuple[IncidentChange, ...] = ("opened", "resolved")
    for number, change in enumerate(both, 1):
        event = changed("i-1", number, change, at=received - 1_600 * day)
        store.apply([FrameDecisions(number, received + number, [event])])
    store.apply([FrameDecisions(3, received + 5 * day, [Notice(3, "storm", "begins")])])
    reader = store.database.reader
    prune(store.database, received + 9 * day, keep)
    assert [line.id for line in incidents.listed(reader)] == ["i-1"]
    assert len(audit.entries(reader)) == 3
    prune(store.database, received + 11 * day, keep)
    assert incidents.listed(reader) == []
    assert [entry.topic for entry in audit.entries(reader)] == ["storm"]


def test_what_an_older_release_stored_is_kept_by_its_own_time(tmp_path: Path) -> None:
    """Of those rows nothing else is known."""
    with closing(sqlite3.connect(tmp_path / "aiops.db")) as raw:
        raw.executescript(f"{MIGRATIONS[0]}; {MIGRATIONS[1]}; pragma user_version = 2;")
        for id, at in (("old", 1_000.0), ("new", 900_000.0)):
            raw.execute(
                "insert into incidents values (?, 1, 'resolved', 3, 't', ?, ?, ?, 1, null, 0, '{}')", (id, at, at, at)
            )
        raw.commit()
    with closing(Store(tmp_path)) as store:
        prune(store.database, 1_000_000.0, KeepConfig(incidents_s=200_000.0))
        assert [line.id for line in incidents.listed(store.database.reader)] == ["new"]


def test_space_of_old_rows_goes_back_to_the_disk(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        with store.database.transaction() as connection:
            connection.executemany(
                "insert into dead_letters (at, source, place, reason, raw) values (1, 's', 'p', 'r', ?)",
                ((bytes(20_000),) for _ in range(300)),
            )
        store.database.checkpoint()
        before = (tmp_path / "aiops.db").stat().st_size
        pauses = 0
        other = sqlite3.connect(tmp_path / "aiops.db", isolation_level=None, timeout=0)

        def pause() -> None:
            # Nobody holds the writer meanwhile: another connection may write, at once.
            nonlocal pauses
            pauses += 1
            other.execute("begin immediate")
            other.execute("rollback")

        removed = prune(store.database, 1e6, KeepConfig(letters_s=3_600.0), pause=pause)
        other.close()
        store.database.checkpoint()
        after = (tmp_path / "aiops.db").stat().st_size
    assert removed == 300
    assert pauses > 300 // STEP_ROWS
    assert before - after > 0.6 * CALL_PAGES * 4_096


def test_a_reader_beside_the_writer_sees_the_last_commit(store: Store, tmp_path: Path) -> None:
    apply(store, 0, changed("i-1", 1, "opened"))
    seen: list[int] = []
    with store.database.transaction() as connection:
        connection.execute("delete from incidents")
        thread = threading.Thread(target=lambda: seen.append(len(incidents.listed(store.database.reader))))
        thread.start()
        thread.join()
    assert seen == [1]
    other = open_reader(tmp_path / "aiops.db")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        other.execute("delete from audit")
    other.close()


def test_a_closed_store_can_be_read_and_a_newer_or_broken_one_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path)
    apply(store, 0, changed("i-1", 1, "opened"))
    store.close()
    reader = open_reader(tmp_path / "aiops.db")
    assert len(incidents.listed(reader)) == 1
    reader.close()
    raw = sqlite3.connect(tmp_path / "aiops.db")
    raw.execute("pragma user_version = 99")
    raw.close()
    with pytest.raises(AiopsError, match="schema version 99"):
        Store(tmp_path)
    (tmp_path / "broken.db").write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(AiopsError, match="expected a writable SQLite file"):
        Database(tmp_path / "broken.db")
    with pytest.raises(AiopsError, match="a daemon that has run"):
        open_reader(tmp_path / "none.db")


def test_a_store_of_the_first_release_is_migrated(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "aiops.db")) as raw:
        raw.executescript(f"{MIGRATIONS[0]}; pragma user_version = 1;")
        columns = "endpoint, incident, version, key, change, body, at, due_at, created_at, changed_at"
        raw.execute(f"insert into outbox ({columns}) values ('pager', 'i-1', 1, 'k', 'opened', x'7b7d', 1, 1, 1, 1)")
        raw.commit()
    store = Store(tmp_path)
    [row] = store.outbox.rows()
    store.close()
    assert (row.key, row.traceparent) == ("k", "")
