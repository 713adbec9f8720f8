"""What a start finds of the journal and the snapshots is in the health for a day, and not only in the log."""

from __future__ import annotations

from pathlib import Path

from aiops.daemon.daemon import Daemon
from aiops.daemon.disk_wait import DiskWait
from aiops.journal.segment import segments
from aiops.journal.snapshot import snapshot_paths
from tests.daemon.test_clocks import START, Clock, closed, fault, feed, opened


def ended(directory: Path, clock: Clock, frames: int = 1) -> None:
    """A daemon that took something, with a snapshot, and ended."""
    daemon = opened(directory, clock)
    for number in range(frames):
        feed(daemon, fault(number, clock.now))
    daemon.pump._snapshot()
    closed(daemon)


def warnings(daemon: Daemon, part: str) -> list[str]:
    return [text for text in daemon.health()["warnings"] if part in text]


def test_a_torn_end_of_the_journal_is_a_warning_for_a_day(tmp_path: Path) -> None:
    clock = Clock(START)
    ended(tmp_path, clock)
    with segments(tmp_path / "journal")[-1].path.open("ab") as file:
        file.write(b"torn")
    daemon = opened(tmp_path, clock)
    assert len(warnings(daemon, "the journal's last commit was cut off, and is cut away (4 bytes")) == 1
    clock.now += 86_401.0
    assert warnings(daemon, "cut off") == []
    closed(daemon)


def test_a_damaged_snapshot_is_a_warning(tmp_path: Path) -> None:
    clock = Clock(START)
    ended(tmp_path, clock)
    path = snapshot_paths(tmp_path / "snapshots")[-1]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    daemon = opened(tmp_path, clock)
    assert len(warnings(daemon, "the one before is used")) == 1
    closed(daemon)


def test_a_start_without_what_was_acknowledged_before_is_a_warning(tmp_path: Path) -> None:
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    daemon.writer._segment_bytes = 1
    for number in range(3):
        feed(daemon, fault(number, clock.now))
    closed(daemon)
    found = segments(tmp_path / "journal")
    assert len(found) > 1
    found[0].path.unlink()
    daemon = opened(tmp_path, clock)
    assert len(warnings(daemon, "no snapshot can be used; the engine starts empty")) == 1
    closed(daemon)


def test_the_health_of_a_daemon_that_waits_for_room_has_the_usual_shape(tmp_path: Path) -> None:
    clock = Clock(START)
    daemon = opened(tmp_path, clock)
    told, waits = daemon.health(), DiskWait(daemon.config, None, "full").health()
    closed(daemon)
    assert waits.keys() == told.keys()
    for key in ("journal", "snapshot", "inbox", "skipped", "late", "clock"):
        assert waits[key].keys() == told[key].keys(), key
    assert {key: type(one) for key, one in waits.items()} == {key: type(one) for key, one in told.items()}
