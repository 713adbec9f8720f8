"""The history of an incident in sentences; growth is summed up."""

from __future__ import annotations

from pathlib import Path

from aiops.records import Remark
from aiops.store import audit
from aiops.store.store import Store
from aiops.views.incident_history import MAX_SHOWN, history
from tests.views.sample import AT, HOSTILE, incident


def write(store: Store, *entries: tuple[str, str | None, str]) -> None:
    with store.database.transaction() as connection:
        for number, (topic, actor, text) in enumerate(entries):
            audit.write(connection, number, AT + number, topic, "inc-1", 1, actor, text)


def test_changes_and_actions_are_sentences(tmp_path: Path) -> None:
    store = Store(tmp_path)
    write(
        store,
        ("incident", None, "opened: status"),
        ("incident", None, "updated: severity"),
        ("feedback", "alice", "acknowledge applied: acknowledged"),
        ("feedback", "bob", "confirm_cause not applied: $.entity: expected an entity of the incident"),
        ("outbox", "alice", "message 7 (opened) to chat dropped"),
        ("incident", None, "resolved: status"),
    )
    found = history(store.database.reader, incident())
    assert [one.text for one in found.entries] == [
        "Opened",
        "Severity rose",
        "Acknowledged",
        "Confirm cause was refused: $.entity: expected an entity of the incident",
        "Message 7 (opened) to chat dropped",
        "Resolved",
    ]
    assert [one.actor for one in found.entries if one.actor] == ["alice", "bob", "alice"]
    assert [one.is_refused for one in found.entries] == [False, False, False, True, False, False]
    store.close()


def test_growth_after_growth_is_one_entry(tmp_path: Path) -> None:
    store = Store(tmp_path)
    grown = [("incident", None, "updated: alerts"), ("incident", None, "updated: members, playbook")]
    write(store, ("incident", None, "opened: status"), *grown * 50, ("incident", None, "updated: severity"))
    found = history(store.database.reader, incident())
    assert [one.text for one in found.entries] == [
        "Opened",
        "New kinds of alert, more alerts joined, other playbook suggested",
        "Severity rose",
    ]
    assert (found.entries[1].changes, found.entries[1].until) == (100, AT + 100)
    store.close()


def test_newest_entries_are_shown_and_earlier_ones_counted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    write(store, *[("feedback", "alice", f"note applied: {HOSTILE} {n}" + "x" * 5_000) for n in range(500)])
    found = history(store.database.reader, incident())
    assert len(found.entries) == MAX_SHOWN
    assert found.earlier == 500 - MAX_SHOWN
    assert all(len(one.text) <= 400 for one in found.entries)
    assert history(store.database.reader, incident(id="inc-2")).entries == []
    store.close()


def test_answer_of_an_action_stands_for_the_change_that_it_made(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.database.transaction() as connection:
        audit.write(connection, 7, AT, "incident", "inc-1", 2, None, "acknowledged: status")
        answer = "acknowledge applied: acknowledged; endpoints that know it get one update, and nobody is called"
        audit.write(connection, 7, AT, "feedback", "inc-1", None, "alice", answer)
        answer = "reject_playbook applied: restart rejected: no; not today"
        audit.write(connection, 8, AT + 1, "feedback", "inc-1", None, "alice", answer)
    found = history(store.database.reader, incident())
    assert [(one.text, one.actor) for one in found.entries] == [
        ("Acknowledged", "alice"),
        ("Restart rejected: no; not today", "alice"),
    ]
    store.close()


def test_notes_of_people_stand_at_their_time_with_their_text(tmp_path: Path) -> None:
    store = Store(tmp_path)
    write(
        store,
        ("incident", None, "opened: status"),
        ("feedback", "alice", "note applied: noted; nobody is notified"),
        ("incident", None, "resolved: status"),
    )
    notes = [Remark(AT + 1, "alice", "rolled back\nby hand")]
    found = history(store.database.reader, incident(notes=notes))
    assert [one.text for one in found.entries] == ["Opened", "rolled back by hand", "Resolved"]
    assert (found.entries[1].topic, found.entries[1].actor) == ("note", "alice")
    store.close()
