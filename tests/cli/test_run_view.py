"""Runs on a terminal: who waits, and each request with its answer."""

from __future__ import annotations

import io

from rich.console import Console

from aiops.cli.run_view import show_moves, show_record, show_waiting
from aiops.respond.guard_case import GuardCheck
from aiops.respond.history import Run, SwitchMove
from aiops.respond.plans import Plan
from aiops.respond.run_record import Exchange, RunRecord, RunStep
from aiops.views.waiting_runs import Waiting, WaitingRun

AT = 1_772_359_200.0


def printed(show: object, *values: object) -> str:
    out = io.StringIO()
    show(Console(file=out, width=80), *values)  # type: ignore[operator]
    return out.getvalue()


def test_a_run_is_printed_with_its_answers() -> None:
    run = Run(
        "r-1", "restart", "1.0.0", "inc-1", ["a"], AT, "failed", actor="alice", why="status 503", rollback="waiting"
    )
    run.left = ["undo on a"]
    answered = Exchange(AT, "step 0", "restart", "a", "POST", "http://a/b", answered_at=AT + 2, status=503)
    answered.problem, answered.excerpt = "status 503", "\x1b[31mbusy"
    record = RunRecord(run, [], [answered, Exchange(AT, "step 1", "undo", "a", "POST", "http://a/c")])
    record.steps = [RunStep(AT, "approved", "alice")]
    record.guards = [GuardCheck("age", "passed", "holds"), GuardCheck("rollback", "later", "is held")]
    text = printed(show_record, record)
    assert "at its start 1 guard held" in text
    assert "2026-03-01 10:00:00 UTC approved (alice)" in text
    assert "step 0 restart on a: POST http://a/b\n  503 after 2.0 s: status 503" in text
    assert "no answer is recorded" in text
    assert "not begun: undo on a" in text
    assert "rollback: waiting" in text
    assert "\x1b[31m" not in text


def test_what_waits_is_printed_before_what_is_refused() -> None:
    plan = Plan("p", "restart", "inc-1", ["a"], [], [], None, "")
    one = WaitingRun("inc-1", "Down on a", "high", AT, plan, "16 of 17 guards hold; 1 waits for you")
    other = WaitingRun("inc-2", "Down on b", "high", AT, plan, "", "cooldown: ran 2 min ago")
    lines = printed(show_waiting, Waiting([one], [other], ["inc-3: busy"])).splitlines()
    assert lines[0].startswith("waits for a person: restart on a for inc-1 (Down on a): 16 of 17")
    assert lines[1] == "refused by a guard: restart on a for inc-2: cooldown: ran 2 min ago"
    assert lines[2] == "not planned: inc-3: busy"


def test_a_move_has_its_person_and_reason() -> None:
    moves = {"global": SwitchMove(True, AT, "alice", ""), "team:x": SwitchMove(False, AT, "bob", "drill")}
    lines = printed(show_moves, moves).splitlines()
    assert lines[0].strip() == "global stopped by alice at 2026-03-01 10:00:00 UTC: no reason given"
    assert lines[1].strip() == "team:x resumed by bob at 2026-03-01 10:00:00 UTC: drill"
