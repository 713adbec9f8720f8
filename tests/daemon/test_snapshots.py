"""When a snapshot is due, and what is said of one that failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.config import SnapshotConfig
from aiops.daemon.snapshots import Snapshots
from aiops.engine.engine import Engine
from aiops.journal import Meta
from aiops.journal.snapshot import Packed, SnapshotMeta, good_snapshots, pack
from tests.waiting import eventually


class Clock:
    """Monotonic seconds by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def snapshots(folder: Path, clock: Clock) -> Snapshots:
    return Snapshots(folder, SnapshotConfig(fold_s=5.0, max_share=0.1, every_s=600.0), clock)


def packed() -> Packed:
    return pack(Engine().snapshot_parts())


def meta() -> SnapshotMeta:
    return SnapshotMeta(frame=1, seq=1, at=1.0, config="c", journal=Meta())


def test_nothing_is_due_while_nothing_changed(tmp_path: Path, clock: Clock) -> None:
    found = snapshots(tmp_path, clock)
    clock.now += 1e6
    assert not found.is_due()


def test_snapshot_is_due_once_a_restart_would_take_long(tmp_path: Path, clock: Clock) -> None:
    found = snapshots(tmp_path, clock)
    found.processed(4.9)
    clock.now += 10.0
    assert not found.is_due()
    found.processed(0.1)
    assert found.is_due()


def test_snapshot_is_due_after_a_time_in_any_case(tmp_path: Path, clock: Clock) -> None:
    found = snapshots(tmp_path, clock)
    found.processed(0.001)
    clock.now += 599.0
    assert not found.is_due()
    clock.now += 1.0
    assert found.is_due()
    assert found.age_s == 600.0


def test_costly_snapshots_are_taken_less_often(tmp_path: Path, clock: Clock) -> None:
    found = snapshots(tmp_path, clock)
    found.write(meta(), packed(), taking_s=3.0)
    found.wait(60.0)
    found.processed(100.0)
    clock.now += 29.0
    assert not found.is_due(), "3 s of standing still are a tenth of 30 s"
    clock.now += 1.0
    assert found.is_due()


def test_written_snapshot_can_be_read_and_clears_the_error(tmp_path: Path, clock: Clock) -> None:
    found = snapshots(tmp_path, clock)
    found.fail("first")
    assert (found.failed, found.error.startswith("first; ")) == (1, True)
    found.write(meta(), packed(), taking_s=0.1)
    found.wait(60.0)
    assert (found.written, found.error, found.is_writing) == (1, "", False)
    assert found.state_bytes > 0
    assert len(list(good_snapshots(tmp_path))) == 1


def test_disk_that_refuses_is_reported_and_tried_again_when_due(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "file").touch()
    found = snapshots(tmp_path / "file", clock)
    found.processed(99.0)
    found.write(meta(), packed(), taking_s=0.0)
    found.wait(60.0)
    eventually(lambda: found.failed == 1)
    assert "snapshot" in found.error
    assert not found.is_due()
    found.processed(99.0)
    clock.now += 1.0
    assert found.is_due()
