"""Kill switches: engaged in memory at once, released once that is on disk."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from aiops.respond.audit import AuditError, Entry
from aiops.respond.history import Gap, History
from aiops.respond.switches import Switches, Watch
from aiops.respond.trail_writer import Scribe
from tests.respond.bench import DEADLINE_S, beside, until

SCOPES = ["global", "team:platform", "playbook:restart"]


class Disk:
    """A trail in memory, which can be full, and can be held."""

    def __init__(self) -> None:
        self.full = False
        self.lines: list[tuple[str, bool]] = []
        self.free = threading.Event()
        self.free.set()

    def append(self, kind: str, at: float, data: dict[str, Any]) -> Entry:
        assert self.free.wait(DEADLINE_S)
        if self.full:
            raise AuditError("the disk is full")
        self.lines.append((data["scope"], data["engaged"]))
        return Entry(len(self.lines) - 1, at, kind, data, "")


class Lab:
    """Switches over a disk, all released."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.history = History(switches={"global": False})
        self.switches = Switches(self.history, Scribe(self.disk), threading.Lock())  # type: ignore[arg-type]

    def engage(self, scope: str = "global", wait_s: float | None = None) -> None:
        self.switches.engage({"scope": scope, "engaged": True}, 1.0, wait_s)

    def release(self, scope: str = "global") -> None:
        self.switches.release({"scope": scope, "engaged": False}, 2.0)


@pytest.fixture
def lab() -> Lab:
    return Lab()


@pytest.mark.parametrize("scope", SCOPES)
def test_engaged_scope_halts_whatever_it_covers(lab: Lab, scope: str) -> None:
    assert lab.switches.halted(SCOPES) is None
    lab.engage(scope)
    assert lab.switches.halted(SCOPES) == f"kill switch {scope} is engaged"
    assert lab.switches.halted(["playbook:other"]) is None
    lab.release(scope)
    assert lab.switches.halted(SCOPES) is None
    assert lab.disk.lines == [(scope, True), (scope, False)]


def test_switch_that_nobody_touched_is_engaged_only_if_it_is_the_global_one() -> None:
    lab = Lab()
    lab.history.switches.clear()
    assert lab.switches.halted(["team:platform"]) is None
    assert lab.switches.halted(SCOPES) is not None


def test_engaging_does_not_wait_for_the_disk(lab: Lab) -> None:
    lab.disk.free.clear()
    lab.engage("team:platform", 0.0)
    assert lab.switches.halted(SCOPES) is not None
    assert lab.switches.unwritten() == {"team:platform": ""}
    lab.disk.free.set()
    until(lambda: not lab.switches.unwritten())
    assert lab.disk.lines == [("team:platform", True)]


def test_engaging_holds_in_memory_where_the_disk_refuses(lab: Lab) -> None:
    lab.disk.full = True
    with pytest.raises(AuditError, match=r"global is engaged, but .*the disk is full"):
        lab.engage()
    assert lab.switches.halted(SCOPES) is not None
    assert lab.switches.unwritten() == {"global": "the disk is full"}


def test_refused_line_is_written_again_once_there_is_room(lab: Lab) -> None:
    lab.disk.full = True
    for scope in ("global", "team:platform"):
        with pytest.raises(AuditError):
            lab.engage(scope)
    with pytest.raises(AuditError, match="full"):
        lab.switches.write_again(3.0)
    assert set(lab.switches.unwritten()) == {"global", "team:platform"}
    lab.disk.full = False
    lab.switches.write_again(4.0)
    assert lab.switches.unwritten() == {}
    assert lab.disk.lines == [("global", True), ("team:platform", True)]
    lab.switches.write_again(5.0)
    assert len(lab.disk.lines) == 2


def test_release_that_the_disk_refuses_leaves_it_engaged(lab: Lab) -> None:
    lab.engage()
    lab.disk.full = True
    with pytest.raises(AuditError, match="full"):
        lab.release()
    assert lab.switches.halted(SCOPES) is not None


def test_release_forgets_what_was_not_written(lab: Lab) -> None:
    """Engaging it was never on disk; after the release nothing of it must come back later."""
    lab.disk.full = True
    with pytest.raises(AuditError):
        lab.engage()
    lab.disk.full = False
    lab.release()
    assert lab.switches.unwritten() == {}
    lab.switches.write_again(3.0)
    assert lab.disk.lines == [("global", False)]
    assert lab.switches.halted(SCOPES) is None


def test_release_that_waits_for_the_disk_does_not_undo_a_later_stop(lab: Lab) -> None:
    lab.engage()
    lab.disk.free.clear()
    with beside(lab.release):
        until(lambda: len(lab.switches._scribe._lines) == 0)
        lab.engage(wait_s=0.0)
        lab.disk.free.set()
    assert lab.switches.halted(SCOPES) is not None
    until(lambda: len(lab.disk.lines) == 3)
    assert lab.disk.lines == [("global", True), ("global", False), ("global", True)]


def test_hold_stops_in_memory_and_writes_nothing(lab: Lab) -> None:
    lab.switches.hold("playbook:restart")
    assert lab.switches.halted(SCOPES) == "kill switch playbook:restart is engaged"
    assert (lab.disk.lines, lab.switches.unwritten()) == ([], {})


def test_end_halts_every_scope(lab: Lab) -> None:
    lab.switches.end()
    assert lab.switches.halted([]) == "the daemon is shutting down"


@pytest.mark.parametrize("accepted", [False, True])
def test_cut_trail_halts_until_it_is_accepted(lab: Lab, accepted: bool) -> None:
    lab.history.gap = Gap("2 lines are missing", 0.0, accepted)
    assert (lab.switches.halted(SCOPES) is None) == accepted


def test_pause_ends_with_a_stop(lab: Lab) -> None:
    watch, asked = Watch(lab.switches, SCOPES), threading.Event()

    def halted() -> str | None:
        asked.set()
        return watch.halted()

    with beside(lambda: lab.switches.pause(3600.0, halted)):
        assert asked.wait(DEADLINE_S)
        lab.engage("team:platform")


def test_pause_ends_with_the_daemon(lab: Lab) -> None:
    watch = Watch(lab.switches, SCOPES)
    with beside(lambda: watch.pause(3600.0)):
        lab.switches.end()


def test_pause_ends_by_itself(lab: Lab) -> None:
    Watch(lab.switches, SCOPES).pause(0.001)
    assert lab.switches.halted(SCOPES) is None


def test_watch_remembers_a_stop_that_was_released(lab: Lab) -> None:
    before = Watch(lab.switches, SCOPES)
    lab.engage("team:platform")
    lab.release("team:platform")
    assert before.halted() == "kill switch team:platform was engaged meanwhile"
    assert Watch(lab.switches, SCOPES).halted() is None
    assert Watch(lab.switches, ["global"]).halted() is None


def test_turns_count_each_time_a_scope_was_engaged(lab: Lab) -> None:
    lab.engage()
    lab.engage()
    lab.switches.hold("team:platform")
    assert lab.switches.turns(SCOPES) == [2, 1, 0]
