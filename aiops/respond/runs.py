"""Guarded runs: plan (dry run), approve, run.

Every action is recorded before it, and its outcome after.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from aiops.durations import seconds
from aiops.errors import UsageError
from aiops.ports import IncidentView
from aiops.respond.audit import AuditError
from aiops.respond.authority import may_approve
from aiops.respond.calls import StepState, body_of, key_of
from aiops.respond.decisions import Decision, decide
from aiops.respond.format import Playbook
from aiops.respond.gate import PlanGate
from aiops.respond.guard_case import Case, GuardCheck, World
from aiops.respond.guards import evaluate, refusal, scopes
from aiops.respond.history import WAITING, By, Run, RunState, ShadowState
from aiops.respond.plans import Plan
from aiops.respond.run_core import FIRST_START
from aiops.respond.sending import Gate, Transport
from aiops.respond.states import changes, observing, read_states
from aiops.respond.step_approvals import StepApprovals
from aiops.respond.steps import verify_window
from aiops.respond.switches import SameIncidentWatch, Watch
from aiops.step_kinds.exchange import Reply

__all__ = ["FIRST_START", "Finished", "Gate", "Plan", "Reply", "Runner", "Transport"]


class Finished(Struct):
    """The end of a run, step by step."""

    run: str | None
    state: RunState | ShadowState | None
    sentence: str
    steps: list[str] = field(default_factory=list)


class Runner(StepApprovals):
    """Plans, approvals and runs over one audit trail. Thread-safe; no lock is held over I/O.

    A new trail starts with the global kill switch engaged. So does one that was cut, which a person must accept before
    anything runs. Runs that a crash cut off are marked unknown when the trail is opened. They are never repeated, and
    engage the kill switch of their playbook. A run of which nothing was sent is marked stopped.
    """

    def plan(
        self,
        view: IncidentView,
        name: str,
        world: World,
        targets: Sequence[str] | None = None,
        states: Sequence[StepState] = (),
    ) -> Plan:
        """Make a dry run: nothing is sent and nothing is written. Targets default to the suspected cause.

        `states` is what was read of what its steps would change.
        """
        return self._planner.plan(view, name, world, targets, states=states)[0]

    def is_read(self, plan: Plan) -> bool:
        """Return True if what a plan would change is read: no guard refuses that no approval answers."""
        return bool(observing(plan.requests)) and refusal(plan.checks, but="approval") is None

    def read_states(self, plan: Plan, watch: Watch | None = None) -> list[StepState]:
        """Read what the steps of a plan would change, if it `is_read`; nothing is changed."""
        if not self.is_read(plan):
            return []
        watch = watch or self.watch(plan.playbook)
        return read_states(plan.requests, PlanGate(plan.requests, self._transport, watch.halted, watch.pause))

    def _looked(
        self, view: IncidentView, name: str, world: World, targets: Sequence[str] | None, by: By, watch: Watch
    ) -> tuple[Plan, Case]:
        """Plan a run with what its steps would change, read now."""
        plan, case = self._planner.plan(view, name, world, targets, by)
        states = self.read_states(plan, watch)
        return self._planner.plan(view, name, world, targets, by, states) if states else (plan, case)

    def decide(self, view: IncidentView, name: str, world: World, by: By = "engine") -> Decision:
        """Decide on a run without a person; nothing is sent and nothing is written."""
        return decide(self._planner, view, name, world, by)

    def approve(
        self,
        view: IncidentView,
        name: str,
        world: World,
        actor: str,
        groups: Sequence[str] = (),
        targets: Sequence[str] | None = None,
        expected: str | None = None,
        watch: Watch | None = None,
    ) -> Plan:
        """Approve a plan as `actor` (and member of `groups`), of the id `expected` if it is given.

        Every other guard must hold now, and again at the run. What its steps would change is read now, and is part of
        what is approved.
        """
        plan, case = self._looked(view, name, world, targets, "person", watch or self.watch(name))
        may_approve(case.playbook, actor, groups)
        stop = next((one for one in plan.checks if one.state == "refused" and one.guard != "approval"), None)
        if stop is not None:
            self._refuse(plan, world, stop, actor)
            raise UsageError(f"{plan.playbook} cannot be approved; {stop.guard}: {stop.reason}")
        if expected is not None and plan.id != expected:
            raise UsageError(f"expected the plan as it is now, {plan.id}; got {expected[:40]!r}: look at it again")
        data: dict[str, Any] = {"plan": plan.id, "actor": actor, "playbook": name, "incident": view.id}
        bound = {"base": plan.base, "states": msgspec.to_builtins(plan.states)} if plan.states else {}
        self._write("approval", world.now, data | bound)
        return self._planner.plan(view, name, world, targets, states=plan.states)[0]

    def reject(self, incident: str, playbook: str, actor: str, now: float, reason: str) -> None:
        """Record that a person rejected a playbook for an incident; approvals given so far for it end."""
        if not actor:
            raise UsageError("a rejection needs the name of its person")
        data = {"incident": incident, "playbook": playbook, "actor": actor, "reason": reason}
        self._write("rejected", now, data)

    def run(
        self,
        view: IncidentView,
        name: str,
        world: World,
        actor: str,
        targets: Sequence[str] | None = None,
        approved: str | None = None,
        watch: Watch | None = None,
        by: By = "person",
        still: Callable[[], str | None] | None = None,
    ) -> Finished:
        """Run an approved plan, of the id `approved` if it is given. All guards are evaluated again.

        What its steps change is read again: the run is refused if it is not as it was approved.
        A refusal is recorded and nothing is sent. Only the requests of the approved plan are sent. `watch` began with
        the approval: a stop since then prevents the run, even if it was released again. `still` returns why the
        incident is no longer the one that was decided on; it counts until the first step is sent, as steps change
        what it checks. `by` is `engine` for a run without a person, whose `approved` is the plan that was decided.
        """
        watch = watch or self.watch(name)
        plan, case = self._looked(view, name, world, targets, by, watch)
        is_awaited = approved is not None and by == "person"
        if approved is not None and (stop := self._changed(plan, approved, by)) is not None:
            return self._refused(plan, world, stop, actor, notify=is_awaited)
        if by == "engine" and plan.states and (stop := refusal(plan.checks)) is not None:
            # What was read refuses it. It is recorded once, however often it is decided on.
            reason = (plan.targets, plan, stop.code, stop.guard, stop.reason, by)
            self.log.decided(Decision(plan.playbook, plan.incident, *reason), world.now)
            return Finished(None, None, f"would run {plan}; refused because {stop.reason}")
        run, stop = self._begin(plan, case, actor, watch)
        if run is None:
            return self._refused(plan, world, stop, actor, notify=is_awaited)
        same = SameIncidentWatch(watch, lambda: run.acted, still)
        return self._execute(run, plan, case.playbook, world.now, same)

    def settle(self, run: str, cleared: bool, now: float, *, hold: bool = False, watch: Watch | None = None) -> None:
        """Judge a run at the end of its verify window: the condition cleared and stayed clear, or it did not.

        A run that did not help is rolled back. With `hold` the rollback waits for a person, since the effect is
        unknown. `watch` began before the judgement.
        """
        with self._lock:
            known = self.history.runs.get(run)
            if known is None or known.state != "executed":
                raise UsageError(f"expected a run that is executed and not yet verified; got {run!r}")
            playbook = self._planner.playbook(known.playbook)
            taken = self.history.on_targets_of(known)
            if not cleared and playbook is not None and not taken:
                # Nothing else may begin on its targets until it is clear whether it must be rolled back.
                known.rollback = "running"
        if cleared or playbook is None:
            data = {"run": run, "state": "verified" if cleared else "failed", "why": "verification"}
            self._write("ended", now, data | _judgement(known, cleared))
            return
        watch = watch or self.watch(known.playbook)
        rollback = self._rollback(known, playbook, self._execution(known, self._calls_of(run), now, watch))
        unsure = "it is unknown whether it helped" if hold else ""
        if taken:
            unsure = f"run {taken[0].id} of {taken[0].playbook} is active on its target"
        self._guarded(known, now, lambda: rollback.after_verification(unsure))

    def roll_back(
        self,
        run: str,
        actor: str,
        now: float,
        groups: Sequence[str] | None = None,
        watch: Watch | None = None,
        reason: str = "",
    ) -> Run:
        """Roll back a run whose rollback waits for a person; `watch` began with the request.

        `groups` are the actor's, None for the host's own user.
        """
        known, playbook = self._waiting(run, actor, groups)
        watch = watch or self.watch(known.playbook)
        self.may_roll_back(run, actor, groups)
        rollback = self._rollback(known, playbook, self._execution(known, self._calls_of(run), now, watch))
        with self._lock:
            if known.rollback not in WAITING:
                raise UsageError(f"the rollback of {run} is {known.rollback}")
            self._nobody_else_sends(known)
            known.rollback = "running"
        self._guarded(known, now, lambda: rollback.by_a_person(actor, reason))
        return known

    def may_roll_back(self, run: str, actor: str, groups: Sequence[str] | None = None) -> Run:
        """Raise `UsageError` if a rollback could not begin now; nothing is sent."""
        known, playbook = self._waiting(run, actor, groups)
        if (stopped := self.switches.halted(scopes(playbook))) is not None:
            raise UsageError(
                f"the rollback of {run} waits, as {stopped}: {'accept' if 'trail' in stopped else 'release'} it first"
            )
        self._nobody_else_sends(known)
        if not any(call.phase == "rollback" for call in self._calls_of(run)):
            raise UsageError(f"the rollback of {run} is manual: carry it out, then close it")
        return known

    def _nobody_else_sends(self, run: Run) -> None:
        for other in self.history.on_targets_of(run):
            if "running" in (other.state, other.rollback):
                raise UsageError(f"the rollback of {run.id} waits, as run {other.id} is active on its target")

    def close_rollback(
        self, run: str, actor: str, now: float, reason: str = "", groups: Sequence[str] | None = None
    ) -> Run:
        """Close the rollback of a run on a person's word that nothing remains to be done.

        Its targets are free again.
        """
        known, _ = self._waiting(run, actor, groups)
        why = f"closed by {actor}: {reason}" if reason else f"closed by {actor}"
        self._write("rollback", now, {"run": run, "state": "closed", "why": why, "actor": actor})
        return known

    def unsettled(self) -> list[tuple[Run, float]]:
        """Return the runs whose steps were accepted, each with the time by which its alerts must have cleared.

        The host calls `settle` for each: at that time, or as soon as the condition can no longer be met.
        """
        found = []
        for run in list(self.history.runs.values()):
            playbook = self._planner.playbook(run.playbook)
            if run.state == "executed" and playbook is not None:
                window = verify_window(playbook.verify)
                found.append((run, (run.ended_at or run.started_at) + (window.length_s if window is not None else 0.0)))
        return found

    def send_checks(self, run: Run, now: float, watch: Watch | None = None) -> str | None:
        """Send the checks of a run; return the problem, or None. Raise `UsageError` if it is stopped."""
        calls = [one for one in self._calls_of(run.id) if one.phase == "verify"]
        if self._planner.playbook(run.playbook) is None or not calls:
            return None
        execution = self._execution(run, calls, now, watch or self.watch(run.playbook))
        for call in calls:
            sent = execution.check(call)
            if sent.stopped is not None:
                raise UsageError(f"the checks of run {run.id} wait, as {sent.stopped}")
            if sent.problem is not None:
                return f"{call}: {sent.problem}"
        return None

    def expire(self, now: float) -> None:
        """Expire approvals of plans that were not run in time; `onTimeout: escalate` notifies people of it."""
        for plan, (name, incident) in list(self.history.plans.items()):
            playbook = self._planner.playbook(name)
            given = self.history.approvals.get(plan, [])
            wanted = playbook.approval if playbook is not None else None
            wait_s = seconds(wanted.timeout) if wanted is not None else 0.0
            if any(one.at > now - wait_s for one in given):
                continue
            data: dict[str, Any] = {"plan": plan, "playbook": name, "incident": incident}
            if wanted is not None and wanted.on_timeout == "escalate":
                count, names = len({one.actor for one in given}), ", ".join(wanted.approvers)
                short = f"{count} of {wanted.quorum} approvals within {wanted.timeout}"
                data |= {"say": f"{name} was not run: {short}; {names} may approve", "page": True}
            self._write("expired", now, data)

    def record_notified(self, seq: int, now: float) -> None:
        """Record that people were notified of the entry of that number."""
        self._write("said", now, {"entry": seq})

    def _changed(self, plan: Plan, approved: str, by: By) -> GuardCheck | None:
        """Return the refusal of a plan that is not the approved one, or of which something changed since."""
        if approved == (plan.base if by == "engine" else plan.id):
            return None
        # An engine's decision is made before anything is read: its plan is made now.
        bound = self.history.bound.get(approved)
        if by == "person" and bound is not None and bound.base == plan.base:
            stop = refusal(plan.checks, but="approval")
            if stop is not None:
                return stop
            what = "; ".join(changes(bound.states, plan.states)) or "what it would change"
            reason = f"changed since the plan was approved: {what}; check it and approve it again"
            return GuardCheck("stop and state", "refused", reason, "changed_since_plan", 12)
        reason = f"the plan changed since {approved} was approved: check it and approve it again"
        return GuardCheck("approval", "refused", reason, "plan_changed", 11)

    def _begin(self, plan: Plan, case: Case, actor: str, watch: Watch) -> tuple[Run | None, GuardCheck]:
        """Evaluate the guards and reserve the targets in one step; record the run before anything is sent."""
        with self._lock:
            stop = plan.weigh(evaluate(case))
            if stop is None and (stopped := watch.halted()) is not None:
                stop = GuardCheck("stop and state", "refused", stopped, "stopped_meanwhile", 12)
            if stop is not None:
                return None, stop
            run = Run(
                f"{plan.id}-{self.history.begun}",
                plan.playbook,
                case.playbook.version,
                plan.incident,
                plan.targets,
                case.world.now,
                plan=plan.id,
                actor=actor,
                by=case.by,
                body=body_of(case.playbook),
                left=[str(call) for call in plan.requests if call.phase == "step"],
                states=plan.states,
                base=plan.base,
            )
            self.history.begin(run, plan.requests)
        names = ("plan", "base", "playbook", "version", "incident", "targets", "actor", "by", "body")
        data: dict[str, Any] = {name: getattr(run, name) for name in names}
        if run.states:
            data["states"] = msgspec.to_builtins(run.states)
        if case.is_alone:
            data["trial"] = not case.world.confirmed
            data["say"] = f"{plan} was started without a person (run {run.id})"
        try:
            # Why it could begin: each guard's answer at that moment.
            data |= {"run": run.id, "requests": msgspec.to_builtins(plan.requests)}
            self._write("run", run.started_at, data | {"guards": msgspec.to_builtins(plan.checks)})
        except AuditError:
            with self._lock:
                self.history.forget(run.id)
            raise
        return run, GuardCheck("", "passed", "")

    def _execute(self, run: Run, plan: Plan, playbook: Playbook, now: float, watch: Watch) -> Finished:
        calls = [(call, key_of(playbook, run.incident, call)) for call in plan.requests]
        execution = self._execution(run, plan.requests, now, watch)
        self._guarded(run, now, lambda: self._conclude(run, playbook, execution, execution.run(calls)))
        because = f"; refused because {run.why}" if run.state == "refused" else f": {run.state}"
        what = "would run" if run.state == "refused" else "ran"
        return Finished(run.id, run.state, f"{what} {plan}{because}", run.done)

    def _waiting(self, run: str, actor: str, groups: Sequence[str] | None) -> tuple[Run, Playbook]:
        known = self.history.runs.get(run)
        if known is None or known.rollback not in WAITING:
            raise UsageError(f"expected a run whose rollback waits for a person; got {run[:80]!r}")
        playbook = self._planner.playbook(known.playbook)
        if playbook is None:
            raise UsageError(f"playbook {known.playbook} of run {run} is not in the catalogue: roll back by hand")
        if groups is not None:
            may_approve(playbook, actor, groups)
        return known, playbook

    def _refused(self, plan: Plan, world: World, stop: GuardCheck, actor: str, *, notify: bool) -> Finished:
        notice = f"{plan.playbook} was approved and not run: {stop.reason}" if notify else ""
        self._refuse(plan, world, stop, actor, notice)
        return Finished(None, None, f"would run {plan}; refused because {stop.reason}")


def _judgement(run: Run, cleared: bool) -> dict[str, Any]:
    """Return the notice of a judgement; nobody is notified of what a person approved and helped."""
    if cleared and run.by == "person":
        return {}
    result = "verified: the condition cleared and stayed clear" if cleared else "did not help"
    return {"incident": run.incident, "say": f"run {run.id} of {run.playbook} {result}"}
