"""A run waits for people in the middle: what it does before, what lets it go on, and what ends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from aiops.errors import UsageError
from aiops.respond.audit import AuditError, verify
from aiops.respond.guard_case import Certainty
from aiops.respond.history import Run
from aiops.respond.step_approvals import Continuation
from aiops.testing.receiver import Receiver, Reply, receiving
from tests.respond.alone import policy as policy_alone
from tests.respond.alone import proven
from tests.respond.bench import NAME, TEAM, Bench, paths, post, view

GATE = {"kind": "approval", "name": "capacity is enough", "text": "Read the check.", "timeout": "10m"}
Make = Callable[..., Bench]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def make(samples: Any, receiver: Receiver, tmp_path: Path) -> Iterator[Make]:
    """A bench whose playbook cordons, waits for an approval, and drains; uncordoning is its rollback."""
    made = list[Bench]()

    def bench(*, gate: dict[str, Any] | None = None, **changes: Any) -> Bench:
        steps = [post(receiver, "cordon"), GATE | (gate or {}), post(receiver, "drain")]
        given = {"steps": steps, "rollback": [post(receiver, "uncordon")], **changes}
        for one in made:
            one.close()
        found = Bench(samples, tmp_path / "audit.jsonl", samples.playbook(**given))
        made.append(found)
        return found

    yield bench
    for one in made:
        one.close()


@pytest.fixture
def bench(make: Make) -> Bench:
    """A run that waits."""
    found = make()
    found.release()
    waiting(found)
    return found


def waiting(bench: Bench) -> Run:
    """Start a run, up to its approval in the middle."""
    bench.approve()
    done = bench.run()
    assert done.state == "waiting"
    return the_run(bench)


def the_run(bench: Bench) -> Run:
    [run] = [one for one in bench.runner.history.runs.values() if one.plan]
    return run


def rest(bench: Bench) -> Continuation:
    run = the_run(bench).id
    return bench.runner.continuation(run, bench.view, bench.world())


def approve(bench: Bench, actor: str = "ann", expected: str | None = None, groups: list[str] | None = None) -> bool:
    made = rest(bench)
    groups = TEAM if groups is None else groups
    wanted = expected or made.id
    return bench.runner.approve_step(made.run, bench.view, bench.world(), actor, groups, wanted)[1]


def resume(bench: Bench, approved: str) -> Run:
    return bench.runner.resume(the_run(bench).id, bench.view, bench.world(), approved)


def notices(bench: Bench) -> list[tuple[str, bool]]:
    return [(one.text, one.page) for one in bench.runner.history.pending_notices.values()]


def test_run_waits_with_nothing_more_sent(bench: Bench, receiver: Receiver) -> None:
    run, left = the_run(bench), rest(bench)
    assert paths(receiver) == ["/worker-1/cordon"]
    assert (run.state, run.done) == ("waiting", ["cordon on worker-1: accepted"])
    assert run.left == ["capacity is enough on worker-1", "drain on worker-1"]
    assert (left.step, left.text, left.approvers, left.quorum, left.given) == (
        "capacity is enough", "Read the check.", TEAM, 1, []
    )  # fmt: skip
    assert [call.name for call in left.requests] == ["drain"]
    assert (left.refused, left.until) == (None, bench.now + 600.0)
    [(text, page)] = notices(bench)
    assert text.endswith("waits for an approval: capacity is enough, within 10m; team:platform may approve")
    assert page is False
    assert verify(bench.path).problem is None


def test_approved_run_continues_where_it_waited(bench: Bench, receiver: Receiver) -> None:
    left = rest(bench)
    assert approve(bench) is True
    assert paths(receiver) == ["/worker-1/cordon"], "an approval alone sends nothing"
    run = resume(bench, left.id)
    assert (run.state, run.wait, run.left) == ("executed", None, [])
    assert run.done == ["cordon on worker-1: accepted", "drain on worker-1: accepted"]
    assert paths(receiver) == ["/worker-1/cordon", "/worker-1/drain"]
    with pytest.raises(UsageError, match="expected a run that waits"):
        resume(bench, left.id)
    with pytest.raises(UsageError, match="expected a run that waits"):
        bench.runner.approve_step(run.id, bench.view, bench.world(), "ann", TEAM, left.id)


def test_run_that_waits_survives_a_restart(make: Make, receiver: Receiver) -> None:
    bench = make()
    bench.release()
    before = waiting(bench)
    left = rest(bench)
    again = make()
    assert the_run(again) == before
    assert again.runner.switches.halted(["global", f"playbook:{NAME}"]) is None, "it is no crash"
    assert rest(again) == left
    assert approve(again) is True
    # The approval as well.
    third = make()
    assert rest(third).given == ["ann"]
    assert resume(third, left.id).state == "executed"
    assert paths(receiver) == ["/worker-1/cordon", "/worker-1/drain"]
    assert the_run(make()).state == "executed"


def test_id_of_what_is_left_cannot_be_guessed(bench: Bench) -> None:
    left, wait = rest(bench), the_run(bench).wait
    assert wait is not None
    wait.nonce = "0" * 32
    assert rest(bench).id != left.id
    for wrong in (left.id, the_run(bench).plan, the_run(bench).id):
        with pytest.raises(UsageError, match="expected the steps as they are now"):
            approve(bench, expected=wrong)
    assert wait.approvals == {}


@pytest.mark.parametrize(("actor", "groups"), [("", TEAM), ("eve", []), ("eve", ["team:other"])])
def test_not_everybody_may_approve(bench: Bench, actor: str, groups: list[str]) -> None:
    with pytest.raises(UsageError, match="may not approve restart-worker"):
        approve(bench, actor, groups=groups)


def test_step_may_name_its_own_approvers_and_quorum(make: Make, receiver: Receiver) -> None:
    bench = make(gate={"approvers": ["team:dba", "user:ann"], "quorum": 2})
    bench.release()
    waiting(bench)
    left = rest(bench)
    with pytest.raises(UsageError, match="team:dba, user:ann may"):
        approve(bench, "bob")
    assert [approve(bench, "ann", groups=[]) for _ in range(2)] == [False, False], "one person is one approval"
    bench.runner.resume(left.run, bench.view, bench.world(), left.id)
    assert (the_run(bench).state, paths(receiver)) == ("waiting", ["/worker-1/cordon"])
    # What was refused needs all approvals anew.
    assert rest(bench).given == []
    assert approve(bench, "ann", groups=[]) is False
    assert approve(bench, "cem", groups=["team:dba"]) is True
    assert resume(bench, left.id).state == "executed"


def test_stop_voids_what_was_approved_before_it(make: Make, receiver: Receiver) -> None:
    bench = make(gate={"quorum": 2})
    bench.release()
    waiting(bench)
    left = rest(bench)
    approve(bench, "ann")
    bench.engage("team:platform")
    with pytest.raises(UsageError, match="cannot be approved; kill switch: kill switch team:platform is engaged"):
        approve(bench, "bob")
    bench.release("team:platform")
    assert approve(bench, "bob") is False
    assert rest(bench).given == ["bob"]
    # Another owner's switch is nothing to it, and a stop in between ends what was about to begin.
    watch = bench.runner.watch(NAME)
    assert approve(bench, "ann") is True
    bench.engage()
    bench.release()
    bench.runner.resume(left.run, bench.view, bench.world(), left.id, watch)
    assert bench.runner.history.refusals[-1].code == "stopped_meanwhile"
    assert (the_run(bench).state, paths(receiver)) == ("waiting", ["/worker-1/cordon"])
    again = make(gate={"quorum": 2})
    assert rest(again).given == []


def test_stop_alone_voids_approvals_and_another_owners_does_not(make: Make) -> None:
    bench = make(gate={"quorum": 2})
    bench.release()
    waiting(bench)
    approve(bench)
    bench.engage("team:other")
    assert rest(bench).given == ["ann"]
    bench.engage("team:platform")
    bench.release("team:platform")
    assert rest(bench).given == []
    assert rest(make(gate={"quorum": 2})).given == []


@pytest.mark.parametrize("stop", ["rate", "protect", "other plan", "other playbook"])
def test_guards_are_asked_again(make: Make, receiver: Receiver, stop: str) -> None:
    bench = make()
    bench.release()
    waiting(bench)
    left = rest(bench)
    assert approve(bench) is True
    if stop == "protect":
        bench.runner.policy.protect.append("worker-*")
    elif stop == "other plan":
        bench.view = structs.replace(bench.view, causes=[structs.replace(bench.view.causes[0], confidence="low")])
    elif stop == "other playbook":
        bench = make(summary="Restart a worker that hangs, in another way.")
    else:
        bench.now -= 10.0  # its own run counts neither for its rate nor for its cooldown
    run = bench.runner.resume(left.run, bench.view, bench.world(), left.id)
    assert run.state == ("executed" if stop == "rate" else "waiting")
    assert len(paths(receiver)) == (2 if stop == "rate" else 1)
    if stop != "rate":
        assert "was approved and waits on: " in notices(bench)[-1][0]
        with pytest.raises(UsageError, match="cannot be approved"):
            approve(bench, expected=left.id)


def test_waiting_run_holds_its_target_and_its_slot(bench: Bench) -> None:
    other = view(incident="i2")
    codes = [one.code for one in bench.runner.plan(other, NAME, bench.world()).checks if one.state == "refused"]
    assert {"target_busy", "concurrency"} <= set(codes)


def test_rejection_rolls_back_what_was_done(bench: Bench, receiver: Receiver) -> None:
    run = bench.runner.reject_step(the_run(bench).id, "bob", bench.now, "the others are full")
    assert (run.state, run.rollback) == ("stopped", "done")
    assert run.why == "rejected by bob: the others are full"
    assert paths(receiver) == ["/worker-1/cordon", "/worker-1/uncordon"]
    assert not any(page for _, page in notices(bench))
    assert not run.is_active
    with pytest.raises(UsageError, match="expected a run that waits"):
        bench.runner.reject_step(run.id, "bob", bench.now, "again")


def test_rejection_of_what_cannot_be_undone_calls_somebody(make: Make, receiver: Receiver) -> None:
    bench = make(rollback=[], reversible=False)
    bench.release()
    waiting(bench)
    run = bench.runner.reject_step(the_run(bench).id, "bob", bench.now, "no")
    assert (run.state, run.rollback, paths(receiver)) == ("stopped", "", ["/worker-1/cordon"])
    text, page = notices(bench)[-1]
    assert ("what it did stays: check it" in text, page) == (True, True)


def test_rejection_while_stopped_leaves_the_rollback_to_a_person(bench: Bench, receiver: Receiver) -> None:
    bench.engage()
    run = bench.runner.reject_step(the_run(bench).id, "bob", bench.now, "no")
    assert (run.state, run.rollback, paths(receiver)) == ("stopped", "waiting", ["/worker-1/cordon"])
    assert notices(bench)[-1][1] is True


def test_rejection_has_a_person(bench: Bench) -> None:
    with pytest.raises(UsageError, match="name of its person"):
        bench.runner.reject_step(the_run(bench).id, "", bench.now, "no")


@pytest.mark.parametrize(("on_timeout", "page"), [("escalate", True), ("drop", False)])
def test_nobody_approves_by_silence(make: Make, receiver: Receiver, on_timeout: str, page: bool) -> None:
    bench = make(gate={"onTimeout": on_timeout, "quorum": 2})
    bench.release()
    run = waiting(bench)
    approve(bench)
    bench.now += 599.0
    assert bench.runner.overdue(bench.now) == []
    with pytest.raises(UsageError, match="waits on"):
        bench.runner.time_out(run.id, bench.now)
    bench.now += 1.0
    assert bench.runner.overdue(bench.now) == [run]
    bench.runner.time_out(run.id, bench.now)
    assert (run.state, run.rollback) == ("stopped", "done")
    assert run.why == "'capacity is enough' had 1 of 2 approvals in time"
    assert paths(receiver) == ["/worker-1/cordon", "/worker-1/uncordon"]
    assert any(one == page for text, one in notices(bench) if "approvals in time" in text)
    assert bench.runner.overdue(bench.now) == []


def test_approval_that_comes_too_late_lets_nothing_continue(bench: Bench, receiver: Receiver) -> None:
    left = rest(bench)
    assert approve(bench) is True
    bench.now += 600.0
    assert resume(bench, left.id).state == "waiting"
    assert paths(receiver) == ["/worker-1/cordon"]


def test_step_of_the_clock_neither_ends_nor_prolongs_a_wait(bench: Bench) -> None:
    bench.runner.log.step_clock(7_200.0, bench.now + 7_200.0)
    bench.now += 7_200.0
    assert bench.runner.overdue(bench.now) == []
    bench.now += 600.0
    assert len(bench.runner.overdue(bench.now)) == 1


def test_stop_before_the_wait_ends_the_run(make: Make, receiver: Receiver) -> None:
    bench = make()
    bench.release()
    bench.approve()
    real = bench.transport.send

    def send(*given: Any) -> Any:
        answer = real(*given)
        bench.engage()
        return answer

    bench.transport.send = send  # type: ignore[assignment, method-assign]
    assert bench.run().state == "stopped"
    assert "waiting" not in bench.kinds()


def test_run_that_cannot_be_recorded_does_not_continue(
    bench: Bench, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = rest(bench)
    approve(bench)
    real = bench.runner._write

    def refuse(kind: str, *given: Any) -> None:
        if kind == "continued":
            raise AuditError("the disk is full")
        real(kind, *given)

    monkeypatch.setattr(bench.runner, "_write", refuse)
    with pytest.raises(AuditError):
        resume(bench, left.id)
    monkeypatch.undo()
    assert (the_run(bench).state, paths(receiver)) == ("waiting", ["/worker-1/cordon"])
    assert resume(bench, left.id).state == "executed"


def test_crash_after_it_continued_is_unknown_and_never_repeated(
    make: Make, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = make()
    bench.release()
    waiting(bench)
    left = rest(bench)
    approve(bench)

    def crash(*given: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench.transport, "send", crash)
    with pytest.raises(KeyboardInterrupt):
        resume(bench, left.id)
    again = make()
    run = the_run(again)
    assert (run.state, run.wait, run.rollback) == ("unknown", None, "waiting")
    with pytest.raises(UsageError, match="expected a run that waits"):
        resume(again, left.id)
    assert paths(receiver) == ["/worker-1/cordon"]


def test_failed_step_after_the_approval_rolls_all_back(bench: Bench, receiver: Receiver) -> None:
    left = rest(bench)
    approve(bench)
    receiver.replies = [Reply(500), Reply()]
    run = resume(bench, left.id)
    assert (run.state, run.rollback) == ("failed", "done")
    assert paths(receiver)[1:] == ["/worker-1/drain", "/worker-1/uncordon"]


def test_engine_takes_the_steps_before_alone_and_calls_people(make: Make, receiver: Receiver) -> None:
    given = {"mode": "auto", "verify": [{"kind": "alert-resolved"}]}
    bench = make(**given)
    bench.release()
    bench.runner.policy.ceiling, bench.runner.policy.auto = "auto", policy_alone().auto
    bench.runner.history.runs |= {run.id: run for run in proven(bench.playbook).runs.values()}
    known = {"members": 10, "alerting": 1, "known": 10, "certainty": Certainty(0.95, 40)}
    world = structs.replace(bench.world(), **known)
    decision = bench.runner.decide(bench.view, NAME, world)
    assert decision.runs, decision.reason
    done = bench.runner.run(bench.view, NAME, world, "aiops", approved=decision.plan.id, by="engine")
    assert (done.state, paths(receiver)) == ("waiting", ["/worker-1/cordon"])
    assert notices(bench)[-1][1] is True
    left = rest(bench)
    assert approve(bench) is True
    assert resume(bench, left.id).state == "executed"
    assert paths(receiver) == ["/worker-1/cordon", "/worker-1/drain"]


def test_run_whose_playbook_is_gone_ends_all_the_same(make: Make, receiver: Receiver) -> None:
    bench = make()
    bench.release()
    run = waiting(bench)
    bench.runner._planner._compiled.clear()
    bench.now += 600.0
    bench.runner.time_out(run.id, bench.now)
    assert (run.state, run.rollback, paths(receiver)) == ("stopped", "waiting", ["/worker-1/cordon"])
    text, page = notices(bench)[-1]
    assert ("not in the catalogue any more" in text, page) == (True, True)
