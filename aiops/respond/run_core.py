"""The core of guarded runs: trail, history and switches, and how a run is carried out and cut off.

Every action is recorded before it, and its outcome after.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from typing import Any

from aiops.errors import UsageError
from aiops.respond.audit import AuditError, Trail
from aiops.respond.calls import Call, Systems, by_hand, key_of
from aiops.respond.decision_log import DecisionLog
from aiops.respond.execution import Execution, Outcome
from aiops.respond.format import Playbook
from aiops.respond.gate import PlanGate
from aiops.respond.guard_case import GuardCheck, Policy, World
from aiops.respond.guards import scopes
from aiops.respond.history import GLOBAL, History, Run, RunState
from aiops.respond.plans import Plan, Planner
from aiops.respond.rollback import Rollback
from aiops.respond.run_progress import steps_text
from aiops.respond.secrets import Secrets
from aiops.respond.sending import Transport
from aiops.respond.switches import Switches, Watch
from aiops.respond.trail_writer import Scribe
from aiops.topology import Topology

# If the disk is slow with one line, it will not write another before the process ends.
GIVE_UP_WAIT_S = 2.0
# The reason of the global switch in a new trail.
FIRST_START = "first start"


class GivenUp(AuditError):
    """Raised if the end of a run was recorded by another thread."""


class RunnerCore:
    """All of a `Runner` but what starts, judges and rolls back its runs."""

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
        secrets: Secrets | None = None,
        sleep: Callable[[float], None] | None = None,
        clock: Callable[[], float] | None = None,
        nonce: Callable[[], str] = lambda: token_hex(16),
    ) -> None:
        """Open the trail.

        `systems` and `secrets` are those of the configuration: a step without its own cannot run.
        `clock` gives Unix seconds for the entries of a run; without one, all have its start's.

        `sleep` replaces the pauses between attempts, which otherwise last until their time or a switch ends them.
        `nonce` returns text that nobody can guess.
        """
        self._clock, self._sleep, self._transport, self._nonce = clock, sleep, transport, nonce
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
        self.topology = topology
        self._planner = Planner(playbooks, topology, self.policy, self.history, systems, secrets)
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

    def watch(self, playbook: str) -> Watch:
        """Start watching for a stop of a playbook."""
        known = self._planner.playbook(playbook)
        return Watch(self.switches, scopes(known) if known is not None else [GLOBAL])

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

    def _guarded(self, run: Run, now: float, work: Callable[[], None]) -> None:
        try:
            work()
        except GivenUp:
            raise
        except Exception:
            # A step may or may not have been accepted: only "unknown" is true, and a person must check.
            self._cut_off(run, self._time(now), "cut off by an error; never repeated")
            raise

    def _execution(self, run: Run, calls: Sequence[Call], now: float, watch: Watch) -> Execution:
        write = lambda kind, data: self._write(kind, self._time(now), data)  # noqa: E731
        gate = PlanGate(calls, self._transport, watch.halted, self._sleep or watch.pause)
        return Execution(run, gate, write, lambda: self._time(now), states=run.states)

    def _rollback(self, run: Run, playbook: Playbook, execution: Execution) -> Rollback:
        calls = [call for call in self._calls_of(run.id) if call.phase == "rollback"]
        keyed = [(call, key_of(playbook, run.incident, call)) for call in calls]
        return Rollback(run, execution, keyed, by_hand(playbook.rollback), self.history)

    def _calls_of(self, run: str) -> list[Call]:
        """Return the requests of a run that remain after its steps: its checks and its rollback."""
        return [call for call in self.history.calls.get(run, []) if call.phase in ("verify", "rollback")]

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
        data: dict[str, Any] = {"run": run.id, "incident": run.incident}
        data |= {"done": list(run.done), "left": list(run.left), "unknown": list(run.unknown)}
        if not run.keys:
            self._put("ended", now, {**data, "state": "stopped", "why": "cut off before anything was sent"})
            return
        scope = f"playbook:{run.playbook}"
        rollback = any(call.phase == "rollback" for call in self._calls_of(run.id))
        data |= {"state": "unknown", "why": why, "rollback": "waiting" if rollback else ""}
        what = f"run {run.id} of {run.playbook} was cut off ({steps_text(run)})"
        data["say"] = f"{what}: check its effect, then release {scope}"
        data["page"] = True
        # Both hold in memory even if the disk refuses.
        run.state, run.rollback, run.why = "unknown", data["rollback"], why
        self.switches.hold(scope)
        self._put("ended", now, data)
        self._engage(scope, now, f"run {run.id} ended unknown")

    def _engage(self, scope: str, now: float, reason: str) -> None:
        data = {"scope": scope, "engaged": True, "actor": "aiops", "reason": reason}
        self.switches.engage(data, now, wait_s=None)

    def _conclude(self, run: Run, playbook: Playbook, execution: Execution, outcome: Outcome[RunState]) -> None:
        """End a run after its steps, or let it wait for people."""
        if outcome.waits is None:
            self._rollback(run, playbook, execution).after(outcome)
            return
        call, body = outcome.waits, outcome.waits.body
        names = ", ".join(body["approvers"] or playbook.approval.approvers)
        data: dict[str, Any] = {"run": run.id, "incident": run.incident, "why": outcome.why}
        data |= {"done": outcome.done, "left": outcome.left, "place": call.place, "target": call.target}
        data |= {"name": call.name, "text": body["text"], "approvers": body["approvers"], "quorum": body["quorum"]}
        data |= {"length_s": body["seconds"], "escalates": body["onTimeout"] == "escalate"}
        data |= {"nonce": self._nonce(), "scopes": scopes(playbook)}
        left = f"{call.name}, within {body['timeout']}; {names} may approve"
        data["say"] = f"run {run.id} of {run.playbook} waits for an approval: {left}"
        # Whoever approved the start of a run expects it; nobody else does.
        data["page"] = run.by == "engine"
        execution.write("waiting", data)

    def _refuse(self, plan: Plan, world: World, stop: GuardCheck, actor: str, notice: str = "", **more: str) -> None:
        data = {"plan": plan.id, "playbook": plan.playbook, "incident": plan.incident, "targets": plan.targets}
        data |= {"guard": stop.guard, "reason": stop.reason, "code": stop.code, "actor": actor} | more
        self._write("refused", world.now, data | ({"say": notice} if notice else {}))

    def _write(self, kind: str, now: float, data: dict[str, Any]) -> None:
        """Write a line, unless the end of all runs was recorded."""
        with self._calm:
            if self._given_up:
                raise GivenUp("the daemon ended before an answer arrived: the run is recorded as cut off")
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
