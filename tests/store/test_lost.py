"""A store that was lost, in whole or in part: known incidents are not announced again, and health says why."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.config import Config, EndpointConfig, SnapshotConfig, StateConfig
from aiops.engine.engine import Engine
from aiops.ports import Received
from aiops.records import Alert
from aiops.store.outbox import ASSUMED, Row
from aiops.store.repair import lost, move_damaged
from aiops.store.wal_check import wal_damage
from tests.daemons import bare_daemon

NOW = 1_772_400_000.0


class Site:
    """A daemon on a clock of the test; what is due is sent."""

    def __init__(self, directory: Path, now: float = NOW, every_s: float = 1e6) -> None:
        self.now = now
        endpoint = EndpointConfig("pager", "webhook", settle_s={"critical": 0.0, "high": 30.0}, update_every_s=15.0)
        snapshot = SnapshotConfig(every_s=every_s, fold_s=1e6, max_share=1.0)
        config = Config(state=StateConfig(str(directory)), endpoints=[endpoint], snapshot=snapshot)
        self.daemon = bare_daemon(config, Engine, clock=lambda: self.now)

    def fire(self, name: str, entity: str = "e1", severity: str = "critical") -> None:
        alert = Alert(ts=self.now, name=name, entity=entity, service="cart", severity=severity)
        assert self.daemon.inbox.submit(Received([alert])) is not None
        self.daemon.pump.round()

    def send(self, seconds: float = 60.0) -> list[Row]:
        """What leaves within the next seconds."""
        self.now += seconds
        sent: list[Row] = []
        while rows := self.daemon.outbox.claim(self.now, 100, ["pager"]):
            self.daemon.outbox.sent([row.id for row in rows], self.now)
            sent += rows
        return sent

    def warned(self) -> str:
        warnings: Any = self.daemon.health()["warnings"]
        return next((text for text in warnings if text.startswith("store: ")), "")


def killed(tmp_path: Path, snapshot: bool = False) -> tuple[Path, set[str]]:
    """The state of a daemon that is killed after it notified of an incident and of what joined; and the keys."""
    site = Site(tmp_path / "first", every_s=0.0 if snapshot else 1e6)
    sent: list[Row] = []
    for name in ("Alpha", "Beta", "Delta"):
        site.fire(name)
        sent += site.send(20.0)
    assert [row.change for row in sent][:2] == ["opened", "updated"]
    if snapshot:
        site.daemon.snapshots.wait(120.0)
        assert list((tmp_path / "first" / "snapshots").iterdir())
    copy = tmp_path / "state"
    shutil.copytree(tmp_path / "first", copy, ignore=shutil.ignore_patterns("*.sock", "*-shm", "lock"))
    site.daemon.close()
    return copy, {row.key for row in sent}


def removed(state: Path) -> None:
    for path in state.glob("aiops.db*"):
        path.unlink()


def emptied(state: Path) -> None:
    os.truncate(state / "aiops.db", 0)


def without_log(state: Path) -> None:
    (state / "aiops.db-wal").unlink()


def replaced(state: Path) -> None:
    removed(state)
    (state / "aiops.db").write_text("hello" * 1000)


def flipped(state: Path) -> None:
    log = state / "aiops.db-wal"
    raw = bytearray(log.read_bytes())
    # In the page of the frame in the middle: tables are made before it, and transactions come after it. A frame whose
    # head is damaged may be one of an earlier log.
    head, frame = 32, 24 + int.from_bytes(raw[8:12], "big")
    middle = head + (len(raw) - head) // frame // 2 * frame + frame // 2
    raw[middle : middle + 50] = bytes(byte ^ 0xFF for byte in raw[middle : middle + 50])
    log.write_bytes(raw)


@pytest.mark.parametrize("snapshot", [False, True])
@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (removed, "aiops.db is missing"),
        (emptied, "aiops.db is empty"),
        (without_log, "its write-ahead log is missing"),
        (replaced, "file is not a database"),
        (flipped, "of its write-ahead log does not match"),
    ],
)
def test_what_was_notified_is_not_notified_again(
    tmp_path: Path, loss: Callable[[Path], None], said: str, snapshot: bool
) -> None:
    state, keys = killed(tmp_path, snapshot)
    loss(state)
    site = Site(state, NOW + 65.0)
    try:
        assert said in site.warned()
        assert {row.key for row in site.send(10.0)} <= keys, "what may have been sent is sent with the key that it had"
        site.fire("Gamma")
        site.fire("Other", "elsewhere")
        fresh = [row for row in site.send() if row.key not in keys]
        [first, *_] = [row for row in fresh if msgspec.json.decode(row.news)]
        assert "opened" not in {row.change for row in fresh if row.incident == first.incident}
        said_again = [line for row in fresh for line in msgspec.json.decode(row.news)]
        assert "new: Gamma on cart (critical)" in said_again
        assert not any(name in line for line in said_again for name in ("Alpha", "Beta", "Delta"))
    finally:
        site.daemon.close()
    again = Site(state, site.now)
    assert again.warned() == ""
    again.daemon.close()


def test_what_was_not_due_when_the_journal_ended_is_sent_with_its_key(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.fire("Slow", severity="high")
    [row] = site.daemon.outbox.rows()
    site.daemon.close()
    removed(tmp_path)
    again = Site(tmp_path, NOW + 1.0)
    assert [(one.key, one.change) for one in again.send()] == [(row.key, "opened")], "it settled, and nobody had it"
    again.daemon.close()


def test_a_row_that_is_assumed_says_so(tmp_path: Path) -> None:
    state, _ = killed(tmp_path)
    removed(state)
    site = Site(state, NOW + 65.0)
    rows = [row for row in site.daemon.outbox.rows() if row.state == "sent"]
    assert rows
    assert all((row.attempt, row.last_error) == (0, ASSUMED) for row in rows)
    site.daemon.close()


def test_a_new_state_directory_lost_nothing(tmp_path: Path) -> None:
    assert lost(tmp_path) == ""
    site = Site(tmp_path)
    assert (lost(tmp_path), site.warned()) == ("", "")
    site.daemon.close()


@pytest.mark.parametrize("tail", [10, 3_000, 4_120, 9_000])
def test_a_log_that_a_crash_tore_is_not_damaged(tmp_path: Path, tail: int) -> None:
    state, _ = killed(tmp_path)
    log = state / "aiops.db-wal"
    assert wal_damage(log, 60.0) == ""
    os.truncate(log, log.stat().st_size - tail)
    assert wal_damage(log, 60.0) == ""
    with log.open("ab") as file:
        file.write(bytes(20_000))
    assert wal_damage(log, 60.0) == ""
    assert move_damaged(state) is None
    assert wal_damage(tmp_path / "none", 60.0) == ""
