"""What the store says when something is wrong, and what it does about what can never be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.config import Config, EndpointConfig, StateConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Event, IncidentChanged, Notice
from aiops.ports import DeadLetter, Received
from aiops.records import Alert, Incident, Record
from aiops.store import audit, incidents
from aiops.store.diagnosis import is_content, is_damage, trouble
from aiops.store.outbox_transaction import OutboxTransaction
from aiops.store.store import FrameDecisions, Store
from tests.daemons import bare_daemon

NOW = 1_772_400_000.0


def error_of(path: Path, statement: str, *, timeout: float = 0.0) -> sqlite3.Error:
    with closing(sqlite3.connect(path, timeout=timeout, isolation_level=None)) as connection:
        try:
            connection.execute(statement)
        except sqlite3.Error as error:
            return error
    raise AssertionError("expected an error")


def test_a_locked_store_is_not_a_full_disk(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store, store.database.transaction():
        error = error_of(store.database.path, "begin immediate")
    text = trouble(store.database.path, error)
    assert text == (
        f"store {store.database.path}: database is locked: another process holds it (a backup, a shell of SQLite): "
        "end that process"
    )
    assert not is_damage(error)
    assert not is_content(error)


def test_damage_is_said_and_known(tmp_path: Path) -> None:
    path = tmp_path / "aiops.db"
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    error = error_of(path, "select * from sqlite_master")
    assert is_damage(error)
    assert trouble(path, error).endswith("file is not a database: it is damaged: restart the daemon to rebuild it")


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        pages = store.database._writer.execute("pragma page_count").fetchone()[0]
        store.database._writer.execute(f"pragma max_page_count = {pages}")
        letters = [DeadLetter("http", str(number), "bad", bytes(2_000)) for number in range(100)]
        with pytest.raises(sqlite3.OperationalError) as full:
            store.apply([FrameDecisions(0, NOW, [], letters)])
        assert "database or disk is full: free some space" in trouble(store.database.path, full.value)
        assert store.left_out == 0


def test_an_error_without_a_code_is_known_by_its_words(tmp_path: Path) -> None:
    for words, advice in (
        ("database is locked", "end that process"),
        ("attempt to write a readonly database", "mount the file system writable"),
        ("disk I/O error", "check the disk"),
    ):
        assert advice in trouble(tmp_path, sqlite3.OperationalError(words))


def changed(name: str, version: int, opened_at: float | None = 1.0) -> IncidentChanged:
    incident = Incident(id=name, status="open", severity="high", title=name, opened_at=opened_at)
    return IncidentChanged(0, NOW, "opened", incident, version, [])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path)) as found:
        yield found


@pytest.mark.parametrize(
    "bad",
    [
        # More than SQLite's integers hold; no number, which is null to it; half a character.
        IncidentChanged(0, NOW, "opened", Incident(id="i-bad", alert_count=1 << 70), 1, []),
        IncidentChanged(0, float("nan"), "opened", Incident(id="i-bad"), 1, []),
        Notice(0, "plugin", "\ud800"),
    ],
)
def test_what_can_never_be_written_holds_up_nothing_else(store: Store, bad: Event) -> None:
    letter = DeadLetter("http", "1", "bad", b"{")
    decided = [
        FrameDecisions(0, NOW, [changed("i-1", 1)]),
        FrameDecisions(1, NOW, [changed("i-2", 1), bad, Notice(0, "cap", "full")], [letter]),
        FrameDecisions(2, NOW, [changed("i-3", 1)]),
    ]
    store.apply(decided)
    assert store.applied() == 3
    reader = store.database.reader
    assert {line.id for line in incidents.listed(reader)} - {"i-bad"} == {"i-1", "i-2", "i-3"}
    assert "full" in {entry.text for entry in audit.entries(reader)}
    assert len(audit.letters(reader)) == 1
    assert store.left_out == 1
    assert store.left_out_reason
    # It is careful no longer than it has to be.
    assert store.apply([FrameDecisions(3, NOW, [changed("i-4", 1)])]) == 0
    assert store.left_out == 1


class Huge(Engine):
    """Opens incidents with a count that no store takes."""

    def step(self, batch: Any) -> list[Event]:
        events = super().step(batch)
        for event in events:
            if isinstance(event, IncidentChanged) and event.incident.title and "Huge" in event.incident.title:
                event.incident.alert_count = 1 << 70
        return events


def test_the_daemon_goes_on_and_says_so(tmp_path: Path) -> None:
    config = Config(state=StateConfig(str(tmp_path)), endpoints=[EndpointConfig("pager", "webhook")])
    daemon = bare_daemon(config, Huge, clock=lambda: NOW)
    records: list[Record] = [
        Alert(ts=NOW - 7_200.0 * (3 - number), name=name, entity=name, service=name, severity="critical", id=name)
        for number, name in enumerate(("Fine", "Huge", "Good"))
    ]
    for record in records:
        assert daemon.inbox.submit(Received([record])) is not None
        daemon.pump.round()
    assert daemon.pump.state == "running"
    titles = " ".join(line.title for line in incidents.listed(daemon.store.database.reader))
    assert "Fine" in titles
    assert "Good" in titles
    health = msgspec.to_builtins(daemon.health())
    assert any("the store could not take" in warning for warning in health["warnings"])
    daemon.close()


def test_what_cannot_be_written_whole_is_not_written_in_part(tmp_path: Path) -> None:
    """An entry of the audit whose notifications are missing would claim that people know."""

    class Refusing:
        def entries(self, outbox: OutboxTransaction, event: IncidentChanged, now: float) -> list[Any]:
            if event.incident.id == "i-bad":
                raise ValueError("no entry for it")
            return []

    with closing(Store(tmp_path, Refusing())) as store:
        store.apply([FrameDecisions(0, NOW, [changed("i-1", 1), changed("i-bad", 1), changed("i-2", 1)])])
        assert {entry.incident for entry in audit.entries(store.database.reader)} == {"i-1", "i-2"}
        assert store.left_out >= 1
