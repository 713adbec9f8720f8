"""A trail whose end is missing is noticed by its anchor in the store, and nothing runs on it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.daemon.trail_anchor import StoreTrailAnchor, read_mark
from aiops.errors import AiopsError, UsageError
from aiops.respond.anchors import UNKNOWN, Mark
from aiops.respond.audit import AuditError, Trail, verify
from aiops.respond.history import GLOBAL
from aiops.store.schema import MIGRATIONS
from aiops.store.store import FILE_NAME, Store
from aiops.testing.receiver import Receiver, receiving
from tests.respond.bench import Bench, MemoryAnchor, post, until, view

Make = Callable[..., Bench]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def anchor() -> MemoryAnchor:
    return MemoryAnchor()


@pytest.fixture
def make(samples: SimpleNamespace, receiver: Receiver, tmp_path: Path, anchor: MemoryAnchor) -> Iterator[Make]:
    made: list[Bench] = []

    def bench(**changes: Any) -> Bench:
        playbook = samples.playbook(**{"steps": [post(receiver, "restart")], **changes})
        made.append(Bench(samples, tmp_path / "audit.jsonl", playbook, anchor=anchor))
        return made[-1]

    yield bench
    for one in made:
        one.close()


def ran(make: Make) -> Bench:
    """One run on one target, and the trail closed after it."""
    bench = make()
    bench.release()
    bench.approve()
    assert bench.run().state == "executed"
    bench.trail.close()
    return bench


def release(bench: Bench) -> None:
    """Release what is engaged: a run whose end is missing counts as cut off."""
    for scope, engaged in bench.runner.history.switches.items():
        if engaged:
            bench.release(scope)


def keep(path: Path, count: int | None) -> None:
    """Leave the first lines of a file, or no file."""
    lines = path.read_bytes().splitlines(keepends=True)
    if count is None:
        path.unlink()
    else:
        path.write_bytes(b"".join(lines[:count]))


@pytest.mark.parametrize("left", [6, 2, 0, None])
def test_nothing_runs_on_a_trail_that_was_cut(make: Make, receiver: Receiver, left: int | None) -> None:
    first = ran(make)
    keep(first.path, left)
    bench = make()
    bench.now, bench.view = first.now + 30, view(incident="i2", opened_at=first.now)
    assert bench.runner.history.gap is not None
    assert f"{7 - (left or 0)} of 7 lines are missing" in bench.runner.history.gap.problem
    assert bench.runner.history.switches[GLOBAL], "the kill switch is engaged"
    release(bench)
    with pytest.raises(UsageError, match="the audit trail was cut"):
        bench.approve()
    assert bench.run().run is None
    assert len(receiver.requests) == 1
    bench.trail.close()
    again = make()
    assert again.runner.history.gap is not None, "a restart does not accept it"
    again.trail.close()
    with pytest.raises(UsageError, match="needs the name"):
        make().runner.accept_trail("", first.now)


def test_nothing_is_rolled_back_on_a_trail_that_was_cut(make: Make, receiver: Receiver) -> None:
    """A person released the switches and did not accept the trail."""
    rollback = [post(receiver, "undo")]
    first = make(rollback=rollback)
    first.release()
    first.approve()
    first.run()
    first.trail.close()
    keep(first.path, 6)
    bench = make(rollback=rollback)
    release(bench)
    [run] = bench.runner.history.runs.values()
    assert run.rollback == "waiting"
    with pytest.raises(UsageError, match="nobody has accepted it: accept it first"):
        bench.runner.roll_back(run.id, "ann", bench.now)
    assert len(receiver.requests) == 1
    bench.runner.accept_trail("ann", bench.now)
    bench.runner.roll_back(run.id, "ann", bench.now)
    assert (run.rollback, len(receiver.requests)) == ("done", 2)


@pytest.mark.parametrize("left", [6, 2, None])
def test_cooldowns_and_rates_are_not_forgotten_with_a_cut_trail(
    make: Make, receiver: Receiver, left: int | None
) -> None:
    first = ran(make)
    keep(first.path, left)
    bench = make()
    bench.runner.accept_trail("ann", first.now + 30, "the disk was repaired")
    release(bench)
    bench.now, bench.view = first.now + 599, view(incident="i2", opened_at=first.now + 1)
    refused = {check.guard: check.reason for check in bench.plan().checks if check.state == "refused"}
    assert "may have held a run less than 10m ago" in refused["cooldown"]
    assert "may have held a run less than 1h ago" in refused["rate"]
    bench.now = first.now + 601
    refused = {check.guard: check.reason for check in bench.plan().checks if check.state == "refused"}
    assert set(refused) == {"approval", "rate"}
    bench.now = first.now + 3601
    bench.approve()
    assert bench.run().state == "executed"
    bench.view = view(incident="i1")
    refused = {check.guard: check.reason for check in bench.plan().checks if check.state == "refused"}
    assert "may have held a run for this incident" in refused["repeated"]
    with pytest.raises(UsageError, match="is whole"):
        bench.runner.accept_trail("ann", bench.now)


def test_switches_are_not_forgotten_with_a_cut_trail(make: Make) -> None:
    bench = make()
    bench.release()
    bench.engage("team:platform")
    until(lambda: not bench.runner.switches.unwritten())
    bench.release(GLOBAL)
    bench.trail.close()
    keep(bench.path, 2)
    assert make().runner.history.switches == {"global": True, "team:platform": True}


def test_lines_that_the_daemon_did_not_write_are_noticed(make: Make) -> None:
    """A chain has no key: anybody who may write the file can go on with it."""
    bench = ran(make)
    forger = Trail(bench.path)
    forger.append("switch", 1.0, {"scope": "global", "engaged": False, "actor": "eve", "reason": ""})
    forger.append("approval", 1.0, {"plan": "x", "actor": "eve", "playbook": "restart-worker", "incident": "i9"})
    forger.close()
    gap = make().runner.history.gap
    assert gap is not None
    assert "2 lines at its end were not written by the daemon" in gap.problem


def test_a_trail_of_other_lines_is_noticed(make: Make, tmp_path: Path) -> None:
    bench = ran(make)
    other = Trail(tmp_path / "other.jsonl")
    for number in range(7):
        other.append("note", float(number), {})
    other.close()
    (tmp_path / "other.jsonl").replace(bench.path)
    gap = make().runner.history.gap
    assert gap is not None
    assert "not those that were written" in gap.problem


def test_a_crash_between_a_line_and_its_anchor_is_no_cut(make: Make, anchor: MemoryAnchor) -> None:
    bench = ran(make)
    ahead = Trail(bench.path)
    ahead.append("said", 1.0, {"entry": 0})
    ahead.close()
    again = make()
    assert again.runner.history.gap is None
    assert anchor.mark is not None
    assert anchor.mark.entries == 8, "it catches up"


def test_a_trail_without_an_anchor_is_not_trusted(make: Make, anchor: MemoryAnchor) -> None:
    """The store was made anew: nobody knows how long the trail was."""
    ran(make)
    anchor.mark = None
    gap = make().runner.history.gap
    assert gap is not None
    assert "no anchor" in gap.problem


def test_the_trail_of_an_older_release_is_taken_as_it_is(make: Make, anchor: MemoryAnchor) -> None:
    ran(make)
    anchor.mark = UNKNOWN
    assert make().runner.history.gap is None
    assert anchor.mark.entries == 7


def test_a_store_of_before_knows_that_it_knows_nothing(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.executescript(f"{MIGRATIONS[0]}; {MIGRATIONS[1]}; update applied set frame = 5")
        connection.execute("pragma user_version = 2")
    store = Store(tmp_path)
    anchor = StoreTrailAnchor(store.database)
    assert anchor.read() == UNKNOWN
    anchor.write(Mark(3, "x", 5.0, ("global",)))
    assert anchor.read() == Mark(3, "x", 5.0, ("global",)) == read_mark(store.database.reader)
    store.close()


def test_an_anchor_that_cannot_be_written_lets_nothing_run(
    make: Make, receiver: Receiver, anchor: MemoryAnchor
) -> None:
    bench = make()
    bench.release()
    bench.approve()
    write = anchor.write

    def refuse(mark: Mark) -> None:
        raise AiopsError("store: disk is full")

    anchor.write = refuse  # type: ignore[method-assign]
    with pytest.raises(AuditError, match="its anchor was not written"):
        bench.run()
    bench.runner.history.switches[GLOBAL] = True
    with pytest.raises(AuditError, match="its anchor was not written"):
        bench.release()
    assert receiver.requests == []
    assert bench.kinds() == ["switch", "switch", "approval"], "what was refused does not count after a restart"
    assert bench.runner.history.engaged([GLOBAL]) == GLOBAL
    anchor.write = write  # type: ignore[method-assign]
    bench.release()
    bench.approve()
    assert bench.run().state == "executed"
    bench.trail.close()
    assert make().runner.history.gap is None


def test_a_trail_that_changes_while_it_is_open_lets_nothing_run(make: Make, receiver: Receiver) -> None:
    bench = make()
    bench.release()
    bench.approve()
    keep(bench.path, 1)
    with pytest.raises(AuditError, match="another program changed it"):
        bench.run()
    bench.path.unlink()
    with pytest.raises(AuditError, match="No such file"):
        bench.run()
    assert receiver.requests == []


@settings(max_examples=40, deadline=None)
@given(lines=st.integers(0, 12), kept=st.integers(0, 12), more=st.integers(0, 3))
def test_only_what_a_crash_can_explain_is_whole(
    tmp_path_factory: pytest.TempPathFactory, lines: int, kept: int, more: int
) -> None:
    path, anchor = tmp_path_factory.mktemp("trail") / "audit.jsonl", MemoryAnchor()
    trail = Trail(path, anchor)
    for number in range(lines):
        trail.append("note", float(number), {})
    trail.close()
    keep(path, kept)
    beside = Trail(path)
    for number in range(more):
        beside.append("note", 100.0 + number, {})
    beside.close()
    trail = Trail(path, anchor)
    is_whole = kept >= lines and more <= 1
    assert (trail.cut is None) == is_whole
    trail.close()


def test_a_kill_at_any_line_is_no_cut(tmp_path: Path) -> None:
    """The process dies at the nth sync of the disk, of the trail or of the store."""
    code = """
        import os, sys
        from pathlib import Path
        from aiops.daemon.trail_anchor import StoreTrailAnchor
        from aiops.respond.audit import Trail
        from aiops.store.store import Store

        store = Store(Path(sys.argv[1]))
        anchor, number = StoreTrailAnchor(store.database), int(sys.argv[2])
        write, calls = anchor.write, 0

        def dying(mark):
            global calls
            calls += 1
            if calls == number:
                os._exit(9)
            write(mark)
            if calls == -number:
                os._exit(9)

        anchor.write = dying
        trail = Trail(Path(sys.argv[1]) / "runs" / "audit.jsonl", anchor)
        for one in range(3):
            trail.append("note", float(one), {})
        os._exit(0)
    """
    for number in (1, 2, 3, -1, -2, -3):
        place = tmp_path / str(number)
        words = [sys.executable, "-c", textwrap.dedent(code), str(place), str(number)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 9, done.stderr
        store = Store(place)
        trail = Trail(place / "runs" / "audit.jsonl", StoreTrailAnchor(store.database))
        assert (trail.cut, len(trail.entries)) == (None, abs(number))
        trail.close()
        store.close()


def test_a_check_compares_with_the_anchor(make: Make, anchor: MemoryAnchor) -> None:
    bench = ran(make)
    assert verify(bench.path, anchor.mark).problem is None
    assert verify(bench.path, Mark(5, bench.lines()[4]["hash"], 0.0)).problem is None, "the daemon went on meanwhile"
    keep(bench.path, 5)
    assert verify(bench.path).problem is None, "the chain alone does not show it"
    assert "2 of 7 lines are missing" in str(verify(bench.path, anchor.mark).problem)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_may_read_the_trail(tmp_path: Path) -> None:
    """Also where directory and files are there already, readable for all."""
    path = tmp_path / "runs" / "audit.jsonl"
    path.parent.mkdir(mode=0o755)
    path.parent.chmod(0o755)
    torn = path.with_name("audit.jsonl.torn")
    for file in (path, torn):
        file.touch()
        file.chmod(0o644)
    path.write_bytes(b'{"half')
    Trail(path).close()
    assert (mode(path.parent), mode(path), mode(torn)) == (0o700, 0o600, 0o600)


def test_a_directory_with_other_things_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "readme").touch()
    Trail(shared / "audit.jsonl").close()
    assert (mode(shared), mode(shared / "audit.jsonl")) == (0o755, 0o600)


def test_store_files_are_narrowed(tmp_path: Path) -> None:
    Store(tmp_path).close()
    (tmp_path / "aiops.db").chmod(0o644)
    old = os.umask(0)
    try:
        store = Store(tmp_path)
        with store.database.transaction() as connection:
            connection.execute("update applied set at = 1")
        assert {mode(path) for path in tmp_path.glob("aiops.db*")} == {0o600}
        store.close()
    finally:
        os.umask(old)
