"""One run: preconditions first, steps in their order, each announced before it is sent."""

from __future__ import annotations

import pytest

from aiops.respond.execution import Outcome
from aiops.step_kinds.exchange import Reply
from tests.respond.scripted import Scripted, call, keyed

STEPS = keyed(call("drain"), call("restart"), call("undrain"))


def test_steps_are_sent_in_order_between_their_lines() -> None:
    run = Scripted()
    outcome = run.execution.run(STEPS)
    assert outcome == Outcome(
        "executed",
        "undrain on a: accepted",
        ["drain on a: accepted", "restart on a: accepted", "undrain on a: accepted"],
    )
    assert run.sent == ["a/drain", "a/restart", "a/undrain"]
    assert run.kinds() == ["intent", "outcome"] * 3


def test_intent_holds_the_request_and_its_key() -> None:
    run = Scripted()
    run.execution.run(STEPS[:1])
    intent, outcome = run.last("intent"), run.last("outcome")
    assert (intent["key"], intent["request"]["url"]) == ("key of drain on a", "https://ops.example/a/drain")
    assert (outcome["key"], outcome["status"], outcome["sent"], outcome["first"]) == (intent["key"], 200, True, True)


def test_only_the_first_request_to_a_target_is_its_first() -> None:
    run = Scripted()
    run.execution.run(keyed(call("drain", "a"), call("restart", "a"), call("drain", "b")))
    assert [data["first"] for kind, data in run.lines if kind == "outcome"] == [True, False, True]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_first_problem_ends_the_run_with_the_rest_left(number: int) -> None:
    run = Scripted(*[Reply(200)] * number, Reply(500))
    outcome = run.execution.run(STEPS)
    assert outcome.state == "failed"
    assert outcome.done[-1].endswith("status 500")
    assert outcome.left == ["drain on a", "restart on a", "undrain on a"][number + 1 :]
    assert len(run.sent) == number + 1


@pytest.mark.parametrize("number", [0, 1, 2])
def test_stop_before_a_step_leaves_it_and_the_rest(number: int) -> None:
    run = Scripted()
    run.stop_before(number)
    outcome = run.execution.run(STEPS)
    assert outcome.state == "stopped"
    assert outcome.left == ["drain on a", "restart on a", "undrain on a"][number:]
    assert len(run.sent) == len(outcome.done) == number


def test_stop_during_the_last_step_is_a_stop_though_it_was_accepted() -> None:
    run = Scripted()
    original = run.send

    def stopping(*asked: object) -> Reply:
        reply = original(*asked)  # type: ignore[arg-type]
        run.stop()
        return reply

    run.send = stopping  # type: ignore[method-assign, assignment]
    assert run.execution.run(STEPS[:1]) == Outcome("stopped", "kill switch global is engaged", ["drain on a: accepted"])


def test_problem_after_a_stop_is_a_stop() -> None:
    run = Scripted(Reply(500))
    original = run.send

    def stopping(*asked: object) -> Reply:
        reply = original(*asked)  # type: ignore[arg-type]
        run.stop()
        return reply

    run.send = stopping  # type: ignore[method-assign, assignment]
    outcome = run.execution.run(STEPS)
    assert (outcome.state, outcome.left) == ("stopped", ["restart on a", "undrain on a"])


def test_stopped_run_sends_and_announces_nothing() -> None:
    run = Scripted()
    run.stop()
    outcome = run.execution.run(STEPS)
    assert (outcome.state, len(outcome.left), run.sent, run.lines) == ("stopped", 3, [], [])


def test_preconditions_are_all_asked_before_the_first_step() -> None:
    run = Scripted()
    calls = keyed(call("restart"), call("alive", phase="precondition"), call("calm", phase="precondition"))
    assert run.execution.run(calls).state == "executed"
    assert run.sent == ["a/alive", "a/calm", "a/restart"]
    assert run.kinds() == ["asked", "asked", "intent", "outcome"]


@pytest.mark.parametrize(("reply", "why"), [(Reply(503), "503"), (Reply(error="no answer"), "no answer")])
def test_precondition_that_does_not_hold_refuses_the_run(reply: Reply, why: str) -> None:
    run = Scripted(reply)
    outcome = run.execution.run([*keyed(call("alive", phase="precondition")), *STEPS])
    assert (outcome.state, outcome.done, len(outcome.left)) == ("refused", [], 3)
    assert "'alive'" in outcome.why
    assert why in outcome.why
    assert run.kinds() == ["asked"]


def test_stop_during_a_precondition_is_a_stop_and_no_refusal() -> None:
    run = Scripted()
    run.stop_before(0)
    outcome = run.execution.run([*keyed(call("alive", phase="precondition")), *STEPS])
    assert (outcome.state, run.sent, run.lines) == ("stopped", [], [])


def test_question_is_written_down_with_its_answer_only() -> None:
    run = Scripted(Reply(200, "all is well"))
    run.execution.check(call("alive", phase="verify"))
    [(kind, data)] = run.lines
    assert (kind, data["status"], data["problem"], data["target"]) == ("asked", 200, None, "a")
    assert "excerpt" not in data


def test_run_of_no_steps_is_executed() -> None:
    assert Scripted().execution.run([]) == Outcome("executed", "")


@pytest.mark.parametrize(
    ("reply", "unsure"),
    [
        (Reply(error="no answer"), True),
        (Reply(502), True),
        (Reply(504), True),
        (Reply(500), False),
        (Reply(503), False),
        (Reply(200), False),
    ],
)
def test_only_a_step_without_an_answer_may_still_have_an_effect(reply: Reply, unsure: bool) -> None:
    outcome = Scripted(reply).execution.run(keyed(call()))
    assert (bool(outcome.unknown), bool(outcome.done)) == (unsure, not unsure)
