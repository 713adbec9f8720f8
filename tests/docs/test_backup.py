"""The backup that docs/operations.md describes, taken from a running daemon, starts again with all that it held."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aiops.app.build import build
from aiops.config import Config, HttpConfig, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.journal import CorruptJournal
from aiops.ports import Received
from aiops.records import Alert
from aiops.store.incidents import listed


def open_daemon(directory: Path) -> Daemon:
    return build(Config(state=StateConfig(str(directory)), http=HttpConfig(enabled=False)))


def storm(daemon: Daemon, entity: str) -> None:
    now = daemon.clock()
    names = ("Errors", "Latency", "Down")
    alerts = [Alert(ts=now, name=name, severity="critical", entity=entity, service=entity) for name in names]
    assert daemon.inbox.put(Received([*alerts]), 10.0)


def copy_store(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source / "aiops.db")) as one, closing(sqlite3.connect(target / "aiops.db")) as other:
        one.backup(other)


def incidents(daemon: Daemon) -> list[tuple[str, int]]:
    """Ids with the number of alerts."""
    return sorted((one.id, one.alert_count) for one in listed(daemon.store.database.reader))


def alerts(daemon: Daemon) -> int:
    """Alerts that the engine has placed, now or before."""
    return int(sum(daemon.pump.accounts["dispositions"].values()))


def test_a_copy_of_a_running_daemon_starts_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    live, copy = tmp_path / "live", tmp_path / "copy"
    copy.mkdir()
    daemon = open_daemon(live)
    daemon.start()
    try:
        storm(daemon, "checkout")
        if (live / "snapshots").exists():
            shutil.copytree(live / "snapshots", copy / "snapshots")
        copy_store(live, copy)
        storm(daemon, "search")
        shutil.copytree(live / "journal", copy / "journal")
    finally:
        daemon.stop()
    restored, original = open_daemon(copy), open_daemon(live)
    try:
        assert alerts(restored) == alerts(original) == 6
        assert incidents(restored) == incidents(original) != []
    finally:
        restored.close()
        original.close()


def test_a_journal_older_than_its_store_is_refused(tmp_path: Path) -> None:
    live, copy = tmp_path / "live", tmp_path / "copy"
    copy.mkdir()
    daemon = open_daemon(live)
    daemon.start()
    try:
        storm(daemon, "checkout")
        shutil.copytree(live / "journal", copy / "journal")
        storm(daemon, "search")
    finally:
        daemon.stop()
    copy_store(live, copy)
    with pytest.raises(CorruptJournal, match="restore the journal from a copy"):
        open_daemon(copy)


def test_a_lost_store_is_written_again(tmp_path: Path) -> None:
    daemon = open_daemon(tmp_path)
    daemon.start()
    try:
        storm(daemon, "checkout")
    finally:
        daemon.stop()
    before = open_daemon(tmp_path)
    known = incidents(before)
    before.close()
    for file in tmp_path.glob("aiops.db*"):
        file.unlink()
    after = open_daemon(tmp_path)
    try:
        assert incidents(after) == known != []
    finally:
        after.close()
