"""The pump's order: commit, answer, process, store; and what it does while the disk refuses."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from aiops.backoff import Backoff
from aiops.config import Config, EndpointConfig, SnapshotConfig, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.daemon.pump import CALM_S, MAX_ROOM_BYTES, RETRY_FIRST_S, ROOM_BYTES
from aiops.engine.engine import Engine
from aiops.journal import DiskError, read
from aiops.ports import Position, Received
from aiops.records import Alert, Record
from aiops.store.store import FrameDecisions
from tests.daemons import bare_daemon

NOW = 1_772_400_000.0


class Disk:
    """A disk that takes so many bytes at once, and remembers the sizes that it was asked for."""

    def __init__(self) -> None:
        self.room = 1 << 40
        self.asked: list[int] = []

    def probe(self, size: int) -> None:
        self.asked.append(size)
        if size > self.room:
            raise DiskError("journal: No space left on device: free some space")


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def daemon(tmp_path: Path, clock: Clock) -> Iterator[Daemon]:
    config = Config(
        state=StateConfig(str(tmp_path)),
        snapshot=SnapshotConfig(fold_s=1e6, every_s=1e6),
        endpoints=[EndpointConfig("pager", "webhook", settle_s={"critical": 0.0})],
    )
    found = bare_daemon(config, Engine, clock=lambda: NOW, monotonic=clock)
    found.pump._backoff = Backoff(0.0, 0.0)
    yield found
    found.snapshots.wait(20.0)
    found.close()


@pytest.fixture
def disk(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk()
    append = daemon.writer.append

    def limited(records: Sequence[Record], lines: bytes, meta: Any) -> int:
        if len(lines) > found.room:
            raise DiskError(f"journal: {errno.ENOSPC}")
        return append(records, lines, meta)

    monkeypatch.setattr(daemon.writer, "append", limited)
    monkeypatch.setattr(daemon.writer, "probe", found.probe)
    return found


def alert(name: str, message: str = "") -> Alert:
    return Alert(ts=NOW, name=name, id=name, entity=name, service=name, severity="critical", message=message)


def give(daemon: Daemon, record: Record, position: Position | None = None) -> bool | None:
    """What the source hears; None where it is not even let in."""
    answer = daemon.inbox.submit(Received([record], position))
    if answer is None:
        return None
    daemon.pump.round()
    return answer.result(0)


def ids(daemon: Daemon) -> list[str]:
    return [record.id for record in read(daemon.journal_directory) if isinstance(record, Alert)]


def state(daemon: Daemon) -> str:
    return daemon.pump.state


def test_only_what_is_committed_is_acknowledged(daemon: Daemon, disk: Disk) -> None:
    assert give(daemon, alert("a")) is True
    disk.room = 0
    assert give(daemon, alert("b")) is False
    assert ids(daemon) == ["a"]


def test_nothing_is_let_in_while_the_disk_refuses(daemon: Daemon, disk: Disk) -> None:
    waiting = daemon.inbox.submit(Received([alert("a")]))
    disk.room = 0
    daemon.pump.round()
    assert waiting is not None
    assert waiting.result(0) is False
    assert state(daemon) == "degraded"
    assert give(daemon, alert("b")) is None
    assert daemon.inbox.refusing


def test_a_disk_that_takes_little_is_not_well(daemon: Daemon, disk: Disk) -> None:
    """Frames of the clock fit; the alert that was refused would not, and the next one would be refused again."""
    disk.room = 100_000
    assert give(daemon, alert("large", "x" * 400_000)) is False
    for _ in range(5):
        daemon.pump.round()
        assert state(daemon) == "degraded"
    assert all(800_000 < size <= MAX_ROOM_BYTES for size in disk.asked)
    assert len(disk.asked) == 5
    disk.room = 1 << 40
    daemon.pump.round()
    assert state(daemon) == "running"
    assert daemon.pump.reason == ""
    assert give(daemon, alert("large", "x" * 400_000)) is True


def test_room_for_a_small_frame_is_asked_for_too(daemon: Daemon, disk: Disk) -> None:
    disk.room = 10
    assert give(daemon, alert("small")) is False
    daemon.pump.round()
    assert disk.asked == [ROOM_BYTES]


def test_pauses_go_on_growing_until_it_was_well_for_a_while(daemon: Daemon, disk: Disk, clock: Clock) -> None:
    daemon.pump._backoff = backoff = Backoff(1e-6, 1.0)
    clock.now += CALM_S

    def fail_once() -> None:
        disk.room = 0
        assert give(daemon, alert("a")) is False
        disk.room = 1 << 40
        daemon.pump.round()
        assert state(daemon) == "running"

    fail_once()
    first = backoff._bound_s
    clock.now += CALM_S - 1
    fail_once()
    assert backoff._bound_s == 2 * first
    clock.now += CALM_S
    fail_once()
    assert backoff._bound_s == first
    assert RETRY_FIRST_S > 0


def test_positions_of_other_sources_stay(daemon: Daemon) -> None:
    assert give(daemon, alert("a"), Position("one", {"t/0": 7}))
    assert give(daemon, alert("b"), Position("two", {"t/1": 9}))
    assert daemon.pump.meta.positions == {"one": {"t/0": 7}, "two": {"t/1": 9}}


def test_nothing_is_taken_before_the_store_has_what_it_lacks(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    apply = daemon.store.apply

    def locked(decided: Sequence[FrameDecisions]) -> int:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(daemon.store, "apply", locked)
        assert give(daemon, alert("a")) is True
        assert state(daemon) == "degraded"
        assert "database is locked: another process holds it" in daemon.pump.reason
        assert "free some space" not in daemon.pump.reason
        frame = daemon.writer.number
        daemon.pump.round()
        assert state(daemon) == "degraded"
        # Not even the clock: a second frame would be stored before the first.
        assert daemon.writer.number == frame
    assert daemon.store.apply == apply
    daemon.pump.round()
    assert state(daemon) == "running"
    assert [row.change for row in daemon.outbox.rows()] == ["opened"]


def test_a_snapshot_is_never_ahead_of_the_store(daemon: Daemon) -> None:
    """A start that finds it so would process older frames again."""
    assert give(daemon, Alert(ts=NOW, name="Calm", severity="info", id="calm"))
    daemon.pump._snapshot()
    daemon.snapshots.wait(20.0)
    assert daemon.snapshots.written == 1
    assert daemon.store.applied() == daemon.writer.number


def test_a_stop_while_the_store_lacks_something_takes_no_snapshot(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(decided: Sequence[FrameDecisions]) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(daemon.store, "apply", full)
    assert give(daemon, alert("a")) is True
    daemon.pump.stop()
    daemon.pump.run()
    assert daemon.snapshots.written == 0
    assert state(daemon) == "stopped"
