"""Notifications of an incident: endpoint, state, and what each was about."""

from __future__ import annotations

from pathlib import Path

import msgspec

from aiops.records import Incident
from aiops.store.held import Hold
from aiops.store.outbox import Entry
from aiops.store.store import Store
from aiops.views.notified import MAX_SHOWN, notified
from tests.views.sample import AT, incident


def add(store: Store, endpoint: str, version: int, change: str, found: Incident | None = None, **more: object) -> None:
    body = msgspec.json.encode(found or incident())
    entry = Entry(
        endpoint=endpoint, incident="inc-1", version=version, change=change, body=body, at=AT, due_at=AT + version
    )
    with store.database.transaction() as connection:
        store.outbox.add(connection, [msgspec.structs.replace(entry, **more)], AT + version)


def test_messages_have_their_state_and_what_they_were_about(tmp_path: Path) -> None:
    store = Store(tmp_path)
    add(store, "pager", 1, "opened", news=["severity: now critical"])
    add(store, "chat", 1, "opened")
    [row] = store.outbox.claim(AT + 10, 1, ["pager"])
    store.outbox.sent([row.id], AT + 11, 202)
    [row] = store.outbox.claim(AT + 10, 1, ["chat"])
    store.outbox.dead(row.id, "410 Gone", AT + 12, status=410)
    found = notified(store.database.reader, "inc-1")
    chat, pager = sorted(found.messages, key=lambda one: one.endpoint)
    assert (pager.state, pager.status, pager.at, pager.change) == ("sent", "sent", AT + 11, "opened")
    assert pager.text.startswith("Critical: payments-api rollout stuck since deploy 8.14.6. 262 alerts in")
    assert pager.news == ["severity: now critical"]
    assert (chat.state, chat.error) == ("dead", "410 Gone")
    assert chat.status == "not delivered after 1 attempt"
    assert found.count == 2
    store.close()


def test_end_states_how_long_it_lasted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    add(store, "pager", 1, "resolved", incident(status="resolved", quiet_at=AT + 1_800, resolved_at=AT + 9_000))
    [one] = notified(store.database.reader, "inc-1").messages
    assert one.text.startswith("Resolved after 30 min: payments-api, deploy 8.14.6")
    store.close()


def test_waiting_and_held_messages_are_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    add(store, "pager", 1, "opened", held=msgspec.json.encode(Hold("NodeDown", "topology", AT)))
    add(store, "chat", 1, "opened")
    states = {one.endpoint: one.status for one in notified(store.database.reader, "inc-1").messages}
    assert states == {"pager": "held back by inhibition", "chat": "waiting"}
    store.close()


def test_body_of_an_older_release_leaves_the_row(tmp_path: Path) -> None:
    store = Store(tmp_path)
    add(store, "pager", 1, "opened", body=b"no json", news=[])
    [one] = notified(store.database.reader, "inc-1").messages
    assert (one.text, one.news) == ("", [])
    store.close()


def test_newest_messages_are_shown_and_replaced_ones_are_counted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for number in range(MAX_SHOWN + 5):
        add(store, f"e-{number}", 1, "opened")
    add(store, "e-0", 2, "updated", due_at=AT + 500)
    add(store, "e-0", 3, "updated", due_at=AT + 500)
    found = notified(store.database.reader, "inc-1")
    assert len(found.messages) == MAX_SHOWN
    assert (found.count, found.superseded) == (MAX_SHOWN + 6, 1)
    assert notified(store.database.reader, "inc-9").messages == []
    store.close()
