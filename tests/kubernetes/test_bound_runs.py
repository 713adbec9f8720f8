"""A run changes what its approver saw, and nothing else: somebody acts between the plan and the change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from aiops.errors import UsageError
from aiops.respond.guard_case import Certainty, Policy
from aiops.respond.step_approvals import Continuation
from aiops.step_kinds.exchange import Request
from tests.kubernetes.bound_bench import OBJECT, TEAM, Bench, step
from tests.kubernetes.objects import workload
from tests.kubernetes.site import Json, Site
from tests.respond.alone import policy as policy_alone
from tests.respond.alone import proven

TRACKING = {"argocd.argoproj.io/tracking-id": f"shop:apps/Deployment:shop/{OBJECT}"}


@pytest.fixture
def bench(site: Site, tmp_path: Path) -> Bench:
    made = Bench(site, tmp_path)
    made.roll_out("shop/app:1", "shop/app:2", "shop/app:broken")
    return made


def test_plan_shows_what_it_rolls_back_and_the_run_does_it(bench: Bench) -> None:
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        what = f"deployment {bench.namespace}/{OBJECT}"
        says = f"rolls back {what} from revision 3 (shop/app:broken) to revision 2 (shop/app:2)"
        assert [one.observed.summary for one in plan.states] == [says]
        assert plan.id != plan.base
        assert bench.approve(runner, plan).id == plan.id
        done = bench.run(runner, plan)
        assert (done.state, bench.image()) == ("executed", "shop/app:2")
        [run] = runner.history.runs.values()
        assert run.states == plan.states
    assert len(bench.changes()) == 1


def test_fix_after_the_approval_is_not_undone(bench: Bench) -> None:
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        bench.approve(runner, plan)
        bench.fix("shop/app:3")
        done = bench.run(runner, plan)
        assert done.run is None
        assert (
            "changed since the plan was approved: do the rollback on worker-1: revision was 3 and is 4" in done.sentence
        )
        [refusal] = runner.history.refusals
        assert (refusal.guard, refusal.code) == ("stop and state", "changed_since_plan")
        [notice] = runner.history.pending_notices.values()
        assert notice.text.startswith("restart-worker was approved and not run: changed since")
        assert (bench.changes(), bench.image()) == ([], "shop/app:3")
        # What is as it is now can be approved, and is another plan.
        new = bench.looked_at(runner)
        assert new.id != plan.id
        with pytest.raises(UsageError, match="expected the plan as it is now"):
            bench.approve(runner, plan)
        bench.approve(runner, new)
        assert bench.run(runner, new).state == "executed"
        assert bench.image() == "shop/app:broken"


def test_approval_after_a_restart_is_for_what_was_seen_before(bench: Bench) -> None:
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        bench.approve(runner, plan)
    bench.fix("shop/app:3")
    with bench.runner() as runner:
        done = bench.run(runner, plan)
        assert "revision was 3 and is 4" in done.sentence
    assert (bench.changes(), bench.image()) == ([], "shop/app:3")


def test_second_approver_of_another_state_approves_another_plan(site: Site, tmp_path: Path) -> None:
    bench = Bench(site, tmp_path, approval={"approvers": ["team:platform"], "quorum": 2})
    bench.roll_out("shop/app:1", "shop/app:2")
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        assert "1 of 2 approvals" in str(bench.approve(runner, plan).refused)
        bench.fix("shop/app:3")
        new = bench.looked_at(runner)
        assert "1 of 2 approvals" in str(bench.approve(runner, new, "bob").refused)
        for one in (plan, new):
            assert bench.run(runner, one).run is None
    assert bench.changes() == []


def by_number(moment: int, act: Callable[[], None]) -> Callable[[int, Request], None]:
    """Act once, before the request of that number since then."""
    seen = 0

    def before(number: int, request: Request) -> None:
        nonlocal seen
        seen += 1
        if seen == moment:
            act()

    return before


# A rollback reads the Deployment and its ReplicaSets. A run does so for its plan, then before the change, then it tries
# the change, and makes it: requests 1 and 2, 3 and 4, 5 and 6.
@pytest.mark.parametrize(
    ("moment", "state", "code"),
    [
        (1, None, "changed_since_plan"),
        (3, "refused", "changed_since_plan"),
        (5, "failed", ""),
        (6, "failed", ""),
    ],
)
def test_fix_at_any_moment_of_the_run_stays(bench: Bench, moment: int, state: str | None, code: str) -> None:
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        bench.approve(runner, plan)
        bench.before = by_number(moment, lambda: bench.fix("shop/app:3"))
        done = bench.run(runner, plan)
        assert done.state == state
        assert bench.image() == "shop/app:3"
        if state is not None:
            assert runner.history.counts.get(("restart-worker", code)) == (1 if code else None)
            [run] = runner.history.runs.values()
            notices = [one.text for one in runner.history.pending_notices.values()]
            assert any(text.startswith(f"run {run.id} of restart-worker {state}: ") for text in notices)
            # Nothing was touched: a refusal is no failure of the playbook.
            assert run.rollback == ""


def test_object_of_the_same_name_is_another_object(bench: Bench) -> None:
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        bench.approve(runner, plan)
        bench.site.delete("deployments", bench.namespace, OBJECT)
        bench.site.create("deployments", workload("Deployment", bench.namespace, OBJECT, "shop/app:2"))
        bench.site.settle(bench.namespace)
        bench.fix("shop/app:broken")
        assert "the object was deployment" in bench.run(runner, plan).sentence
    assert bench.changes() == []


def test_what_moves_on_its_own_leaves_an_approval(bench: Bench) -> None:
    """An autoscaler works, and pods crash: neither is a fix."""
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        bench.approve(runner, plan)
        bench.site.change("deployments", bench.namespace, OBJECT, lambda one: one["spec"].update(replicas=4))
        bench.site.settle(bench.namespace)
        assert bench.run(runner, plan).state == "executed"
    assert bench.image() == "shop/app:2"


def test_scaling_is_bound_to_the_replicas_that_were_seen(site: Site, tmp_path: Path) -> None:
    bench = Bench(site, tmp_path, step("scale", by=1, min=1, max=5))
    bench.roll_out("shop/app:1")
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        assert plan.states[0].observed.summary.endswith("from 2 to 3 replicas")
        bench.approve(runner, plan)
        site.change("deployments", bench.namespace, OBJECT, lambda one: one["spec"].update(replicas=3))
        site.settle(bench.namespace)
        assert "replicas was 2 and is 3" in bench.run(runner, plan).sentence
    assert bench.changes() == []


def test_second_step_on_an_object_finds_what_the_first_one_made(site: Site, tmp_path: Path) -> None:
    bench = Bench(site, tmp_path, step("rollout-restart"), step("scale", by=1, min=1, max=5))
    bench.roll_out("shop/app:1")
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        assert [(one.after, bool(one.observed.pins)) for one in plan.states] == [
            ("", True),
            ("do the rollout-restart", False),
        ]
        assert plan.states[1].observed.subject == plan.states[0].observed.subject
        bench.approve(runner, plan)
        assert bench.run(runner, plan).state == "executed"
    assert site.get("deployments", bench.namespace, OBJECT)["spec"]["replicas"] == 3


def test_what_a_step_would_refuse_is_seen_before_it_is_approved(bench: Bench) -> None:
    bench.site.change("deployments", bench.namespace, OBJECT, lambda one: one["spec"].update(paused=True))
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        assert plan.code == "step_refused"
        assert "paused: " in str(plan.refused)
        with pytest.raises(UsageError, match=r"cannot be approved; state: .*paused: "):
            bench.approve(runner, plan)


def test_what_cannot_be_read_cannot_be_approved(bench: Bench) -> None:
    with bench.runner() as runner:
        bench.site.delete("deployments", bench.namespace, OBJECT)
        plan = bench.looked_at(runner)
        assert (plan.code, "status 404" in str(plan.refused)) == ("state_unread", True)
        with pytest.raises(UsageError, match=r"state: .*it could not be read: status 404"):
            bench.approve(runner, plan)


def test_nothing_is_read_while_a_guard_refuses(bench: Bench) -> None:
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        bench.approve(runner, plan)
        count = len(bench.sent)
        runner.switch("global", True, "ann", bench.now)
        assert bench.looked_at(runner).states == []
        assert "kill switch global is engaged" in bench.run(runner, plan).sentence
    assert len(bench.sent) == count


@pytest.mark.parametrize("moment", [1, 2, 3, 4, 5, 6])
def test_stop_between_two_requests_ends_the_run(bench: Bench, moment: int) -> None:
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        bench.approve(runner, plan)
        count = len(bench.sent)
        bench.before = by_number(moment, lambda: runner.switch("global", True, "bob", bench.now))
        bench.run(runner, plan)
    # The request of that number was under way: its gate was read after the stop, and nothing was sent.
    assert len(bench.sent) - count == moment
    assert bench.image() == "shop/app:broken"


def test_gitops_is_refused_with_the_alternative(bench: Bench) -> None:
    bench.mark(**TRACKING)
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        assert plan.code == "gitops_managed"
        assert "is managed by Argo CD application shop: it will undo the change" in str(plan.refused)
        assert "argocd app set shop --sync-policy none" in str(plan.refused)
        with pytest.raises(UsageError, match="cannot be approved; gitops: "):
            bench.approve(runner, plan)
    assert bench.changes() == []


def test_operator_may_leave_gitops_to_the_approver_who_sees_it(bench: Bench) -> None:
    bench.mark(**TRACKING)
    bench.policy = Policy(ceiling="approve", gitops="warn")
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        assert (plan.code, [text.partition(" is managed by ")[2][:24] for text in plan.warnings]) == (
            "approval_missing",
            ["Argo CD application shop"],
        )
        bench.approve(runner, plan)
        assert bench.run(runner, plan).state == "executed"
    assert bench.image() == "shop/app:2"


def test_what_comes_under_gitops_after_the_approval_is_left_alone(bench: Bench) -> None:
    bench.policy = Policy(ceiling="approve", gitops="warn")
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        assert plan.warnings == []
        bench.approve(runner, plan)
        bench.before = by_number(3, lambda: bench.mark(**TRACKING))
        done = bench.run(runner, plan)
        assert (done.state, bench.changes()) == ("refused", [])
        assert "what manages it was nothing and is Argo CD application shop" in done.sentence


def test_engine_leaves_gitops_alone_and_records_it_once(site: Site, tmp_path: Path) -> None:
    bench = Bench(site, tmp_path, mode="auto", verify=[{"kind": "alert-resolved"}])
    bench.roll_out("shop/app:1", "shop/app:2")
    bench.policy = structs.replace(policy_alone(), gitops="warn")
    known = {"members": 10, "alerting": 1, "known": 10, "certainty": Certainty(0.95, 40)}
    with bench.runner() as runner:
        runner.history.runs |= proven(bench.book).runs
        decision = runner.decide(bench.view, "restart-worker", bench.world(**known))
        assert decision.runs, decision.reason
        bench.mark(**TRACKING)
        for _ in range(3):
            done = bench.run(runner, decision.plan, by="engine", **known)
            assert "managed by Argo CD application shop" in done.sentence
        assert [one.code for one in runner.history.decisions] == ["gitops_managed"]
        assert bench.changes() == []

        def unmark(one: Json) -> None:
            del one["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"]

        site.change("deployments", bench.namespace, OBJECT, unmark)
        site.settle(bench.namespace)
        assert bench.run(runner, decision.plan, by="engine", **known).state == "executed"
    assert bench.image() == "shop/app:1"


def test_what_changed_while_a_run_waited_is_not_changed(site: Site, tmp_path: Path) -> None:
    gate = {"kind": "approval", "name": "is it well"}
    bench = Bench(site, tmp_path, step("scale", by=1, min=1, max=5), gate, step("rollback"))
    bench.roll_out("shop/app:1", "shop/app:2")
    with bench.runner() as runner:
        plan = bench.looked_at(runner)
        assert [(one.name, one.after) for one in plan.states] == [
            ("do the scale", ""),
            ("do the rollback", "do the scale"),
        ]
        bench.approve(runner, plan)
        run = bench.run(runner, plan).run
        assert run is not None
        assert runner.history.runs[run].state == "waiting"

        def left() -> Continuation:
            states = runner.read_rest(run, bench.view, bench.world())
            return runner.continuation(run, bench.view, bench.world(), states)

        first = left()
        # What the first step left is read now: it is no longer decided on later.
        assert [(one.name, one.after) for one in first.states] == [("do the rollback", "")]
        assert "from revision 2 (shop/app:2) to revision 1 (shop/app:1)" in first.states[0].observed.summary
        approved = runner.approve_step(run, bench.view, bench.world(), "ann", TEAM, first.id)
        assert approved[1] is True
        bench.fix("shop/app:3")
        assert left().id != first.id
        runner.resume(run, bench.view, bench.world(), first.id)
        assert (runner.history.runs[run].state, bench.image()) == ("waiting", "shop/app:3")
        assert runner.history.refusals[-1].code == "changed_since_plan"
        assert "revision was 2 and is 3" in runner.history.refusals[-1].reason
        second = left()
        runner.approve_step(run, bench.view, bench.world(), "ann", TEAM, second.id)
        bench.before = by_number(3, lambda: bench.fix("shop/app:4"))
        runner.resume(run, bench.view, bench.world(), second.id)
        # A moment later it is read once more; what the run did is undone, and nobody's fix.
        assert (runner.history.runs[run].state, bench.image()) == ("failed", "shop/app:4")
        assert site.get("deployments", bench.namespace, OBJECT)["spec"]["replicas"] == 2
