"""What steps would change is read once for a plan, and a step on anything else is not made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from aiops.respond.calls import Call, StepState, bound, calls_of
from aiops.respond.execution import Execution
from aiops.respond.parameters import Values
from aiops.respond.states import by_place, changes, observing, read_states, unread
from aiops.respond.step_registry import installed
from aiops.step_kinds.exchange import Observed, Prepared, Reply, at
from tests.respond.sample_kind import Recycle, RecycleKind, recycling, system
from tests.respond.scripted import Scripted, keyed

READ = Reply(200, body=b'{"version": 7, "spec": 1}')


class Watched(RecycleKind):
    """The sample kind, which says what it sees."""

    observes = True

    def observed(self, prepared: Prepared, replies: Sequence[Reply]) -> Observed:
        answer = replies[0].json()
        return Observed("recycles it", prepared.url, {"version": at(answer, "version")}, at(answer, "by") or "")


@pytest.fixture
def calls(samples: Any) -> Iterator[list[Call]]:
    """Two steps on one worker, and one on another."""
    with recycling():
        installed().kinds["recycle"] = Watched()
        steps = [Recycle(name=name, worker=worker) for name, worker in (("one", "a"), ("two", "a"), ("three", "b"))]
        book = msgspec.structs.replace(samples.playbook(), steps=steps)
        yield calls_of(book, ["a"], [Values({"host": "a"}, {})], {"pool": system()})


def steps_of(calls: list[Call]) -> list[Call]:
    return [call for call in calls if call.phase == "step"]


def test_an_object_is_read_once_for_a_plan(calls: list[Call]) -> None:
    run = Scripted(READ, READ)
    states = read_states(calls, run.gate)
    assert [(one.name, one.after, one.observed.pins) for one in states] == [
        ("one", "", {"version": 7}),
        ("two", "one", {}),
        ("three", "", {"version": 7}),
    ]
    assert run.sent == ["https://pool.example/workers/a", "https://pool.example/workers/b"]
    assert run.kinds() == []


@pytest.mark.parametrize(
    ("reply", "code", "problem"),
    [
        (Reply(500), "state_unread", "it could not be read: status 500"),
        (Reply(error="no route"), "state_unread", "it could not be read: no route"),
        (Reply(200, body=b'{"owner": "gitops"}'), "step_refused", "the worker is managed by GitOps"),
        (Reply(200, body=b'{"version": "x/y", "spec": 1}'), "state_unread", "expected text like"),
        (Reply(200, body=b'{"version": [1], "spec": 1}'), "state_unread", "expected"),
    ],
)
def test_what_cannot_be_read_has_its_reason(calls: list[Call], reply: Reply, code: str, problem: str) -> None:
    run = Scripted(reply)
    [state] = read_states(steps_of(calls)[:1], run.gate)
    assert (state.code, state.observed) == (code, Observed())
    assert problem in state.problem


def test_states_change_the_id_of_a_plan(calls: list[Call]) -> None:
    one, two = (StepState("step 0", "a", "x", Observed("", "s", {"version": n})) for n in (7, 8))
    assert bound("base", []) == "base"
    assert len({"base", bound("base", [one]), bound("base", [two]), bound("base", [one, two])}) == 4
    assert changes([one], [two]) == ["x on a: version was 7 and is 8"]
    assert changes([], [one]) == ["x on a was not read"]
    assert [one.code for one in unread(calls, "later")] == ["state_unread"] * 3
    assert list(by_place([one])) == ["step 0 on a"]


def executed(run: Scripted, calls: list[Call], states: Sequence[StepState]) -> Any:
    execution = Execution(run.run, run.gate, run.write, states=states)
    return execution.run(keyed(*calls))


@pytest.mark.parametrize("states", [[], [StepState("step 0", "a", "one", problem="it is being read")]])
def test_step_that_was_not_read_is_not_made(calls: list[Call], states: list[StepState]) -> None:
    run = Scripted(READ)
    outcome = executed(run, steps_of(calls)[:1], states)
    assert (outcome.state, outcome.code) == ("refused", "state_unread")
    assert run.kinds() == ["asked"]


def test_change_of_the_second_object_fails_a_run_that_touched_the_first(calls: list[Call]) -> None:
    one, _, three = steps_of(calls)
    run = Scripted(READ, READ)
    states = read_states([one, three], run.gate)
    done, later = Reply(200, body=b'{"job": "j"}'), Reply(200, body=b'{"version": 8, "spec": 1}')
    run.replies = [READ, Reply(200), done, Reply(200, body=b'{"state": "ready"}'), later]
    outcome = executed(run, [one, three], states)
    assert (outcome.state, outcome.code, outcome.done) == ("failed", "changed_since_plan", ["one on a: done"])
    assert outcome.left == ["three on a"]


def test_rollback_leaves_alone_what_came_under_gitops(calls: list[Call]) -> None:
    back = msgspec.structs.replace(steps_of(calls)[0], phase="rollback", place="rollback 0")
    managed = Reply(200, body=b'{"version": 9, "spec": 1, "by": "Flux"}')
    run = Scripted(managed)
    sent = Execution(run.run, run.gate, run.write).send(back, "key")
    assert (sent.was_sent, sent.code) == (False, "gitops_managed")
    # Of what its approver knew, the rollback is a part.
    known = [StepState("step 0", "a", "one", Observed("", "s", {}, "Flux"))]
    run = Scripted(managed)
    Execution(run.run, run.gate, run.write, states=known).send(back, "key")
    assert len(run.sent) == 3


def test_only_steps_that_read_and_observe_are_read(calls: list[Call]) -> None:
    assert len(observing(calls)) == 3
    installed().kinds["recycle"] = RecycleKind()
    assert observing(calls) == []
