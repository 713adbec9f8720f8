"""The trail keeps decisions once, modes, storms, starts and steps of the clock."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aiops.errors import UsageError
from aiops.respond.audit import Entry
from aiops.respond.decision_log import CRASH_WINDOW_S, CRASHES, MAX_DECISIONS_EACH, DecisionLog
from aiops.respond.decisions import Decision, decide
from aiops.respond.history import History
from tests.respond.alone import AT, NAME, playbook
from tests.respond.test_decisions import planner, world


class Log:
    """A log over a list of lines."""

    def __init__(self) -> None:
        self.history, self.lines = History(switches={"global": False}), list[tuple[str, dict[str, Any]]]()
        self.log = DecisionLog(self.history, self.write)

    def write(self, kind: str, at: float, data: dict[str, Any]) -> None:
        self.history.apply(Entry(len(self.lines), at, kind, data, ""))
        self.lines.append((kind, data))


@pytest.fixture
def log() -> Log:
    return Log()


def decision(samples: SimpleNamespace, **changes: object) -> Decision:
    return decide(planner(samples), samples.view("WorkerHangs"), NAME, world(**changes))


def test_a_decision_is_recorded_when_it_changes(samples: SimpleNamespace, log: Log) -> None:
    unknown, busy = decision(samples, certainty=None), decision(samples, person="bob")
    assert [log.log.decided(one, AT) for one in (unknown, unknown, busy, busy, unknown)] == [True, False] * 2 + [True]
    assert [one.code for one in log.history.decisions] == [
        "confidence_uncalibrated",
        "person_at_work",
        "confidence_uncalibrated",
    ]
    assert log.history.counts == {(NAME, "confidence_uncalibrated"): 1, (NAME, "person_at_work"): 1}


def test_a_condition_that_comes_and_goes_does_not_fill_the_disk(samples: SimpleNamespace, log: Log) -> None:
    both = [decision(samples, certainty=None), decision(samples, person="bob")]
    for number in range(3 * MAX_DECISIONS_EACH):
        log.log.decided(both[number % 2], AT)
    assert len(log.lines) == MAX_DECISIONS_EACH


def test_an_ineffective_chain_calls_a_person(samples: SimpleNamespace, log: Log) -> None:
    found = decision(samples)
    found.code, found.reason = "ineffective_chain", "it came back"
    log.log.decided(found, AT)
    [notice] = log.history.pending_notices.values()
    assert (notice.page, notice.incident, "it came back" in notice.text) == (True, "i1", True)


def test_a_shadow_is_judged_and_learns_what_people_say(samples: SimpleNamespace, log: Log) -> None:
    run = log.log.shadow(decision(samples), playbook(samples), AT)
    assert (run.state, run.by, run.touched) == ("shadow", "shadow", ["worker-1"])
    log.log.end_shadow(run, "persisted", AT + 60)
    log.log.end_shadow(run, "persisted", AT + 900, helped=True)
    assert (run.state, run.ended_at, run.helped) == ("persisted", AT + 60, True)
    assert (log.history.counts, log.history.shadow_counts) == ({}, {(NAME, "would_run"): 1})


def test_a_mode_needs_a_person(log: Log) -> None:
    with pytest.raises(UsageError, match="name of the person"):
        log.log.set_level(NAME, "approve", "", "", AT)
    log.log.set_level(NAME, "approve", "ann", "it hurts", AT)
    assert log.history.levels[NAME].mode == "approve"


def test_a_storm_has_one_beginning_and_one_end(log: Log) -> None:
    for why in (None, "many", "many", None, None):
        log.log.storm(why, AT)
    assert [data["active"] for _, data in log.lines] == [True, False]


def test_a_crash_loop_is_noticed(log: Log) -> None:
    found = [log.log.begin_life(AT + number * 60) for number in range(CRASHES + 1)]
    assert found[:CRASHES] == [None] * CRASHES
    assert "crash loop" in (found[CRASHES] or "")


def test_orderly_ends_and_old_ones_are_no_crash_loop(log: Log) -> None:
    for number in range(9):
        assert log.log.begin_life(AT + number) is None
        log.log.end_life(AT + number)
    for number in range(9):
        assert log.log.begin_life(AT + 1000 + number * CRASH_WINDOW_S / 2) is None


def test_a_person_who_resumes_has_checked_the_crashes_before(log: Log) -> None:
    for number in range(CRASHES + 1):
        log.log.begin_life(AT + number)
    log.write("switch", AT + 10, {"scope": "global", "engaged": False, "actor": "ann"})
    assert [log.log.begin_life(AT + 20 + number) is None for number in range(CRASHES)] == [True] * 2 + [False]


def test_starts_while_nothing_could_run_are_no_crash_loop(log: Log) -> None:
    log.history.switches["global"] = True
    assert [log.log.begin_life(AT + number) for number in range(9)] == [None] * 9


def test_a_start_counts_from_the_release_that_made_runs_possible(log: Log) -> None:
    log.history.switches["global"] = True
    assert log.log.begin_life(AT) is None
    log.write("switch", AT + 1, {"scope": "global", "engaged": False, "actor": "ann"})
    found = [log.log.begin_life(AT + 2 + number) for number in range(CRASHES)]
    assert found[:-1] == [None] * (CRASHES - 1)
    assert "crash loop" in (found[-1] or "")


def test_small_steps_of_a_clock_are_not_written(log: Log) -> None:
    log.log.step_clock(4.9, AT)
    log.log.step_clock(-4.9, AT)
    assert log.lines == []
    log.log.step_clock(-60.0, AT - 60)
    assert [kind for kind, _ in log.lines] == ["clock"]
