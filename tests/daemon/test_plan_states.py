"""A page never waits long for a system: a plan is read once, in a thread of its own, and shown for some seconds."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from aiops.daemon.plan_states import FRESH_S, MAX_AT_ONCE, MAX_KEPT, PlanStates
from aiops.errors import AiopsError
from aiops.respond.calls import StepState

SEEN = [StepState("step 0", "a", "x")]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class System:
    """A system that answers once it may."""

    def __init__(self) -> None:
        self.may, self.count = threading.Event(), 0

    def read(self) -> Sequence[StepState]:
        self.count += 1
        self.may.wait(30)
        return SEEN


def test_a_plan_is_read_once_and_again_when_it_is_old() -> None:
    clock, count = Clock(), 0

    def read() -> Sequence[StepState]:
        nonlocal count
        count += 1
        return SEEN

    states = PlanStates(clock, wait_s=30.0)
    assert [states.get("p", read) for _ in range(3)] == [SEEN] * 3
    assert count == 1
    clock.now = FRESH_S
    assert (states.get("p", read), count) == (SEEN, 2)
    assert (states.get("other", read), count) == (SEEN, 3)


def test_a_slow_system_is_not_waited_for() -> None:
    system = System()
    states = PlanStates(Clock(), wait_s=0.0)
    assert states.get("p", system.read) is None
    assert states.get("p", system.read) is None
    system.may.set()
    states._kept["p"].done.wait(30)
    assert (states.get("p", system.read), system.count) == (SEEN, 1)


def test_a_system_that_was_slow_is_given_no_time_for_a_while() -> None:
    clock, system = Clock(), System()
    states = PlanStates(clock, wait_s=0.001)
    assert states.get("p", system.read) is None
    # From here on a wait would be longer than this test.
    states._wait_s = 3_600.0
    assert states.get("q", system.read) is None
    system.may.set()
    clock.now = FRESH_S
    assert states.get("q", system.read) == SEEN


def test_few_are_read_at_once() -> None:
    system = System()
    states = PlanStates(Clock(), wait_s=0.0)
    for number in range(MAX_AT_ONCE + 3):
        assert states.get(str(number), system.read) is None
    assert len(states._kept) == MAX_AT_ONCE
    system.may.set()


@pytest.mark.parametrize("error", [AiopsError("no"), ValueError("a plugin")])
def test_a_read_that_fails_leaves_nothing(error: Exception) -> None:
    def read() -> Sequence[StepState]:
        raise error

    assert PlanStates(Clock(), wait_s=30.0).get("p", read) is None


def test_what_is_kept_is_bounded() -> None:
    states = PlanStates(Clock(), wait_s=30.0)
    for number in range(MAX_KEPT + 20):
        states.get(str(number), lambda: SEEN)
    assert len(states._kept) == MAX_KEPT
