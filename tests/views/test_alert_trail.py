"""The trail of an alert: where it went, and who was notified of it, before it or after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.store.alert_history import AlertQuery
from aiops.store.frame_alerts import FrameAlerts
from aiops.store.outbox import Entry
from aiops.store.store import Store
from aiops.views.alert_trail import NotifiedOf, read_key, trails, written
from tests.store.episodes import begun, keep, state


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    keep(
        store,
        0,
        FrameAlerts(
            begun=[
                begun(0),
                begun(1, "Slow", disposition="suppressed", silence="s1", reason="silence s1"),
                begun(2, "Odd", reason="chronic"),
                begun(3, "Late"),
            ],
            states=[
                state(0, incident="i-1", disposition="incident"),
                state(1, disposition="suppressed"),
                state(2, reason="chronic"),
                state(3, started_at=5_000.0, incident="i-1", disposition="incident"),
            ],
        ),
    )
    yield store
    store.close()


def send(store: Store, endpoint: str, version: int, at: float, change: str = "opened", state: str = "sent") -> None:
    with store.database.transaction() as connection:
        entry = Entry(endpoint=endpoint, incident="i-1", version=version, change=change, body=b"{}", at=at, due_at=at)
        store.outbox.add(connection, [entry], at)
        connection.execute(
            "update outbox set state = ?, changed_at = ? where endpoint = ? and version = ?",
            (state, at + 1, endpoint, version),
        )


def notified(store: Store) -> dict[str, list[NotifiedOf]]:
    found = trails(store.database.reader, AlertQuery(), {})
    return {one.name: one.notified for one in found.alerts}


def test_trail_states_where_each_alert_went(store: Store) -> None:
    found = trails(store.database.reader, AlertQuery(), {"s1": ("kernel patch", "alice")})
    assert [(one.name, one.went, one.incident, one.why) for one in found.alerts] == [
        ("Late", "incident", "i-1", ""),
        ("Odd", "background", None, "chronic"),
        ("Slow", "silenced", None, ""),
        ("Down", "incident", "i-1", ""),
    ]
    silenced = found.alerts[2]
    assert (silenced.silence, silenced.silence_comment, silenced.silenced_by) == ("s1", "kernel patch", "alice")
    assert all(one.notified == [] for one in found.alerts)


def test_first_message_after_an_alert_is_the_one_about_it(store: Store) -> None:
    send(store, "pager", 1, 1_010.0)
    send(store, "pager", 2, 1_500.0, "updated")
    send(store, "chat", 3, 6_000.0, state="due")
    found = notified(store)
    assert found["Down"] == [NotifiedOf("chat", 3, "due", 6_000.0), NotifiedOf("pager", 1, "sent", 1_011.0)]
    # The pager knew of the incident that this alert joined; the chat has a message that came after it.
    assert found["Late"] == [NotifiedOf("chat", 3, "due", 6_000.0), NotifiedOf("pager", 2, "sent", 1_501.0, True)]
    assert found["Odd"] == found["Slow"] == []


def test_message_about_the_end_is_no_news_of_an_alert_that_was_known(store: Store) -> None:
    send(store, "pager", 1, 1_010.0)
    send(store, "pager", 2, 9_000.0, "resolved")
    store.keep_episodes([state(3, started_at=5_000.0, ended_at=6_000.0, ended_by="sender", incident="i-1")])
    assert notified(store)["Late"] == [NotifiedOf("pager", 1, "sent", 1_011.0, True)]


@pytest.mark.parametrize("given", ["dead", "dropped", "superseded"])
def test_message_that_was_not_delivered_is_shown_as_that(store: Store, given: str) -> None:
    send(store, "pager", 1, 1_010.0, state=given)
    assert [one.state for one in notified(store)["Down"]] == ([] if given == "superseded" else [given])


def test_keys_are_written_and_read() -> None:
    assert read_key(str(written((1_772_400_000.123_456, 42)))) == (1_772_400_000.123_456, 42)
    assert written(None) is None
