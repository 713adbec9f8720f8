"""`aiops outbox` beside a store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from aiops.cli.outbox import outbox_app
from aiops.errors import UsageError
from aiops.records import Incident
from aiops.store.outbox import Entry
from aiops.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path)
    yield found
    found.close()


@pytest.fixture
def filled(store: Store) -> Store:
    """Rows 1 to 4: dead, dead, due, sent."""
    for number, endpoint in enumerate(("pager", "chat", "pager", "pager"), 1):
        body = msgspec.json.encode(Incident(id=f"i-{number}", title="\x1b[31mred"))
        entry = Entry(
            endpoint=endpoint, incident=f"i-\x1b[31m{number}", version=1, change="opened", body=body, at=1.0, due_at=1.0
        )
        with store.database.transaction() as connection:
            store.outbox.add(connection, [entry], 1.0)
    store.outbox.dead(1, "HTTP 400: bad \x1b[31m", 2.0, status=400)
    store.outbox.dead(2, "HTTP 404", 2.0, status=404)
    store.outbox.sent([4], 2.0, 202)
    return store


def run(tmp_path: Path, *words: str) -> Result:
    return CliRunner().invoke(outbox_app, [*words, "--state", str(tmp_path)], catch_exceptions=False)


def states(store: Store) -> dict[int, str]:
    return {row.id: row.state for row in store.outbox.rows(None, 100)}


def test_list_shows_what_waits_and_what_died(filled: Store, tmp_path: Path) -> None:
    shown = run(tmp_path, "list").output
    assert "2 dead" in shown
    assert "1 due" in shown
    assert "\x1b" not in shown
    rows = json.loads(run(tmp_path, "list", "--json").output)
    assert [(row["id"], row["state"]) for row in rows] == [(3, "due"), (2, "dead"), (1, "dead")]
    assert "body" not in rows[0]
    assert rows[2]["key"].startswith("msg_")
    rows = json.loads(run(tmp_path, "list", "--status", "dead", "--endpoint", "chat", "--json").output)
    assert [row["id"] for row in rows] == [2]
    rows = json.loads(run(tmp_path, "list", "--status", "sent", "--json").output)
    assert [row["last_status"] for row in rows] == [202]


def test_retry_makes_dead_rows_due(filled: Store, tmp_path: Path) -> None:
    assert "1 retried" in run(tmp_path, "retry", "1").output
    assert states(filled) == {1: "due", 2: "dead", 3: "due", 4: "sent"}
    assert "0 retried; 1 not found in that state" in run(tmp_path, "retry", "4").output
    assert json.loads(run(tmp_path, "retry", "--all", "--endpoint", "chat", "--json").output) == {"retried": 1}
    assert states(filled)[2] == "due"


def test_drop_gives_rows_up(filled: Store, tmp_path: Path) -> None:
    assert "2 dropped" in run(tmp_path, "drop", "--all").output
    assert states(filled) == {1: "dropped", 2: "dropped", 3: "due", 4: "sent"}
    run(tmp_path, "drop", "3", "--status", "due")
    assert states(filled)[3] == "dropped"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("retry",), "numbers of messages, or --all"),
        (("retry", "1", "--all"), "numbers of messages, or --all"),
        (("drop", "--all", "--status", "sent"), "dead or due"),
        (("list", "--status", "gone"), "expected one of"),
    ],
)
def test_wrong_usage_says_what_was_expected(filled: Store, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(tmp_path, *words)


def test_without_a_store_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no store"):
        run(tmp_path / "none", "list")
    assert not (tmp_path / "none").exists()


def test_a_message_that_waits_for_the_end_of_a_mute_shows_until_when(store: Store, tmp_path: Path) -> None:
    entry = Entry(
        endpoint="pager", incident="i-1", version=1, change="opened", body=b"{}", at=1.0, due_at=4_102_000_000.0
    )
    with store.database.transaction() as connection:
        store.outbox.add(connection, [entry], 1.0)
    assert "waits until 2099-12-26" in " ".join(run(tmp_path, "list").output.split())
