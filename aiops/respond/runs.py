"""Guarded runs: plan (dry run), approve, run. What is done is written down before, and what came of it after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Protocol

import msgspec
from msgspec import Struct, field

from aiops.errors import UsageError
from aiops.ports import IncidentView
from aiops.respond.audit import Trail
from aiops.respond.durations import seconds
from aiops.respond.format import Playbook
from aiops.respond.guards import Case, GuardCheck, Policy, World, evaluate, refusal, scopes
from aiops.respond.history import GLOBAL, History, Run, RunState
from aiops.respond.matching import compile_match, fit
from aiops.respond.parameters import Values, resolve
from aiops.respond.rendering import Request, request
from aiops.respond.situation import Situation, situation
from aiops.respond.steps import AlertResolved, Executable, Http, Webhook
from aiops.respond.trials import leading
from aiops.topology import Topology

# Pauses between attempts of an idempotent step: 1, 2, 4, 8 s. More patience than that is the outbox's business.
RETRY_PAUSE_S = 1.0
# Of an answer only the beginning is kept, and only in the trail: it can hold anything.
MAX_EXCERPT = 300


class Reply(Struct):
    """What came back: a status, or an `error` where nothing came back."""

    status: int = 0
    excerpt: str = ""
    error: str | None = None


class Transport(Protocol):
    """Sends a request once. The daemon passes its guarded client, which refuses private addresses and redirects."""

    def send(self, request: Request, idempotency_key: str) -> Reply:
        """Make one attempt within `request.timeout_s`; never raise for a peer's fault."""
        ...


class Plan(Struct):
    """What a run would do, guard by guard. `refused` is the first guard that says no."""

    id: str
    playbook: str
    incident: str
    targets: list[str]
    checks: list[GuardCheck]
    requests: list[Request]
    refused: str | None
    sentence: str


class Finished(Struct):
    """How a run ended, step by step."""

    run: str | None
    state: RunState | None
    sentence: str
    steps: list[str] = field(default_factory=list)


class Runner:
    """Plans, approvals and runs over one audit trail. Safe to call from several threads.

    A trail that is new starts with the global kill switch engaged. Runs that a crash cut off are marked unknown when
    the trail is opened, are never repeated, and engage the kill switch of their playbook.
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
        sleep: Callable[[float], None] = lambda _: None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        """`clock` gives Unix seconds for what a run writes down while it lasts; without one, all has its start's."""
        self._clock = clock
        self._compiled = {name: compile_match(playbook) for name, playbook in playbooks.items()}
        self._topology, self._trail, self._transport = topology, trail, transport
        self._policy, self._sleep = policy or Policy(), sleep
        self._lock = threading.RLock()
        self.history = History()
        for entry in trail.entries:
            self.history.apply(entry)
        trail.entries = []
        self._recover(now)

    def switch(self, scope: str, engaged: bool, actor: str, now: float, reason: str = "") -> None:
        """Engage or release a kill switch: `global`, an owner such as `team:platform`, or `playbook:NAME`."""
        if not actor:
            raise UsageError("a kill switch needs the name of who moves it")
        self._write("switch", now, {"scope": scope, "engaged": engaged, "actor": actor, "reason": reason})

    def plan(self, view: IncidentView, name: str, world: World, targets: Sequence[str] | None = None) -> Plan:
        """A dry run: nothing is sent and nothing is written. Targets are the suspected cause unless given."""
        return self._plan(view, name, world, targets)[0]

    def approve(
        self,
        view: IncidentView,
        name: str,
        world: World,
        actor: str,
        groups: Sequence[str] = (),
        targets: Sequence[str] | None = None,
    ) -> Plan:
        """Approve a plan as `actor` (and member of `groups`); every other guard must hold now, and again at the run."""
        with self._lock:
            plan, case, _ = self._plan(view, name, world, targets)
            allowed = set(case.playbook.approval.approvers)
            if not actor or not allowed.intersection({actor, f"user:{actor}", *groups}):
                raise UsageError(f"{actor or 'nobody'} may not approve {name}; {', '.join(sorted(allowed))} may")
            stop = refusal(plan.checks, but="approval")
            if stop is not None:
                self._refuse(plan, world, stop, actor)
                raise UsageError(f"{plan.playbook} cannot be approved; {stop.guard}: {stop.reason}")
            self._write("approval", world.now, {"plan": plan.id, "actor": actor, "playbook": name, "incident": view.id})
            return self._plan(view, name, world, targets)[0]

    def run(
        self, view: IncidentView, name: str, world: World, actor: str, targets: Sequence[str] | None = None
    ) -> Finished:
        """Run an approved plan. All guards are asked again; a refusal is written down and nothing is sent."""
        with self._lock:
            plan, case, values = self._plan(view, name, world, targets)
            stop = refusal(plan.checks)
            if stop is not None:
                self._refuse(plan, world, stop, actor)
                return Finished(None, None, plan.sentence)
            failed = self._preconditions(case, values)
            if failed:
                self._refuse(plan, world, GuardCheck("precondition", "refused", failed), actor)
                return Finished(None, None, f"would run {_what(plan)}; refused because {failed}")
            run = f"{plan.id}-{len(self.history.runs)}"
            self._write(
                "run",
                world.now,
                {
                    "run": run,
                    "plan": plan.id,
                    "playbook": name,
                    "version": case.playbook.version,
                    "incident": view.id,
                    "targets": plan.targets,
                    "actor": actor,
                },
            )
        try:
            return self._execute(run, plan, case, values, world)
        except Exception:
            # A step may or may not have been taken: only "unknown" is true, and a person must look.
            self._cut_off(run, name, self._time(world), "cut off by an error; never repeated")
            raise

    def settle(self, run: str, cleared: bool, now: float) -> None:
        """The verify window is over: the condition cleared and stayed clear, or it did not."""
        with self._lock:
            known = self.history.runs.get(run)
            if known is None or known.state != "executed":
                raise UsageError(f"expected a run that is executed and not yet verified; got {run!r}")
            self._write("ended", now, {"run": run, "state": "verified" if cleared else "failed", "why": "verification"})

    def unsettled(self) -> list[tuple[Run, float]]:
        """Runs whose steps were accepted, with the time until which their alerts must have cleared and stayed so.

        The host calls `settle` for each: at that time, or as soon as the condition cannot be met any more.
        """
        found = []
        for run in self.history.runs.values():
            compiled = self._compiled.get(run.playbook)
            if run.state == "executed" and compiled is not None:
                checks = [check for check in compiled.playbook.verify if isinstance(check, AlertResolved)]
                window_s = max((seconds(check.within) + seconds(check.stable_for) for check in checks), default=0.0)
                found.append((run, (run.ended_at or run.started_at) + window_s))
        return found

    def _plan(
        self, view: IncidentView, name: str, world: World, targets: Sequence[str] | None
    ) -> tuple[Plan, Case, list[Values]]:
        compiled = self._compiled.get(name)
        if compiled is None:
            raise UsageError(f"expected a playbook of the catalogue; got {name!r}")
        now = situation(view, self._topology)
        chosen = list(targets) if targets is not None else ([now.cause] if now.cause else [])
        found = fit(compiled, now, strict=True)
        lead = leading(found, now)
        values = [resolve(compiled.playbook, _on(now, target), lead) for target in chosen]
        plan_id = _digest(name, compiled.playbook.version, view.id, *chosen)[:16]
        world = msgspec.structs.replace(world, members=world.members or self._members(now))
        case = Case(compiled.playbook, now, found, chosen, values, plan_id, self.history, self._policy, world)
        checks = evaluate(case)
        stop = refusal(checks)
        requests = [
            request(step, value.values) for value in values if not value.missing for step in _steps(compiled.playbook)
        ]
        plan = Plan(plan_id, name, view.id, chosen, checks, requests, stop.reason if stop else None, "")
        plan.sentence = f"would run {_what(plan)}" + (f"; refused because {stop.reason}" if stop else "")
        return plan, case, values

    def _members(self, now: Situation) -> int | None:
        if now.service is None or now.service == now.cause:
            return None
        count = sum(1 for node in self._topology.nodes if self._topology.service_of(node) == now.service)
        # The service's own node is no member that a run could touch.
        return count - 1 if now.service in self._topology.nodes and count > 1 else count or None

    def _preconditions(self, case: Case, values: list[Values]) -> str | None:
        for value in values:
            for step in case.playbook.preconditions:
                asked = request(step, value.values)
                reply = self._transport.send(asked, "")
                if reply.error or reply.status not in asked.statuses:
                    return f"precondition {step.name!r} answered {reply.error or reply.status}"
        return None

    def _execute(self, run: str, plan: Plan, case: Case, values: list[Values], world: World) -> Finished:
        done: list[str] = []
        for target, value in zip(plan.targets, values, strict=True):
            for index, step in enumerate(_steps(case.playbook)):
                problem = self._step(run, case, target, value, f"step {index}", step, world)
                done.append(f"{step.name} on {target}: {problem or 'accepted'}")
                if problem:
                    done += self._rollback(run, case, target, value, world)
                    return self._end(run, "failed", plan, done, world)
        return self._end(run, "executed", plan, done, world)

    def _rollback(self, run: str, case: Case, target: str, value: Values, world: World) -> list[str]:
        done = []
        for index, step in enumerate(case.playbook.rollback):
            if isinstance(step, Http | Webhook):
                problem = self._step(run, case, target, value, f"rollback {index}", step, world)
                done.append(f"rollback {step.name} on {target}: {problem or 'accepted'}")
        return done

    def _step(
        self, run: str, case: Case, target: str, value: Values, place: str, step: Executable, world: World
    ) -> str | None:
        """Send one step; None where it was accepted, else why not. The kill switch is read again before each."""
        scope = self.history.engaged(scopes(case.playbook))
        if scope:
            return f"kill switch {scope} is engaged"
        asked = request(step, value.values)
        key = _digest(case.playbook.name, case.playbook.version, target, case.situation.incident, place)
        plain = msgspec.to_builtins(asked)
        intent = {"run": run, "key": key, "place": place, "target": target, "request": plain}
        self._write("intent", self._time(world), intent)
        reply = self._send(step, asked, key)
        problem = reply.error or (None if reply.status in asked.statuses else f"status {reply.status}")
        outcome = {"run": run, "key": key, "status": reply.status, "problem": problem}
        self._write("outcome", self._time(world), {**outcome, "excerpt": reply.excerpt[:MAX_EXCERPT]})
        return problem

    def _send(self, step: Executable, asked: Request, key: str) -> Reply:
        reply = self._transport.send(asked, key)
        for attempt in range(1, step.attempts if step.idempotent else 1):
            if reply.error is None and reply.status < 500 and reply.status != 429:
                break
            self._sleep(RETRY_PAUSE_S * 2 ** (attempt - 1))
            reply = self._transport.send(asked, key)
        return reply

    def _end(self, run: str, state: RunState, plan: Plan, done: list[str], world: World) -> Finished:
        self._write("ended", self._time(world), {"run": run, "state": state, "why": done[-1] if done else ""})
        return Finished(run, state, f"ran {_what(plan)}: {state}", done)

    def _time(self, world: World) -> float:
        """The time by the clock; never before the run began, should the host's clock be set back."""
        return world.now if self._clock is None else max(world.now, self._clock())

    def _recover(self, now: float) -> None:
        for run in self.history.active():
            self._cut_off(run.id, run.playbook, now, "cut off by a crash; never repeated")
        if GLOBAL not in self.history.switches:
            self._write("switch", now, {"scope": GLOBAL, "engaged": True, "actor": "aiops", "reason": "first start"})

    def _cut_off(self, run: str, playbook: str, now: float, why: str) -> None:
        self._write("ended", now, {"run": run, "state": "unknown", "why": why})
        data = {
            "scope": f"playbook:{playbook}",
            "engaged": True,
            "actor": "aiops",
            "reason": f"run {run} ended unknown",
        }
        self._write("switch", now, data)

    def _refuse(self, plan: Plan, world: World, stop: GuardCheck, actor: str) -> None:
        data = {"plan": plan.id, "playbook": plan.playbook, "incident": plan.incident, "targets": plan.targets}
        self._write("refused", world.now, {**data, "guard": stop.guard, "reason": stop.reason, "actor": actor})

    def _write(self, kind: str, now: float, data: dict[str, Any]) -> None:
        with self._lock:
            self.history.apply(self._trail.append(kind, now, data))


def _steps(playbook: Playbook) -> list[Executable]:
    return [step for step in playbook.steps if isinstance(step, Http | Webhook)]


def _on(now: Situation, target: str) -> Situation:
    return msgspec.structs.replace(now, cause=target)


def _what(plan: Plan) -> str:
    return f"{plan.playbook} on {', '.join(plan.targets) or 'nothing'}"


def _digest(*parts: str) -> str:
    return sha256("\0".join(parts).encode()).hexdigest()
