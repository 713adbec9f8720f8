"""A damaged store is moved aside and rebuilt from the journal, and nobody is notified twice."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aiops.config import Config, EndpointConfig, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.engine.engine import Engine
from aiops.errors import AiopsError
from aiops.journal import CorruptJournal
from aiops.journal.segment import segments
from aiops.ports import Received
from aiops.records import Alert
from aiops.store.repair import KEPT, damage_of, move_damaged
from aiops.store.store import Store
from tests.daemons import bare_daemon

NOW = 1_772_400_000.0
PAGE = 4_096


def open_daemon(directory: Path) -> Daemon:
    endpoint = EndpointConfig("pager", "webhook", settle_s={"critical": 0.0, "high": 30.0})
    return bare_daemon(Config(state=StateConfig(str(directory)), endpoints=[endpoint]), Engine, clock=lambda: NOW)


def feed(daemon: Daemon, first: int, count: int) -> None:
    for number in range(first, first + count):
        at = NOW - 100_000 + 3_000.0 * number
        severity = "critical" if number % 2 else "high"
        alert = Alert(ts=at, name=f"N{number}", entity=f"e{number}", service=f"s{number}", severity=severity)
        assert daemon.inbox.submit(Received([alert])) is not None
        daemon.pump.round()


def incidents(daemon: Daemon) -> list[Any]:
    reader = daemon.store.database.reader
    return reader.execute("select id, version, status, title from incidents order by id").fetchall()


def rows(daemon: Daemon) -> list[tuple[str, int, str, str, float]]:
    return sorted(
        (row.incident, row.version, row.change, row.state, row.due_at) for row in daemon.outbox.rows(limit=10_000)
    )


def history(directory: Path) -> tuple[list[Any], list[Any]]:
    """A daemon with incidents, some of them notified, some on their way."""
    daemon = open_daemon(directory)
    feed(daemon, 0, 20)
    for row in daemon.outbox.claim(NOW + 1, 5, ["pager"]):
        daemon.outbox.sent([row.id], NOW)
    found = incidents(daemon), rows(daemon)
    assert {state for *_, state, _ in found[1]} >= {"sent", "due"}
    daemon.store.database._writer.execute("pragma wal_checkpoint(truncate)")
    daemon.close()
    return found


def nothing_is_new(daemon: Daemon, told: list[tuple[str, int, str, str, float]]) -> bool:
    """Whether nothing is due that was not, and all that counts as sent was a message."""
    messages = {row[:3] for row in told}
    return all(row in told or (row[3] != "due" and row[:3] in messages) for row in rows(daemon))


def root_page(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        found: int = connection.execute("select rootpage from sqlite_master where name = ?", (table,)).fetchone()[0]
        return found


def overwrite(path: Path, offset: int, raw: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(raw)


def header(path: Path) -> None:
    overwrite(path, 0, os.urandom(100))


def incident_pages(path: Path) -> None:
    overwrite(path, (root_page(path, "incidents") - 1) * PAGE, bytes([7]) * PAGE)


def outbox_pages(path: Path) -> None:
    overwrite(path, (root_page(path, "outbox") - 1) * PAGE, bytes([7]) * PAGE)


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 + 100)


def replaced(path: Path) -> None:
    path.write_bytes(os.urandom(50_000))


@pytest.mark.parametrize("damage", [header, incident_pages, outbox_pages, cut_off, replaced])
def test_it_is_made_again_and_nobody_is_notified_twice(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    before, told = history(tmp_path)
    damage(tmp_path / "aiops.db")
    daemon = open_daemon(tmp_path)
    assert incidents(daemon) == before
    # Nothing new; what could be read of the old outbox goes on where it was, and the rest counts as sent.
    assert nothing_is_new(daemon, told)
    if damage is incident_pages:
        assert rows(daemon) == told
    warnings: Any = daemon.health()["warnings"]
    [warning] = [text for text in warnings if text.startswith("store: ")]
    assert "it was moved to aiops.db.damaged-1 and rebuilt from the journal" in warning
    assert ("may be missing" in warning) == (damage is not incident_pages)
    moved = tmp_path / "aiops.db.damaged-1"
    assert stat.S_IMODE(moved.stat().st_mode) == 0o600
    assert daemon.status == "starting"
    # What comes now is notified.
    feed(daemon, 20, 4)
    fresh = {row for row in set(rows(daemon)) - set(told) if row[2] == "opened" and row[3] != "sent"}
    assert len({incident for incident, *_ in fresh} - {incident for incident, *_ in before}) == 4
    assert not {incident for incident, *_ in fresh} & {incident for incident, *_ in before}
    daemon.close()
    daemon = open_daemon(tmp_path)
    assert not any(text.startswith("store: ") for text in daemon.health()["warnings"])
    assert len(incidents(daemon)) == len(before) + 4
    assert "store" not in daemon.health()
    daemon.close()


def test_killed_while_it_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, told = history(tmp_path)
    header(tmp_path / "aiops.db")

    def killed(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Store, "apply", killed)
        with pytest.raises(KeyboardInterrupt):
            open_daemon(tmp_path)
    daemon = open_daemon(tmp_path)
    assert (incidents(daemon), nothing_is_new(daemon, told)) == (before, True)
    daemon.close()


def test_a_sound_store_is_left_alone(tmp_path: Path) -> None:
    history(tmp_path)
    assert damage_of(tmp_path / "aiops.db") == ""
    assert damage_of(tmp_path / "none.db") == ""
    (tmp_path / "empty.db").touch()
    assert damage_of(tmp_path / "empty.db") == ""
    assert move_damaged(tmp_path) is None


def test_the_check_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "big.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (a)")
        connection.executemany("insert into t values (?)", ((bytes(500),) for _ in range(60_000)))
        connection.commit()
    # The first leaf, to which the check comes last.
    overwrite(path, 2 * PAGE, bytes([7]) * PAGE)
    assert damage_of(path)
    # A machine may be so fast, or so busy, that the check is done before it is interrupted.
    assert any(damage_of(path, 0.0) == "" for _ in range(1_000))


def test_a_locked_store_is_not_taken_for_a_damaged_one(tmp_path: Path) -> None:
    history(tmp_path)
    with closing(sqlite3.connect(tmp_path / "aiops.db", isolation_level=None)) as other:
        other.execute("pragma locking_mode = exclusive")
        other.execute("begin exclusive")
        assert move_damaged(tmp_path) is None


def test_damaged_files_that_are_kept_are_few(tmp_path: Path) -> None:
    for number in range(1, 3 + KEPT):
        (tmp_path / "aiops.db").write_bytes(b"not a database, but long enough to be looked at" * 100)
        found = move_damaged(tmp_path)
        assert found is not None
        assert found.moved.name == f"aiops.db.damaged-{number}"
    assert {path.name for path in tmp_path.iterdir()} == {f"aiops.db.damaged-{n}" for n in range(3, 3 + KEPT)}


def test_a_journal_that_lacks_what_the_damaged_store_had_is_refused(tmp_path: Path) -> None:
    history(tmp_path)
    incident_pages(tmp_path / "aiops.db")
    segments(tmp_path / "journal")[-1].path.unlink()
    with pytest.raises(CorruptJournal, match="were acknowledged"):
        open_daemon(tmp_path)


def test_one_that_cannot_be_moved_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history(tmp_path)
    header(tmp_path / "aiops.db")

    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(AiopsError, match="damaged, and cannot be moved aside: Permission denied"):
        open_daemon(tmp_path)
