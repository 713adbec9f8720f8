"""Replays in processes: ordered results, faults that name their setting, and nothing left running."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest

from aiops.errors import AiopsError, UsageError
from aiops.sweep.processes import cores, run_all
from aiops.sweep.run import Outcome, Source, Task
from aiops.sweep.settings import Base, Setting
from tests.sweep.outcomes import outcome

# A test waits for a process at most so long; a machine under load starts one in seconds.
WITHIN_S = 120.0


def tasks(*numbers: float) -> list[Task]:
    return [Task(Source(), Base(), Setting((("a.b", str(one)),), (str(one),), one)) for one in numbers]


def numbered(task: Task) -> Outcome:
    """Return an outcome; the first task is the slowest."""
    return outcome(task.setting.number or 0.0, [os.getpid()])


def refused(task: Task) -> Outcome:
    if task.setting.number == 2.0:
        raise UsageError("line 3: expected something else")
    return numbered(task)


def broken(task: Task) -> Outcome:
    if task.setting.number == 2.0:
        raise KeyError("cluster")
    return numbered(task)


def killed(task: Task) -> Outcome:
    if task.setting.number == 2.0:
        os.kill(os.getpid(), signal.SIGKILL)
    return numbered(task)


def endless(task: Task) -> Outcome:
    while True:
        time.sleep(0.05)


def children() -> int:
    """Return how many child processes are left, once those that were stopped have ended."""
    until = time.monotonic() + WITHIN_S
    while multiprocessing.active_children() and time.monotonic() < until:
        time.sleep(0.01)
    return len(multiprocessing.active_children())


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_are_in_the_order_of_the_tasks(jobs: int) -> None:
    seen: list[str] = []
    found = run_all(tasks(3.0, 1.0, 2.0), jobs, lambda one: seen.append(one.setting.label), numbered)
    assert [one.setting.label for one in found] == ["3.0", "1.0", "2.0"]
    assert sorted(seen) == ["1.0", "2.0", "3.0"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_fault_names_its_setting_and_keeps_its_kind(jobs: int) -> None:
    with pytest.raises(UsageError, match=r"^a\.b = 2\.0: line 3: expected something else$"):
        run_all(tasks(1.0, 2.0, 3.0), jobs, lambda one: None, refused)
    with pytest.raises(AiopsError, match=r"^a\.b = 2\.0: the replay failed: KeyError: 'cluster'$"):
        run_all(tasks(1.0, 2.0, 3.0), jobs, lambda one: None, broken)
    assert children() == 0


def test_process_that_is_killed_is_reported() -> None:
    with pytest.raises(AiopsError, match="a process ended before its replay did"):
        run_all(tasks(2.0, 2.0), 2, lambda one: None, killed)


def test_interrupt_stops_all_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(found: object, progress: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("aiops.sweep.processes._collect", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_all(tasks(1.0, 2.0, 3.0), 2, lambda one: None, endless)
    assert children() == 0


def test_there_is_at_least_one_processor() -> None:
    assert cores() >= 1
