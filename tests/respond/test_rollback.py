"""Rolling back: every target that was touched, the last one first, and never while a kill switch is engaged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aiops.errors import UsageError
from aiops.respond.execution import Outcome
from aiops.respond.history import History, Run
from aiops.respond.rollback import Rollback
from aiops.step_kinds.exchange import Reply as Answer
from aiops.testing.receiver import Receiver, Reply, receiving
from tests.respond.bench import TEAM, Bench, beside, get, paths, post, until, view
from tests.respond.scripted import Scripted, call, keyed

Make = Callable[..., Bench]
THREE = ["worker-1", "worker-2", "worker-3"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def make(samples: SimpleNamespace, receiver: Receiver, tmp_path: Path) -> Iterator[Make]:
    made: list[Bench] = []

    def bench(path: Path = tmp_path / "audit.jsonl", **changes: Any) -> Bench:
        given = {
            "steps": [post(receiver, "drain"), post(receiver, "restart")],
            "rollback": [post(receiver, "undrain"), post(receiver, "report")],
            "guards": {"maxTargets": {"count": 3}, "minAge": "0s"},
        }
        made.append(Bench(samples, path, samples.playbook(**{**given, **changes})))
        return made[-1]

    yield bench
    for one in made:
        one.close()


def ran(bench: Bench, targets: list[str] | None = None) -> Run:
    bench.release()
    bench.approve(targets=targets)
    done = bench.run(targets)
    assert done.run is not None, done.sentence
    return bench.runner.history.runs[done.run]


def said(bench: Bench) -> list[str]:
    return [one.text for one in bench.runner.history.pending_notices.values()]


def test_all_targets_that_were_touched_are_rolled_back_the_last_one_first(make: Make, receiver: Receiver) -> None:
    """The second step on the second target fails; the third target was never touched."""
    bench = make()
    receiver.replies = [Reply(200)] * 3 + [Reply(500), Reply(200)]
    run = ran(bench, THREE)
    assert paths(receiver)[4:] == [
        "/worker-2/undrain",
        "/worker-2/report",
        "/worker-1/undrain",
        "/worker-1/report",
    ]
    assert (run.state, run.rollback, run.touched) == ("failed", "done", ["worker-1", "worker-2"])
    assert run.done[3:5] == ["restart on worker-2: status 500", "rollback undrain on worker-2: accepted"]
    assert run.left == ["drain on worker-3", "restart on worker-3"], "certainly not begun"
    assert any("rollback of run" in text and "done" in text for text in said(bench))


def test_what_is_left_of_the_steps_is_shown(make: Make, receiver: Receiver) -> None:
    bench = make(rollback=[])
    receiver.replies = [Reply(200), Reply(500)]
    run = ran(bench, THREE)
    assert run.left == [f"{step} on {host}" for host in THREE[1:] for step in ("drain", "restart")]


def test_a_rollback_request_that_fails_does_not_keep_the_others(make: Make, receiver: Receiver) -> None:
    bench = make()
    receiver.replies = [Reply(200), Reply(500), Reply(500), Reply(200)]
    run = ran(bench)
    assert paths(receiver)[2:] == ["/worker-1/undrain", "/worker-1/report"]
    assert (run.state, run.rollback) == ("failed", "failed")
    assert run.done[-2:] == ["rollback undrain on worker-1: status 500", "rollback report on worker-1: accepted"]
    receiver.replies = [Reply(200)]
    bench.runner.roll_back(run.id, "ann", bench.now, TEAM)
    assert run.rollback == "done"
    assert paths(receiver)[4:] == ["/worker-1/undrain"], "what was accepted is not sent again"


def test_a_run_that_did_not_help_is_rolled_back(make: Make, receiver: Receiver) -> None:
    bench = make(verify=[{"kind": "alert-resolved"}])
    run = ran(bench, THREE[:2])
    bench.runner.settle(run.id, False, bench.now)
    assert (run.state, run.rollback) == ("failed", "done")
    assert paths(receiver)[4:] == [
        "/worker-2/undrain",
        "/worker-2/report",
        "/worker-1/undrain",
        "/worker-1/report",
    ]


def test_a_run_that_helped_is_not_rolled_back(make: Make, receiver: Receiver) -> None:
    bench = make(verify=[{"kind": "alert-resolved"}])
    run = ran(bench)
    bench.runner.settle(run.id, True, bench.now)
    assert (run.state, run.rollback, len(receiver.requests)) == ("verified", "", 2)
    assert said(bench) == []


def test_where_nobody_knows_whether_it_helped_a_person_decides(make: Make, receiver: Receiver) -> None:
    bench = make(verify=[{"kind": "alert-resolved"}])
    run = ran(bench)
    bench.runner.settle(run.id, False, bench.now, hold=True)
    assert (run.state, run.rollback, len(receiver.requests)) == ("failed", "waiting", 2)


def test_a_rollback_waits_while_the_switch_is_engaged(make: Make, receiver: Receiver) -> None:
    bench, held = make(), threading.Event()
    bench.release()
    bench.approve()
    receiver.replies = [Reply(200), Reply(500, wait=held), Reply(200)]
    with beside(bench.run):
        until(lambda: len(receiver.requests) == 2)
        bench.engage()
        held.set()
    [run] = bench.runner.history.runs.values()
    assert (run.state, run.rollback, len(receiver.requests)) == ("stopped", "waiting", 2)
    assert any("its rollback waits for a person" in text for text in said(bench))
    with pytest.raises(UsageError, match="kill switch global is engaged: release it first"):
        bench.runner.roll_back(run.id, "ann", bench.now)
    bench.release()
    with pytest.raises(UsageError, match="bob may not approve"):
        bench.runner.roll_back(run.id, "bob", bench.now, [])
    assert len(receiver.requests) == 2
    bench.runner.roll_back(run.id, "ann", bench.now, TEAM)
    assert (run.rollback, paths(receiver)[2:]) == ("done", ["/worker-1/undrain", "/worker-1/report"])
    with pytest.raises(UsageError, match="expected a run whose rollback waits"):
        bench.runner.roll_back(run.id, "ann", bench.now, TEAM)


def test_a_rollback_after_verification_waits_while_the_switch_is_engaged(make: Make, receiver: Receiver) -> None:
    bench = make(verify=[{"kind": "alert-resolved"}])
    run = ran(bench)
    bench.engage("team:platform")
    bench.runner.settle(run.id, False, bench.now)
    assert (run.state, run.rollback, len(receiver.requests)) == ("failed", "waiting", 2)


@pytest.mark.parametrize("released", [False, True])
@pytest.mark.parametrize("targets", [1, 2])
def test_a_stop_in_the_middle_of_a_rollback_by_a_person_ends_it(
    make: Make, receiver: Receiver, targets: int, released: bool
) -> None:
    bench, held = make(), threading.Event()
    run = ran(bench, THREE[:targets])
    bench.runner.settle(run.id, False, bench.now, hold=True)
    receiver.requests.clear()
    receiver.replies = [Reply(200, wait=held)] + [Reply(200)] * 9
    with beside(lambda: bench.runner.roll_back(run.id, "ann", bench.now)):
        until(lambda: receiver.requests)
        bench.engage("team:platform")
        if released:
            bench.release("team:platform")
        held.set()
    assert (run.rollback, paths(receiver)) == ("waiting", [f"/worker-{targets}/undrain"])
    assert len(run.left) == 2 * targets - 1
    bench.release("team:platform")
    bench.runner.roll_back(run.id, "ann", bench.now)
    assert (run.rollback, len(receiver.requests)) == ("done", 2 * targets)


def test_a_rollback_that_was_stopped_since_it_was_asked_for_waits(make: Make, receiver: Receiver) -> None:
    bench = make()
    run = ran(bench)
    bench.runner.settle(run.id, False, bench.now, hold=True)
    watch = bench.runner.watch(run.playbook)
    bench.engage()
    bench.release()
    bench.runner.roll_back(run.id, "ann", bench.now, watch=watch)
    assert (run.rollback, len(receiver.requests)) == ("waiting", 2)


def test_a_stop_while_a_run_is_judged_leaves_its_rollback_to_a_person(make: Make, receiver: Receiver) -> None:
    bench, held = make(verify=[get(receiver, "healthy")], steps=[post(receiver, "restart")]), threading.Event()
    run = ran(bench)
    watch = bench.runner.watch(run.playbook)
    receiver.replies = [Reply(503, wait=held)]
    with beside(lambda: bench.runner.send_checks(run, bench.now, watch)) as wrong:
        until(lambda: len(receiver.requests) == 2)
        bench.engage()
        bench.release()
        held.set()
    assert wrong == ["verify healthy on worker-1: status 503"]
    bench.runner.settle(run.id, False, bench.now, watch=watch)
    assert (run.state, run.rollback, len(receiver.requests)) == ("failed", "waiting", 2)


@pytest.mark.parametrize("released", [False, True])
def test_a_stop_at_the_second_target_leaves_both_to_a_person(make: Make, receiver: Receiver, released: bool) -> None:
    bench, held = make(), threading.Event()
    bench.release()
    bench.approve(targets=THREE)
    receiver.replies = [Reply(200)] * 2 + [Reply(200, wait=held)] + [Reply(200)] * 9
    with beside(lambda: bench.run(THREE)):
        until(lambda: len(receiver.requests) == 3)
        bench.engage()
        if released:
            bench.release()
        held.set()
    [run] = bench.runner.history.runs.values()
    assert (run.state, run.rollback, run.touched) == ("stopped", "waiting", THREE[:2])
    assert run.left == ["restart on worker-2", "drain on worker-3", "restart on worker-3"]
    assert len(receiver.requests) == 3
    bench.release()
    bench.runner.roll_back(run.id, "ann", bench.now)
    undone = [f"/{host}/{name}" for host in ("worker-2", "worker-1") for name in ("undrain", "report")]
    assert paths(receiver)[3:] == undone


@pytest.mark.parametrize("released", [False, True])
def test_a_stop_in_the_middle_of_a_rollback_leaves_the_rest_to_a_person(
    make: Make, receiver: Receiver, released: bool
) -> None:
    bench, held = make(), threading.Event()
    bench.release()
    bench.approve()
    receiver.replies = [Reply(200), Reply(500), Reply(200, wait=held), Reply(200)]
    with beside(bench.run):
        until(lambda: len(receiver.requests) == 3)
        bench.engage()
        if released:
            bench.release()
        held.set()
    [run] = bench.runner.history.runs.values()
    assert (run.state, run.rollback) == ("failed", "waiting")
    assert run.left == ["rollback report on worker-1"]
    bench.release()
    bench.runner.roll_back(run.id, "ann", bench.now)
    assert paths(receiver)[2:] == ["/worker-1/undrain", "/worker-1/report"]


def test_nothing_else_touches_a_target_whose_rollback_waits(make: Make, receiver: Receiver) -> None:
    bench = make(guards={"cooldown": "0s", "maxRuns": {"count": 9, "per": "1s"}, "minAge": "0s", "maxFailures": 9})
    run = ran(bench)
    bench.runner.settle(run.id, False, bench.now, hold=True)
    bench.now += 3600
    refused = [check for check in bench.plan().checks if check.guard == "mutex"]
    assert "is waiting on the target" in refused[0].reason
    bench.runner.close_rollback(run.id, "ann", bench.now, "done by hand")
    assert run.rollback == "closed"
    assert run.why == "verification: it is unknown whether it helped; closed by ann: done by hand"
    assert all(check.state == "passed" for check in bench.plan().checks if check.guard == "mutex")
    assert len(receiver.requests) == 2


def test_a_rollback_that_waits_is_there_after_a_restart(make: Make, receiver: Receiver, tmp_path: Path) -> None:
    bench = make()
    run = ran(bench)
    bench.runner.settle(run.id, False, bench.now, hold=True)
    bench.trail.close()
    again = make()
    [known] = again.runner.history.runs.values()
    assert (known.id, known.rollback, known.touched) == (run.id, "waiting", ["worker-1"])
    again.runner.roll_back(run.id, "ann", again.now)
    assert paths(receiver)[2:] == ["/worker-1/undrain", "/worker-1/report"]


def test_a_rollback_by_hand_waits_for_a_person(make: Make, receiver: Receiver) -> None:
    bench = make(rollback=[{"kind": "manual", "name": "press the button"}])
    receiver.replies = [Reply(500)]
    run = ran(bench)
    assert (run.state, run.rollback) == ("failed", "waiting")
    with pytest.raises(UsageError, match="is manual"):
        bench.runner.roll_back(run.id, "ann", bench.now)
    why = run.why
    bench.runner.close_rollback(run.id, "ann", bench.now)
    assert (run.rollback, run.why) == ("closed", f"{why}; closed by ann")


def test_http_checks_are_asked_when_a_run_is_judged(make: Make, receiver: Receiver) -> None:
    bench = make(verify=[get(receiver, "healthy")], steps=[post(receiver, "restart")])
    receiver.replies = [Reply(200), Reply(503), Reply(200)]
    run = ran(bench)
    assert bench.runner.send_checks(run, bench.now) == "verify healthy on worker-1: status 503"
    assert bench.runner.send_checks(run, bench.now) is None
    bench.engage()
    with pytest.raises(UsageError, match="wait, as kill switch global is engaged"):
        bench.runner.send_checks(run, bench.now)
    assert paths(receiver) == ["/worker-1/restart", "/worker-1/healthy", "/worker-1/healthy"]


@pytest.mark.parametrize(("on_timeout", "count"), [("escalate", 1), ("drop", 0)])
def test_approvals_that_come_too_late(make: Make, on_timeout: str, count: int) -> None:
    approval = {"approvers": ["team:platform"], "quorum": 2, "timeout": "10m", "onTimeout": on_timeout}
    bench = make(approval=approval)
    bench.release()
    bench.approve("ann")
    bench.now += 599
    bench.runner.expire(bench.now)
    assert bench.kinds()[-1] == "approval"
    bench.now += 1
    bench.runner.expire(bench.now)
    bench.runner.expire(bench.now)
    assert bench.kinds()[-2:] == ["approval", "expired"]
    assert said(bench) == ["restart-worker was not run: 1 of 2 approvals within 10m; team:platform may approve"] * count
    assert bench.run().run is None, "nothing is ever approved by silence"
    for one in list(bench.runner.history.pending_notices.values()):
        bench.runner.record_notified(one.seq, bench.now)
    assert said(bench) == []


def test_a_plan_that_was_run_does_not_expire(make: Make) -> None:
    bench = make()
    ran(bench)
    bench.now += 3600
    bench.runner.expire(bench.now)
    assert "expired" not in bench.kinds()


def test_a_run_that_did_not_help_is_not_rolled_back_under_another(make: Make, receiver: Receiver) -> None:
    """Another run began on the target before the first one was judged, and is under way."""
    guards = {"cooldown": "0s", "maxRuns": {"count": 9, "per": "1s"}, "maxConcurrent": 9, "minAge": "0s"}
    bench, held = make(guards=guards), threading.Event()
    first = ran(bench)
    bench.now += 60
    bench.view = view(incident="i2")
    bench.approve()
    receiver.replies = [Reply(200, wait=held)]
    with beside(bench.run):
        until(lambda: len(receiver.requests) == 3)
        bench.runner.settle(first.id, False, bench.now)
        assert (first.state, first.rollback, len(receiver.requests)) == ("failed", "waiting", 3)
        assert "is active on its target" in first.why
        with pytest.raises(UsageError, match="is active on its target"):
            bench.runner.roll_back(first.id, "ann", bench.now)
        held.set()
    bench.runner.roll_back(first.id, "ann", bench.now)
    assert (first.rollback, len(receiver.requests)) == ("done", 6)


def rollback_of(run: Scripted, *names: str, by_hand: tuple[str, ...] = (), rolled: tuple[str, ...] = ()) -> Rollback:
    """A rollback of these requests on target a, which a step touched."""
    run.run.touched = ["a"]
    return Rollback(
        run.run,
        run.execution,
        keyed(*[call(name, phase="rollback") for name in names]),
        by_hand,
        History(rolled=set(rolled)),
    )


@pytest.mark.parametrize("state", ["executed", "refused"])
def test_rollback_is_for_runs_that_failed(state: Any) -> None:
    run = Scripted()
    rollback_of(run, "undo").after(Outcome(state, "why", ["x"]))
    assert (run.sent, run.kinds()) == ([], ["ended"])
    ended = run.last("ended")
    assert (ended["state"], ended["rollback"], ended["done"]) == (state, "", ["x"])
    assert ("say" in ended) == (state == "refused"), "people are notified of what their approval did not bring about"


def test_rollback_of_a_run_that_touched_nothing_is_none() -> None:
    run = Scripted()
    rollback = rollback_of(run, "undo")
    run.run.touched = []
    rollback.after(Outcome("failed", "why"))
    assert (run.sent, run.last("ended")["rollback"]) == ([], "")


def test_rollback_leaves_out_targets_that_no_step_touched_and_what_was_accepted_before() -> None:
    run = Scripted()
    run.run.touched = ["b"]
    calls = keyed(call("one", "b", "rollback"), call("two", "b", "rollback"), call("one", "a", "rollback"))
    Rollback(run.run, run.execution, calls, [], History(rolled={calls[0][1]})).after(Outcome("failed", "why"))
    assert run.sent == ["b/two"]
    assert run.last("rollback")["state"] == "done"


def test_rollback_of_which_all_was_accepted_before_is_none() -> None:
    run = Scripted()
    rollback_of(run, "undo", rolled=("key of rollback undo on a",)).after(Outcome("failed", "why"))
    assert (run.sent, run.last("ended")["rollback"]) == ([], "")


def test_rollback_after_a_stop_waits_for_a_person() -> None:
    run = Scripted()
    rollback_of(run, "undo").after(Outcome("stopped", "kill switch global is engaged"))
    assert (run.sent, run.last("ended")["rollback"]) == ([], "waiting")
    assert "waits for a person" in run.last("ended")["say"]


@pytest.mark.parametrize("unsure", ["", "nobody knows whether it helped"])
def test_rollback_after_verification_is_sent_only_where_it_is_sure(unsure: str) -> None:
    run = Scripted()
    rollback_of(run, "undo").after_verification(unsure)
    assert run.sent == ([] if unsure else ["a/undo"])
    assert run.last("ended")["rollback"] == ("waiting" if unsure else "running")
    assert unsure in run.last("ended")["why"]


def test_rollback_that_is_stopped_midway_waits_with_the_rest() -> None:
    run = Scripted()
    run.stop_before(1)
    rollback_of(run, "one", "two", "three").by_a_person("ann")
    told = run.last("rollback")
    assert (told["state"], told["done"]) == ("waiting", ["rollback one on a: accepted"])
    assert told["left"] == ["rollback two on a", "rollback three on a"]
    assert (told["actor"], run.sent) == ("ann", ["a/one"])


def test_rollback_goes_on_after_a_request_that_fails_and_says_the_last_problem() -> None:
    run = Scripted(Answer(500), Answer(error="no answer"), Answer(200))
    rollback_of(run, "one", "two", "three").after(Outcome("failed", "why"))
    told = run.last("rollback")
    assert (len(run.sent), told["state"], told["why"]) == (3, "failed", "rollback two on a: no answer")
    assert "failed" in told["say"]


def test_rollback_whose_rest_is_by_hand_waits_for_a_person() -> None:
    run = Scripted()
    rollback_of(run, "undo", by_hand=("tell the customer", "check the books")).after(Outcome("failed", "why"))
    told = run.last("rollback")
    assert (run.sent, told["state"]) == (["a/undo"], "waiting")
    assert "tell the customer, check the books" in told["why"]


def test_rollback_that_is_all_by_hand_waits_at_once() -> None:
    run = Scripted()
    rollback_of(run, by_hand=("tell the customer",)).after(Outcome("failed", "why"))
    assert (run.kinds(), run.last("ended")["rollback"]) == (["ended"], "waiting")


def test_rollback_that_fails_is_not_called_done_by_what_is_by_hand() -> None:
    run = Scripted(Answer(500))
    rollback_of(run, "undo", by_hand=("tell the customer",)).after(Outcome("failed", "why"))
    assert run.last("rollback")["state"] == "failed"


def test_a_step_without_an_answer_is_not_undone_beside_itself(make: Make, receiver: Receiver) -> None:
    bench = make()
    receiver.replies = [Reply(), Reply(cut="before"), Reply()]
    bench.release()
    bench.approve()
    assert bench.run().state == "failed"
    # The step may still be under way: nothing more was sent.
    assert paths(receiver) == ["/worker-1/drain", "/worker-1/restart"]
    [run] = bench.runner.history.runs.values()
    assert run.rollback == "waiting"


def test_a_step_that_was_refused_is_undone_at_once(make: Make, receiver: Receiver) -> None:
    bench = make()
    receiver.replies = [Reply(), Reply(409), Reply()]
    bench.release()
    bench.approve()
    assert bench.run().state == "failed"
    [run] = bench.runner.history.runs.values()
    assert run.rollback == "done"
