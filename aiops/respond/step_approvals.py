"""Runs that wait for people in the middle: approvals of remaining steps, rejections, timeouts.

What a run would do next is planned as a run is: every guard is evaluated again, what its steps would change is read
again, and an approval is for exactly that. Silence is never an approval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from aiops.errors import UsageError
from aiops.ports import IncidentView
from aiops.respond.audit import AuditError
from aiops.respond.authority import may_approve
from aiops.respond.calls import Call, StepState, continuation_id, key_of
from aiops.respond.format import Playbook
from aiops.respond.gate import PlanGate
from aiops.respond.guard_case import Case, GuardCheck, World
from aiops.respond.guards import evaluate, refusal
from aiops.respond.history import Run, Wait, step_place
from aiops.respond.plans import Plan
from aiops.respond.run_core import RunnerCore
from aiops.respond.states import changes, observing, read_states
from aiops.respond.switches import Watch


class Continuation(Struct):
    """The rest of a waiting run.

    `id` is what an approval is for; it changes with what was read. `requests` are its remaining steps. `given` are
    those who approved this, `approvers` those who may. `refused` is the first guard that refuses, with its `code`.
    """

    id: str
    run: str
    playbook: str
    incident: str
    targets: list[str]
    step: str
    text: str
    approvers: list[str]
    quorum: int
    given: list[str]
    until: float
    done: list[str]
    requests: list[Call]
    checks: list[GuardCheck]
    refused: str | None = None
    code: str = ""
    states: list[StepState] = []
    warnings: list[str] = []

    def __str__(self) -> str:
        return f"{self.playbook} on {', '.join(self.targets)} after {self.step!r}"


class StepApprovals(RunnerCore):
    """The part of a `Runner` for runs that wait."""

    def continuation(
        self, run: str, view: IncidentView, world: World, states: Sequence[StepState] = ()
    ) -> Continuation:
        """Return what a waiting run would do next; nothing is sent and nothing is written."""
        return self._continuation(self._waits(run), view, world, states)[0]

    def read_rest(self, run: str, view: IncidentView, world: World, watch: Watch | None = None) -> list[StepState]:
        """Read what the rest of a run would change, unless a guard refuses it; nothing is changed."""
        known = self._waits(run)
        found = self._continuation(known, view, world, ())[0]
        if found.refused is not None or not observing(found.requests):
            return []
        watch = watch or self.watch(known.playbook)
        return read_states(found.requests, PlanGate(found.requests, self._transport, watch.halted, watch.pause))

    def approve_step(
        self,
        run: str,
        view: IncidentView,
        world: World,
        actor: str,
        groups: Sequence[str],
        expected: str,
        watch: Watch | None = None,
    ) -> tuple[Continuation, bool]:
        """Approve the remaining steps of a run, as the continuation of the id `expected`.

        Return it, and True if enough people approved exactly that. Every guard must hold now, and again when it
        continues.
        """
        known = self._waits(run)
        found = self._read_again(known, view, world, watch)[0]
        may_approve(self._playbook_of(known), actor, groups, found.approvers)
        if found.refused is not None:
            stop = next(one for one in found.checks if one.state == "refused")
            self._refuse_rest(known, world, stop, actor)
            raise UsageError(f"{found} cannot be approved; {stop.guard}: {stop.reason}")
        if found.id != expected:
            raise UsageError(f"expected the steps as they are now, {found.id}; got {expected[:40]!r}: look again")
        data = {"run": run, "approval": found.id, "actor": actor, "states": msgspec.to_builtins(found.states)}
        self._write("step-approval", world.now, data | {"incident": known.incident, "playbook": known.playbook})
        if known.wait is None:
            raise UsageError(f"run {run} does not wait any more")
        found.given = _given(known.wait, found.id)
        return found, len(found.given) >= found.quorum

    def resume(self, run: str, view: IncidentView, world: World, approved: str, watch: Watch | None = None) -> Run:
        """Continue a run whose rest was approved as `approved`; `watch` began with the last approval.

        If a guard refuses, or something changed, the run waits on, for other approvals.
        """
        known = self._waits(run)
        watch = watch or self.watch(known.playbook)
        found, case = self._read_again(known, view, world, watch)
        with self._lock:
            stop = self._why_not(known, found, case, approved, watch)
            if stop is None:
                # Nobody else takes it from here.
                known.state = "running"
        if stop is not None:
            self._refuse_rest(known, world, stop, "aiops", notify=True)
            return known
        data: dict[str, Any] = {"run": run, "incident": known.incident, "states": msgspec.to_builtins(found.states)}
        data["left"] = [str(call) for call in found.requests]
        try:
            self._write("continued", world.now, data | {"approval": approved})
        except AuditError:
            known.state = "waiting"
            raise
        playbook = self._playbook_of(known)
        execution = self._execution(known, [*found.requests, *self._calls_of(run)], world.now, watch)
        keyed = [(call, key_of(playbook, known.incident, call)) for call in found.requests]
        self._guarded(
            known, world.now, lambda: self._conclude(known, playbook, execution, execution.resume(keyed, known.done))
        )
        return known

    def reject_step(self, run: str, actor: str, now: float, reason: str, watch: Watch | None = None) -> Run:
        """End a run that waits, as a person rejected its remaining steps; what it did is rolled back."""
        if not actor:
            raise UsageError("a rejection needs the name of its person")
        known = self._waits(run)
        return self._leave(known, now, f"rejected by {actor}: {reason}", actor, page=False, watch=watch)

    def overdue(self, now: float) -> list[Run]:
        """Return the runs whose time to wait has passed; the host calls `time_out` for each."""
        waiting = [run for run in self.history.active() if run.state == "waiting" and run.wait is not None]
        return [run for run in waiting if run.wait is not None and now >= run.wait.until]

    def time_out(self, run: str, now: float, watch: Watch | None = None) -> Run:
        """End a run that nobody approved in time: roll back what it did, call or notify people."""
        known = self._waits(run)
        assert known.wait is not None
        if now < known.wait.until:
            raise UsageError(f"run {run} waits on")
        most = max((len({one.actor for one in given}) for given in known.wait.approvals.values()), default=0)
        why = f"{known.wait.name!r} had {most} of {known.wait.quorum} approvals in time"
        return self._leave(known, now, why, "aiops", page=known.wait.escalates, watch=watch)

    def _why_not(self, run: Run, found: Continuation, case: Case, approved: str, watch: Watch) -> GuardCheck | None:
        """Return why a run does not continue; with the lock held."""
        if run.state != "waiting" or run.wait is None:
            raise UsageError(f"run {run.id} does not wait any more")
        stop = refusal(found.checks) or refusal(evaluate(case), but="approval")
        if stop is not None:
            return stop
        if (stopped := watch.halted()) is not None:
            return GuardCheck("stop and state", "refused", stopped, "stopped_meanwhile", 12)
        if found.id != approved:
            what = "; ".join(changes(run.wait.states.get(approved, []), found.states)) or "what is left to do"
            reason = f"changed since it was approved: {what}; check it and approve it again"
            return GuardCheck("stop and state", "refused", reason, "changed_since_plan", 12)
        count = len(_given(run.wait, approved))
        if count < run.wait.quorum or case.world.now >= run.wait.until:
            reason = f"{count} of {run.wait.quorum} approvals of it in time"
            return GuardCheck("approval", "refused", reason, "approval_missing", 11)
        return None

    def _read_again(self, run: Run, view: IncidentView, world: World, watch: Watch | None) -> tuple[Continuation, Case]:
        return self._continuation(run, view, world, self.read_rest(run.id, view, world, watch))

    def _continuation(
        self, run: Run, view: IncidentView, world: World, states: Sequence[StepState]
    ) -> tuple[Continuation, Case]:
        wait = run.wait
        assert wait is not None
        plan, case = self._planner.plan(view, run.playbook, world, run.targets, states=states, own=run.id)
        checks = [one for one in plan.checks if one.guard != "approval"]
        if plan.base != run.base:
            reason = "another plan would be made now: reject what is left, and begin anew"
            checks.insert(0, GuardCheck("approval", "refused", reason, "plan_changed", 11))
        stop = refusal(checks)
        place = step_place(wait.place, wait.target)
        made = continuation_id(run.id, run.plan, place, wait.nonce, states)
        approvers = wait.approvers or self._playbook_of(run).approval.approvers
        found = Continuation(
            made,
            run.id,
            run.playbook,
            run.incident,
            run.targets,
            wait.name,
            wait.text,
            list(approvers),
            wait.quorum,
            _given(wait, made),
            wait.until,
            list(run.done),
            self._rest(run, wait),
            checks,
            stop.reason if stop is not None else None,
            stop.code if stop is not None else "",
            list(states),
            plan.warnings,
        )
        return found, case

    def _rest(self, run: Run, wait: Wait) -> list[Call]:
        """Return the steps after the one at which a run waits."""
        steps = [call for call in self.history.calls.get(run.id, []) if call.phase == "step"]
        places = [(call.place, call.target) for call in steps]
        return steps[places.index((wait.place, wait.target)) + 1 :]

    def _leave(self, run: Run, now: float, why: str, actor: str, *, page: bool, watch: Watch | None) -> Run:
        playbook, watch = self._planner.playbook(run.playbook), watch or self.watch(run.playbook)
        with self._lock:
            if run.state != "waiting":
                raise UsageError(f"run {run.id} does not wait any more")
            run.state = "running"
        if playbook is None:
            # Nobody knows any more what is to be done by hand: its targets stay taken until somebody has looked.
            why = f"{why}; its playbook is not in the catalogue any more: check what it did"
            data: dict[str, Any] = {
                "run": run.id,
                "incident": run.incident,
                "state": "stopped",
                "why": why,
                "actor": actor,
            }
            data |= {"rollback": "waiting" if run.touched else "", "say": f"run {run.id} stopped: {why}", "page": True}
            self._write("ended", now, data)
            return run
        rollback = self._rollback(run, playbook, self._execution(run, self._calls_of(run.id), now, watch))
        self._guarded(run, now, lambda: rollback.after_waiting(why, actor, page=page))
        return run

    def _waits(self, run: str) -> Run:
        known = self.history.runs.get(run)
        if known is None or known.state != "waiting" or known.wait is None:
            raise UsageError(f"expected a run that waits for an approval; got {run[:80]!r}")
        return known

    def _playbook_of(self, run: Run) -> Playbook:
        found = self._planner.playbook(run.playbook)
        if found is None:
            raise UsageError(f"playbook {run.playbook} of run {run.id} is not in the catalogue: put it back first")
        return found

    def _refuse_rest(self, run: Run, world: World, stop: GuardCheck, actor: str, *, notify: bool = False) -> None:
        """Record that a waiting run does not continue; the approvals given so far are void."""
        plan = Plan(run.plan, run.playbook, run.incident, run.targets, [], [], None, "")
        notice = f"run {run.id} of {run.playbook} was approved and waits on: {stop.reason}" if notify else ""
        self._refuse(plan, world, stop, actor, notice, run=run.id)


def _given(wait: Wait, approval: str) -> list[str]:
    """Return those who approved a continuation, each once."""
    return list(dict.fromkeys(one.actor for one in wait.approvals.get(approval, [])))
