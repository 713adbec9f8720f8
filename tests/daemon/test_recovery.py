"""Starts: from the newest good snapshot, and the journal after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiops.config import Config, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.daemon.recovery import cumulative, decisions_of, recover
from aiops.engine.engine import Engine
from aiops.engine.events import Placed
from aiops.journal import Frame, JournalError, Meta, frames
from aiops.journal.segment import segments
from aiops.journal.snapshot import snapshot_paths
from aiops.ports import DeadLetter, Received
from aiops.records import Action, Alert, Skipped
from aiops.store.store import Store
from tests.daemons import bare_daemon

T0 = 1_795_000_000.0


def daemon_in(folder: Path) -> Daemon:
    return bare_daemon(Config(state=StateConfig(str(folder))), Engine, clock=lambda: T0, monotonic=lambda: 50.0)


def feed(daemon: Daemon, start: float, count: int = 9) -> None:
    alerts = [
        Alert(ts=T0 + start + n, name=f"A{n % 3}", entity="db", service="db", severity="critical", id=f"a{start}-{n}")
        for n in range(count)
    ]
    done = daemon.inbox.submit(Received(list(alerts)))
    assert done is not None
    daemon.pump.round()
    assert done.result(0) is True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state directory of a daemon that took three frames and a snapshot."""
    daemon = daemon_in(tmp_path)
    for turn in range(3):
        feed(daemon, turn * 10.0)
    daemon.close()
    daemon.snapshots.wait(60.0)
    return tmp_path


def recovered(folder: Path, make: type[Engine] = Engine) -> tuple[object, bytes]:
    store = Store(folder)
    try:
        found = recover(folder / "journal", folder / "snapshots", store, make, "config")
        assert isinstance(found.engine, Engine)
        return found, found.engine.snapshot()
    finally:
        store.close()


def folded(folder: Path) -> bytes:
    engine = Engine()
    for frame in frames(folder / "journal"):
        engine.step(frame.records)
    return engine.snapshot()


def test_state_is_that_of_the_whole_journal(folder: Path) -> None:
    found, state = recovered(folder)
    assert state == folded(folder)
    assert found.seq >= 27  # type: ignore[attr-defined]


def test_without_snapshots_the_journal_is_enough(folder: Path) -> None:
    for path in snapshot_paths(folder / "snapshots"):
        path.unlink()
    found, state = recovered(folder)
    assert state == folded(folder)
    assert found.problems == []  # type: ignore[attr-defined]
    assert found.records >= 27  # type: ignore[attr-defined]


def test_damaged_snapshot_is_named_and_passed_over(folder: Path) -> None:
    paths = snapshot_paths(folder / "snapshots")
    for path in paths:
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 0xFF
        path.write_bytes(raw)
    found, state = recovered(folder)
    assert state == folded(folder)
    assert len(found.problems) == len(paths)  # type: ignore[attr-defined]


def test_missing_part_of_the_journal_stops_the_start(folder: Path) -> None:
    for path in snapshot_paths(folder / "snapshots"):
        path.unlink()
    [segment] = segments(folder / "journal")
    raw = bytearray(segment.path.read_bytes())
    raw[40] ^= 0xFF
    segment.path.write_bytes(raw)
    with pytest.raises(JournalError):
        recovered(folder)


def test_lost_store_is_written_again(folder: Path) -> None:
    before = Store(folder)
    rows = before.database.reader.execute("select id, status from incidents order by id").fetchall()
    before.close()
    for path in folder.glob("*.sqlite*"):
        path.unlink()
    for path in folder.glob("aiops.db*"):
        path.unlink()
    recovered(folder)
    after = Store(folder)
    assert after.database.reader.execute("select id, status from incidents order by id").fetchall() == rows
    after.close()


def test_empty_directory_is_an_empty_engine(tmp_path: Path) -> None:
    found, state = recovered(tmp_path)
    assert state == Engine().snapshot()
    assert (found.number, found.seq, found.frames) == (0, 0, 0)  # type: ignore[attr-defined]


def test_cumulative_part_of_a_frame_leaves_its_letters() -> None:
    meta = Meta(at=5.0, positions={"k": {"t/0": 3}}, rejected=2, letters=[DeadLetter("s", "p", "r", b"", 1.0)])
    assert cumulative(meta) == Meta(at=5.0, positions={"k": {"t/0": 3}}, rejected=2)


def test_decisions_of_a_frame_hold_actions_and_letters_of_skipped_records() -> None:
    action, alert = Action(ts=1.0, verb="resolve"), Alert(ts=1.0, name="A")
    skipped = Skipped(ts=1.0, of="alert", id="x", source="kafka", reason="it raised", raw=b"raw")
    frame = Frame(3, 10, [alert, action, skipped], Meta(at=7.0))
    found = decisions_of(frame, [], notify=False)
    assert (found.frame, found.at, found.actions, found.notify) == (3, 7.0, {11: action}, False)
    [letter] = found.letters
    assert (letter.source, letter.place, letter.raw) == ("kafka", "record 12", b"raw")
    assert "it raised" in letter.reason


def test_placed_alerts_are_not_kept() -> None:
    engine = Engine()
    events = engine.step([Alert(ts=T0, name="A", entity="e", severity="info")])
    assert any(isinstance(event, Placed) for event in events)
    found = decisions_of(Frame(0, 0, [], Meta()), events)
    assert not any(isinstance(event, Placed) for event in found.events)
