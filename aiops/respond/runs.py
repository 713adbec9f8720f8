"""Guarded runs: plan (dry run), approve, run.

Every action is recorded before it, and its outcome after.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, field

from aiops.durations import seconds
from aiops.errors import UsageError
from aiops.ports import IncidentView
from aiops.respond.audit import AuditError, Trail
from aiops.respond.authority import may_approve
from aiops.respond.calls import Call, Systems, body_of, by_hand, key_of
from aiops.respond.decision_log import DecisionLog
from aiops.respond.decisions import Decision, decide
from aiops.respond.execution import Execution
from aiops.respond.format import Playbook
from aiops.respond.gate import PlanGate
from aiops.respond.guard_case import Case, GuardCheck, Policy, World
from aiops.respond.guards import evaluate, scopes
from aiops.respond.history import GLOBAL, WAITING, By, History, Run, RunState, ShadowState
from aiops.respond.plans import Plan, Planner
from aiops.respond.rollback import Rollback
from aiops.respond.sending import Gate, Transport
from aiops.respond.steps import verify_window
from aiops.respond.switches import SameIncidentWatch, Switches, Watch
from aiops.respond.trail_writer import Scribe
from aiops.step_kinds.exchange import Reply
from aiops.topology import Topology

__all__ = ["FIRST_START", "Finished", "Gate", "Plan", "Reply", "Runner", "Transport"]


# If the disk is slow with one line, it will not write another before the process ends.
GIVE_UP_WAIT_S = 2.0
# The reason of the global switch in a new trail.
FIRST_START = "first start"


class _GivenUp(AuditError):
    """Raised if the end of a run was recorded by another thread."""


class Finished(Struct):
    """The end of a run, step by step."""

    run: str | None
    state: RunState | ShadowState | None
    sentence: str
    steps: list[str] = field(default_factory=list)


class Runner:
    """Plans, approvals and runs over one audit trail. Thread-safe; no lock is held over I/O.

    A new trail starts with the global kill switch engaged. So does one that was cut, which a person must accept before
    anything runs. Runs that a crash cut off are marked unknown when the trail is opened. They are never repeated, and
    engage the kill switch of their playbook. A run of which nothing was sent is marked stopped.
    """

    def __init__(
        self,
        playbooks: Mapping[str, Playbook],
        topology: Topology,
        trail: Trail,
        transport: Transport,
        policy: Policy | None = None,
        *,
        now: float,
        systems: Systems | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """Open the trail.

        `systems` are those of the configuration, by name: a step of another one cannot run.
        `clock` gives Unix seconds for the entries of a run; without one, all have its start's.

        `sleep` replaces the pauses between attempts, which otherwise last until their time or a switch ends them.
        """
        self._clock, self._sleep, self._transport = clock, sleep, transport
        self._lock = threading.Lock()
        # Threads that write a line; no new one starts after the runs under way were given up.
        self._calm = threading.Condition(self._lock)
        self._writing, self._given_up = 0, False
        self._scribe = Scribe(trail)
        self.history = History()
        self.switches = Switches(self.history, self._scribe, self._lock)
        for entry in trail.take_entries():
            self.history.apply(entry)
        self.policy = policy or Policy()
        self._planner = Planner(playbooks, topology, self.policy, self.history, systems)
        self.log = DecisionLog(self.history, self._write)
        self._recover(trail, now)

    def switch(
        self, scope: str, engaged: bool, actor: str, now: float, reason: str = "", seen: float | None = None
    ) -> None:
        """Engage or release a kill switch: `global`, an owner such as `team:platform`, or `playbook:NAME`.

        Engaging one takes effect at once: no request starts after it, and active runs end. A release is refused if the
        last move is no longer that of the time `seen`.
        """
        if not actor:
            raise UsageError("a kill switch needs the name of the person who moves it")
        data = {"scope": scope, "engaged": engaged, "actor": actor, "reason": reason}
        if engaged:
            self.switches.engage(data, now)
        else:
            self.switches.release(data, now, seen)

    def accept_trail(self, actor: str, now: float, reason: str = "") -> None:
        """Accept the rest of a cut trail; its missing content counts as unknown, not as absent."""
        gap = self.history.gap
        if gap is None or gap.accepted:
            raise UsageError("expected an audit trail that was cut; this one is whole")
        if not actor:
            raise UsageError("a trail that was cut needs the name of the person who accepts it")
        self._write("accepted", now, {"actor": actor, "reason": reason, "problem": gap.problem})

    def plan(self, view: IncidentView, name: str, world: World, targets: Sequence[str] | None = None) -> Plan:
        """Make a dry run: nothing is sent and nothing is written. Targets default to the suspected cause."""
        return self._planner.plan(view, name, world, targets)[0]

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
    ) -> Plan:
        """Approve a plan as `actor` (and member of `groups`).

        Every other guard must hold now, and again at the run.
        """
        plan, case = self._planner.plan(view, name, world, targets)
        may_approve(case.playbook, actor, groups)
        stop = next((one for one in plan.checks if one.state == "refused" and one.guard != "approval"), None)
        if stop is not None:
            self._refuse(plan, world, stop, actor)
            raise UsageError(f"{plan.playbook} cannot be approved; {stop.guard}: {stop.reason}")
        self._write("approval", world.now, {"plan": plan.id, "actor": actor, "playbook": name, "incident": view.id})
        return self._planner.plan(view, name, world, targets)[0]

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

        A refusal is recorded and nothing is sent. Only the requests of the approved plan are sent. `watch` began with
        the approval: a stop since then prevents the run, even if it was released again. `still` returns why the
        incident is no longer the one that was decided on; it counts until the first step is sent, as steps change
        what it checks. `by` is `engine` for a run without a person, whose `approved` is the plan that was decided.
        """
        watch = watch or self.watch(name)
        plan, case = self._planner.plan(view, name, world, targets, by)
        is_awaited = approved is not None and by == "person"
        if approved is not None and plan.id != approved:
            reason = f"the plan changed since {approved} was approved: check it and approve it again"
            stop = GuardCheck("approval", "refused", reason, "plan_changed", 11)
            return self._refused(plan, world, stop, actor, notify=is_awaited)
        run, stop = self._begin(plan, case, actor, watch)
        if run is None:
            return self._refused(plan, world, stop, actor, notify=is_awaited)
        same = SameIncidentWatch(watch, lambda: run.acted, still)
        return self._execute(run, plan, case.playbook, world.now, same)

    def watch(self, playbook: str) -> Watch:
        """Start watching for a stop of a playbook."""
        known = self._planner.playbook(playbook)
        return Watch(self.switches, scopes(known) if known is not None else [GLOBAL])

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

    def end(self) -> None:
        """Start nothing more, as the daemon is shutting down; runs under way end as stopped."""
        self.switches.end()

    def give_up(self, now: float) -> None:
        """Record runs still under way as cut off, after `end`: the daemon no longer waits for them.

        A line that is being written is finished first; none follows. Raise `AuditError` if the disk refuses.
        """
        with self._calm:
            self._given_up = True
            if not self._calm.wait_for(lambda: self._writing == 0, GIVE_UP_WAIT_S):
                raise AuditError("the runs under way could not be recorded: the disk does not answer")
        for run in self._under_way():
            self._cut_off(
                run, self._time(now), "cut off by the shutdown of the daemon before an answer arrived; never repeated"
            )

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
            )
            self.history.begin(run, [call for call in plan.requests if call.phase in ("verify", "rollback")])
        names = ("plan", "playbook", "version", "incident", "targets", "actor", "by", "body")
        data: dict[str, Any] = {name: getattr(run, name) for name in names}
        if case.is_alone:
            data["say"] = f"{plan} was started without a person (run {run.id})"
        try:
            self._write("run", run.started_at, data | {"run": run.id, "requests": msgspec.to_builtins(plan.requests)})
        except AuditError:
            with self._lock:
                self.history.forget(run.id)
            raise
        return run, GuardCheck("", "passed", "")

    def _execute(self, run: Run, plan: Plan, playbook: Playbook, now: float, watch: Watch) -> Finished:
        calls = [(call, key_of(playbook, run.incident, call)) for call in plan.requests]
        execution = self._execution(run, plan.requests, now, watch)
        rollback = self._rollback(run, playbook, execution)
        self._guarded(run, now, lambda: rollback.after(execution.run(calls)))
        because = f"; refused because {run.why}" if run.state == "refused" else f": {run.state}"
        what = "would run" if run.state == "refused" else "ran"
        return Finished(run.id, run.state, f"{what} {plan}{because}", run.done)

    def _guarded(self, run: Run, now: float, work: Callable[[], None]) -> None:
        try:
            work()
        except _GivenUp:
            raise
        except Exception:
            # A step may or may not have been accepted: only "unknown" is true, and a person must check.
            self._cut_off(run, self._time(now), "cut off by an error; never repeated")
            raise

    def _execution(self, run: Run, calls: Sequence[Call], now: float, watch: Watch) -> Execution:
        write = lambda kind, data: self._write(kind, self._time(now), data)  # noqa: E731
        gate = PlanGate(calls, self._transport, watch.halted, self._sleep or watch.pause)
        return Execution(run, gate, write, lambda: self._time(now))

    def _rollback(self, run: Run, playbook: Playbook, execution: Execution) -> Rollback:
        calls = [call for call in self._calls_of(run.id) if call.phase == "rollback"]
        keyed = [(call, key_of(playbook, run.incident, call)) for call in calls]
        return Rollback(run, execution, keyed, by_hand(playbook.rollback), self.history)

    def _calls_of(self, run: str) -> list[Call]:
        """Return the requests of a run that remain: its checks and its rollback."""
        return list(self.history.calls.get(run, []))

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

    def _time(self, now: float) -> float:
        """Return the time by the clock; never before the run began, should the host's clock be set back."""
        return now if self._clock is None else max(now, self._clock())

    def _recover(self, trail: Trail, now: float) -> None:
        if (cut := trail.cut) is not None:
            # One line for all of it: a crash after it must not leave an engaged switch released.
            engaged = sorted({GLOBAL, *cut.engaged})
            self._write("cut", now, {"problem": cut.problem, "until": cut.until, "engaged": engaged})
        # Set back while no daemon ran: it is unknown how much time passed, so none counts.
        self.log.step_clock(min(0.0, now - self.history.high_water), now)
        for run in self._under_way():
            self._cut_off(run, now, "cut off by a crash; never repeated")
        if GLOBAL not in self.history.switches:
            self._engage(GLOBAL, now, FIRST_START)

    def _under_way(self) -> list[Run]:
        return [one for one in self.history.active() if "running" in (one.state, one.rollback)]

    def _cut_off(self, run: Run, now: float, why: str) -> None:
        data: dict[str, Any] = {"run": run.id, "incident": run.incident, "done": run.done, "left": run.left}
        if not run.keys:
            self._put("ended", now, {**data, "state": "stopped", "why": "cut off before anything was sent"})
            return
        scope = f"playbook:{run.playbook}"
        rollback = any(call.phase == "rollback" for call in self._calls_of(run.id))
        data |= {"state": "unknown", "why": why, "rollback": "waiting" if rollback else ""}
        data["say"] = f"run {run.id} of {run.playbook} was cut off: check its effect, then release {scope}"
        data["page"] = True
        # Both hold in memory even if the disk refuses.
        run.state, run.rollback = "unknown", data["rollback"]
        self.switches.hold(scope)
        self._put("ended", now, data)
        self._engage(scope, now, f"run {run.id} ended unknown")

    def _engage(self, scope: str, now: float, reason: str) -> None:
        data = {"scope": scope, "engaged": True, "actor": "aiops", "reason": reason}
        self.switches.engage(data, now, wait_s=None)

    def _refused(self, plan: Plan, world: World, stop: GuardCheck, actor: str, *, notify: bool) -> Finished:
        notice = f"{plan.playbook} was approved and not run: {stop.reason}" if notify else ""
        self._refuse(plan, world, stop, actor, notice)
        return Finished(None, None, f"would run {plan}; refused because {stop.reason}")

    def _refuse(self, plan: Plan, world: World, stop: GuardCheck, actor: str, notice: str = "") -> None:
        data = {"plan": plan.id, "playbook": plan.playbook, "incident": plan.incident, "targets": plan.targets}
        data |= {"guard": stop.guard, "reason": stop.reason, "code": stop.code, "actor": actor}
        self._write("refused", world.now, data | ({"say": notice} if notice else {}))

    def _write(self, kind: str, now: float, data: dict[str, Any]) -> None:
        """Write a line, unless the end of all runs was recorded."""
        with self._calm:
            if self._given_up:
                raise _GivenUp("the daemon ended before an answer arrived: the run is recorded as cut off")
            self._writing += 1
        try:
            self._put(kind, now, data)
        finally:
            with self._calm:
                self._writing -= 1
                self._calm.notify_all()

    def _put(self, kind: str, now: float, data: dict[str, Any]) -> None:
        """Write a line, wait for the disk, then apply it. Switches are applied by the code that moves them."""
        entry = self._scribe.write(kind, now, data)
        with self._lock:
            if kind != "switch":
                self.history.apply(entry)


def _judgement(run: Run, cleared: bool) -> dict[str, Any]:
    """Return the notice of a judgement; nobody is notified of what a person approved and helped."""
    if cleared and run.by == "person":
        return {}
    result = "verified: the condition cleared and stayed clear" if cleared else "did not help"
    return {"incident": run.incident, "say": f"run {run.id} of {run.playbook} {result}"}
