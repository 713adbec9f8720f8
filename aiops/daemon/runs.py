"""Guarded runs in the daemon: plans, approvals, the runs that follow, and their judgement.

A run has a thread of its own, because the systems that it calls may be slow. When the daemon ends, no request is
started any more. A run whose last request is answered in time ends as stopped. One that is under way longer is recorded
as cut off, as it is after a crash, and never repeated.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from aiops.daemon.auto_runs import ACTOR, AutoRuns, Candidate, Links
from aiops.daemon.plan_states import PlanStates
from aiops.daemon.run_health import health_of, metrics_of, switches_of, unknown_of
from aiops.daemon.run_world import ClockSteps, Managed, Worlds
from aiops.daemon.step_approvals import Host, StepRuns
from aiops.engine.fleet import Fleet
from aiops.engine.incident_view import CurrentIncident
from aiops.errors import AiopsError, UsageError
from aiops.records import Incident
from aiops.respond.audit import Trail
from aiops.respond.authority import Authority, may_approve, optional_reason, required_reason
from aiops.respond.catalogue import Catalogue
from aiops.respond.config import RespondConfig
from aiops.respond.format import Playbook
from aiops.respond.guard_case import MODES, Policy, World
from aiops.respond.history import GLOBAL, MAX_RUNS, Decided, Mode, Refusal, Run, SwitchMove
from aiops.respond.matching import compile_match
from aiops.respond.promotion import Promotion, may_set, promotion_of
from aiops.respond.run_record import RunRecord, read_record
from aiops.respond.runs import Plan, Runner, Transport
from aiops.respond.secrets import Secrets
from aiops.respond.states import unread
from aiops.respond.steps import Manual, can_run, verify_window
from aiops.respond.switches import Watch
from aiops.respond.systems import read_systems
from aiops.telemetry.logs import log
from aiops.telemetry.metrics import Family
from aiops.topology import Topology

# Windows of verification are minutes long: a few seconds later is soon enough.
SETTLE_EVERY_S = 5.0
# Each waits for a system that somebody approved to be called; more at once is no careful hand any more.
MAX_AT_ONCE = 8
FindIncident = Callable[[str], CurrentIncident | None]


class Closable(Transport, Protocol):
    """A transport that holds connections."""

    def close(self) -> None:
        """Close them."""
        ...


class Outlook(Struct):
    """The rest of the daemon, as runs without a person need it.

    `candidates` lists open incidents with their suggestions, `fleet` counts entities, `managed` names what manages
    targets from a repository. `monotonic` is a clock that nobody sets.
    """

    candidates: Callable[[], Sequence[Candidate]] = lambda: ()
    fleet: Callable[[], Fleet] = lambda: Fleet(0, 0)
    managed: Managed = lambda targets: {}
    monotonic: Callable[[], float] = time.monotonic


class Runs:
    """The guarded runs of one daemon; safe for many threads.

    `find_incident` returns an incident as the engine holds it (`AiopsError` if it does not answer). `learn(incident,
    playbook, outcome)` records if a run helped. `notify(incident, text)` has people notified and returns True once that
    is settled; after False it is tried again. `clock` gives Unix seconds.
    """

    def __init__(
        self,
        config: RespondConfig,
        catalogue: Catalogue,
        topology: Topology,
        trail: Trail,
        transport: Closable,
        find_incident: FindIncident,
        learn: Callable[[str, str, str], None],
        clock: Callable[[], float],
        notify: Callable[[str, str, bool], bool] = lambda incident, text, page: True,
        outlook: Outlook | None = None,
    ) -> None:
        self._notify, outlook = notify, outlook or Outlook()
        self._playbooks = catalogue.playbooks
        self._authority = Authority(catalogue.playbooks, config.groups)
        self._trail, self._transport = trail, transport
        self._find_incident, self._learn, self._clock = find_incident, learn, clock
        self._stop = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._is_closed = self._given_up = False
        self._settler = threading.Thread(target=self._settle_all, name="runs", daemon=True)
        policy, systems = Policy.of(config), read_systems(config)
        self._secrets = Secrets(config.secrets, systems)
        # What no step can be sent with, whatever its parameters are: it stays so until the configuration changes.
        self._lacking = [why for one in catalogue.playbooks.values() for why in self._secrets.lacking(one)]
        self._runner = Runner(
            catalogue.playbooks,
            topology,
            trail,
            transport,
            policy,
            now=clock(),
            systems=systems,
            secrets=self._secrets,
            clock=clock,
        )
        self._steps = ClockSteps(clock, outlook.monotonic)
        self._worlds = Worlds(clock, outlook.fleet, outlook.managed)
        links = Links(outlook.candidates, find_incident, self._world, self._begin, self._is_cleared)
        self._auto = AutoRuns(self._runner, self._playbooks, links, clock)
        self._states = PlanStates()
        host = Host(self._open, self._world, self._authority.groups_of, self._begin, clock)
        self.steps = StepRuns(self._runner, host, self._states)
        self._is_begun = False
        named = {*config.auto.playbooks, *config.auto.shadow, *config.auto.reversible} - set(self._playbooks)
        if named:
            log(logging.WARNING, f"respond.auto names playbooks that the catalogue lacks: {', '.join(sorted(named))}")
        for why in dict.fromkeys([*self._secrets.problems(), *self._lacking]):
            log(logging.WARNING, f"{why}; what needs it is not run")
        for run in unknown_of(self._runner.history):
            log(logging.ERROR, "a run was cut off: look at what it did, then release its switch", run=run.id)

    def start(self) -> None:
        """Start to judge runs, and to start those that need no person."""
        looping = self._runner.log.begin_life(self._clock())
        self._is_begun = True
        if looping is not None:
            log(logging.ERROR, f"{looping}: nothing runs until a person releases the kill switch")
            self._runner.switch(GLOBAL, True, ACTOR, self._clock(), looping)
        self._settler.start()

    def end(self) -> None:
        """Start nothing more: no run, and no request of one that is under way."""
        self._stop.set()
        self._runner.end()

    def stop(self, timeout_s: float) -> None:
        """Start nothing more; runs under way may end within the time, and after that until `finish`."""
        self.end()
        self._wait(timeout_s)

    def finish(self, timeout_s: float) -> None:
        """Wait once more for the answers to requests; record runs that do not end in time as cut off."""
        if not self._wait(timeout_s):
            try:
                self._runner.give_up(self._clock())
            except AiopsError as error:
                log(logging.ERROR, f"runs: {error}; the next start records what was under way")
                return
            self._given_up = True
        self.close()

    def close(self) -> None:
        """Release the audit trail, unless a run still writes to it; after `finish`, or instead of `start`."""
        if not self._is_closed and (self._given_up or not self._alive()):
            self._is_closed = True
            self._end_life()
            self._trail.close()
            self._transport.close()

    def _end_life(self) -> None:
        """Record the orderly end; if the disk refuses, the next start counts a crash."""
        if not self._is_begun or self._given_up:
            return
        try:
            self._runner.log.end_life(self._clock())
        except AiopsError as error:
            log(logging.WARNING, f"runs: {error}; the next start counts this end as a crash")

    def _wait(self, timeout_s: float) -> bool:
        """Wait for all threads at the same time; return True if all ended."""
        ends = time.monotonic() + timeout_s
        for thread in self._alive():
            thread.join(max(0.0, ends - time.monotonic()))
        return not self._alive()

    def _alive(self) -> list[threading.Thread]:
        with self._lock:
            return [thread for thread in (*self._threads, self._settler) if thread.is_alive()]

    def executable(self, incident: Incident) -> str | None:
        """Return the first suggested playbook of an incident, if it has steps that could run."""
        name = incident.playbooks[0].name if incident.playbooks else ""
        playbook = self._playbooks.get(name)
        return name if playbook is not None and can_run(playbook.steps) else None

    def plan(self, incident: str, playbook: str) -> Plan:
        """Return a dry run, guard by guard; nothing is changed and nothing is written.

        What its steps would change is read, unless a guard refuses that no approval answers. Raise `UsageError` for an
        incident that has ended or a playbook that is not known.
        """
        found = self._open(incident)
        world = self._world(found)
        plan = self._runner.plan(found.view, playbook, world)
        if not self._runner.is_read(plan):
            return plan
        states = self._states.get(plan.base, lambda: self._runner.read_states(plan))
        if states is None:
            states = unread(plan.requests, "it is being read: look again in a moment")
        return self._runner.plan(found.view, playbook, world, states=states)

    def approve(self, incident: str, playbook: str, plan: str, actor: str) -> tuple[Plan, bool]:
        """Approve the plan of that id; return the present plan, and True if its run was started.

        A run starts once enough people approved. Raise `UsageError` if a guard refuses, or the actor may not approve.
        """
        watch = self._runner.watch(playbook)
        opened = self._open(incident)
        world = self._world(opened)
        found = self._runner.approve(
            opened.view, playbook, world, actor, self._authority.groups_of(actor), expected=plan, watch=watch
        )
        started = found.refused is None and self._begin(self._run, incident, playbook, actor, found.id, watch)
        return found, started

    def reject(self, incident: str, playbook: str, actor: str, reason: str) -> None:
        """Record that a person rejected a playbook for an incident; approvals given so far for it end."""
        self._runner.reject(incident, playbook, actor, self._clock(), required_reason(reason, "a rejection"))

    def switch(
        self,
        scope: str,
        engaged: bool,
        actor: str,
        reason: str = "",
        *,
        vouched: bool = False,
        seen: float | None = None,
    ) -> None:
        """Engage or release a kill switch; raise `UsageError` for a scope that stops nothing.

        A release needs a reason, and the authority over its playbooks if `vouched` for (see `Authority.may_release`);
        otherwise the actor is the host's own user. `seen` is the time of the move that the person saw.
        """
        scope = self._authority.scope_of(scope, engaged=engaged)
        if engaged:
            reason = optional_reason(reason)
        else:
            reason = required_reason(reason, f"releasing {scope}")
            if vouched:
                self._authority.may_release(scope, actor)
        self._runner.switch(scope, engaged, actor, self._clock(), reason, seen)

    def roll_back(self, run: str, actor: str, reason: str = "", *, close: bool = False, vouched: bool = False) -> Run:
        """Roll back a run whose rollback waits for a person, or `close` it with nothing sent.

        `vouched`: a token names the actor, who must then be an approver of the playbook; otherwise it is the host's own
        user. The rollback has a thread of its own. Raise `UsageError` for a run that does not wait, and while a kill
        switch of it is engaged.
        """
        groups = self._authority.groups_of(actor) if vouched else None
        if not actor:
            raise UsageError("a rollback needs the name of its actor")
        reason = required_reason(reason, "closing a rollback" if close else "a rollback")
        if close:
            return self._runner.close_rollback(run, actor, self._clock(), reason, groups)
        known = self._runner.history.runs.get(run)
        watch = self._runner.watch(known.playbook if known is not None else "")
        found = self._runner.may_roll_back(run, actor, groups)
        if not self._begin(self._roll_back, run, actor, groups, watch, reason, key=run):
            raise UsageError(f"the rollback of {run} cannot begin now, as others are under way: try again")
        return found

    def _roll_back(self, run: str, actor: str, groups: list[str] | None, watch: Watch, reason: str) -> None:
        done = self._runner.roll_back(run, actor, self._clock(), groups, watch, reason)
        log(logging.INFO, "rolled back", run=run, state=done.rollback, steps=done.done)

    def accept_trail(self, actor: str, reason: str = "") -> None:
        """Accept an audit trail that was cut; raise `UsageError` for one that is whole."""
        self._runner.accept_trail(actor, self._clock(), required_reason(reason, "accepting a trail that was cut"))

    def switches(self) -> dict[str, bool]:
        """Return every kill switch that was ever moved; True if it is engaged."""
        return switches_of(self._runner.history)

    def moves(self) -> dict[str, SwitchMove]:
        """Return the last move of each kill switch that was ever moved."""
        return dict(self._runner.history.moved)

    def refusals(self) -> list[Refusal]:
        """Return the last approvals after which nothing ran, newest first."""
        return list(self._runner.history.refusals)[::-1]

    def record(self, run: str) -> RunRecord | None:
        """Return a run with its requests and answers, read from the trail; None for an unknown one."""
        found = self._runner.history.runs.get(run)
        return read_record(self._trail.path, found) if found is not None else None

    def listed(self, limit: int = 100) -> list[Run]:
        """Return runs, last started first."""
        return list(self._runner.history.runs.values())[::-1][:limit]

    def of(self, incident: str) -> list[Run]:
        """Return the runs for an incident, last started first."""
        return [run for run in self.listed(MAX_RUNS) if run.incident == incident]

    def health(self) -> dict[str, object]:
        """Return the health; see `run_health.health_of`."""
        lacking = list(dict.fromkeys([*self._secrets.problems(), *self._lacking]))
        return health_of(self._runner, self._playbooks, self._clock(), self._trail.problem(), lacking)

    def metrics(self) -> list[Family]:
        """Return the metrics of runs, rollbacks, kill switches and the trail."""
        return metrics_of(self._runner, self._playbooks, self._clock(), self._trail.problem())

    def settle(self) -> None:
        """Judge the runs whose time to show an effect has passed."""
        now = self._clock()
        for run, until in self._runner.unsettled():
            checks = [one for one in self._playbooks[run.playbook].verify if not isinstance(one, Manual)]
            if checks and now >= until:
                # Without a check that the engine can make, only a person can judge. Checks and rollbacks call other
                # systems, which may be slow.
                self._begin(self._settle, run, until, key=run.id)

    def _settle(self, run: Run, until: float) -> None:
        watch = self._runner.watch(run.playbook)
        window = verify_window(self._playbooks[run.playbook].verify)
        cleared = self._is_cleared(run, until - window.calm_s) if window is not None else True
        wrong = self._runner.send_checks(run, self._clock(), watch) if cleared else None
        cleared = cleared if wrong is None else False
        self._runner.settle(run.id, bool(cleared), self._clock(), hold=cleared is None, watch=watch)
        if cleared is not None:
            self._learn(run.incident, run.playbook, "resolved" if cleared else "useless")

    def notify(self) -> None:
        """Have people notified of everything that they do not know yet."""
        for unsaid in list(self._runner.history.pending_notices.values()):
            if self._notify(unsaid.incident, unsaid.text, unsaid.page):
                self._runner.record_notified(unsaid.seq, self._clock())

    def _is_cleared(self, run: Run, calm_from: float) -> bool | None:
        found = self._find_incident(run.incident)
        # Merged into another, or forgotten: nobody can judge.
        return found.is_clear(run.targets, calm_from) if found is not None else None

    def _settle_all(self) -> None:
        while not self._stop.wait(SETTLE_EVERY_S):
            for work in (self.settle, self._keep, self.decide, self.notify):
                try:
                    work()
                except AiopsError as error:
                    log(logging.WARNING, f"runs: {error}; it is tried again")

    def _keep(self) -> None:
        self._follow_clock()
        now = self._clock()
        self._runner.switches.write_again(now)
        self._runner.expire(now)
        self.steps.expire()

    def decide(self) -> None:
        """Record the beginning or the end of a storm, take decisions without a person, judge shadows."""
        policy = self._runner.policy
        if policy.ceiling == "suggest" and policy.mode == "live" and not policy.auto.shadow:
            return
        self._runner.log.storm(self._worlds.storm(policy), self._clock())
        self._auto.decide()
        self._auto.judge()

    def _follow_clock(self) -> None:
        self._runner.log.step_clock(self._steps.taken(), self._clock())

    def promotions(self) -> list[Promotion]:
        """Return where each playbook with steps that can run stands."""
        history, policy = self._runner.history, self._runner.policy
        return [promotion_of(one, history, policy) for one in self._playbooks.values() if can_run(one.steps)]

    def promotion(self, playbook: str) -> Promotion:
        """Return where a playbook stands; raise `UsageError` for an unknown one."""
        return promotion_of(self._known(playbook), self._runner.history, self._runner.policy)

    def set_level(self, playbook: str, mode: Mode, actor: str, reason: str = "", *, vouched: bool = False) -> Promotion:
        """Promote (as an approver, if `vouched` for) or demote; `UsageError` if something is missing."""
        known, level = self._known(playbook), self.promotion(playbook).level
        is_back = mode in MODES and MODES.index(mode) < MODES.index(level)
        reason = optional_reason(reason) if is_back else required_reason(reason, f"setting {playbook} to {mode}")
        # The same mode again is no demotion: it could undo one that comes in between.
        if vouched and not is_back:
            may_approve(known, actor, self._authority.groups_of(actor))
        may_set(known, mode, self._runner.history, self._runner.policy)
        self._runner.log.set_level(playbook, mode, actor, reason, self._clock())
        return self.promotion(playbook)

    def decisions(self) -> list[Decided]:
        """Return the last decisions on runs without a person, newest first."""
        return list(self._runner.history.decisions)[::-1]

    def shadows(self, limit: int = 100) -> list[Run]:
        """Return what would have run, newest first."""
        return list(self._runner.history.shadows.values())[::-1][:limit]

    def _known(self, playbook: str) -> Playbook:
        found = self._playbooks.get(playbook)
        if found is None:
            raise UsageError(f"expected a playbook of the catalogue; got {playbook[:80]!r}")
        return found

    def _open(self, incident: str) -> CurrentIncident:
        found = self._find_incident(incident)
        if found is None or found.is_over:
            raise UsageError(f"incident: expected one that has not ended (got {incident[:100]!r}); nothing can be run")
        return found

    def _world(self, found: CurrentIncident) -> World:
        self._follow_clock()
        return self._worlds.of(found)

    def _begin(self, work: Callable[..., None], *args: object, key: str = "") -> bool:
        """Do work that calls other systems in a thread of its own; one of a `key` at a time."""
        name = f"run {key}"
        thread = threading.Thread(target=self._work, args=(work, args), name=name, daemon=True)
        with self._lock:
            busy = bool(key) and any(one.name == name for one in self._threads)
            if busy or self._stop.is_set() or len(self._threads) >= MAX_AT_ONCE:
                return False
            self._threads.add(thread)
            thread.start()
        return True

    def _work(self, work: Callable[..., None], args: tuple[object, ...]) -> None:
        try:
            work(*args)
        except AiopsError as error:
            log(logging.ERROR, f"runs: {error}")
        except Exception:
            logging.getLogger("aiops").exception("a run failed: its state is unknown and its kill switch is engaged")
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _run(self, incident: str, playbook: str, actor: str, approved: str, watch: Watch) -> None:
        found = self._open(incident)
        done = self._runner.run(found.view, playbook, self._world(found), actor, approved=approved, watch=watch)
        log(logging.INFO, done.sentence, incident=incident, run=done.run or "none", steps=done.steps)


def usable(catalogue: Catalogue) -> Catalogue:
    """Return the playbooks whose conditions can be compiled; the others are listed in `problems`."""
    for name, playbook in list(catalogue.playbooks.items()):
        try:
            compile_match(playbook)
        except UsageError as error:
            catalogue.problems.append(f"{catalogue.files[name]}: {error}")
            del catalogue.playbooks[name]
    return catalogue


def playbook_places(options: Mapping[str, object]) -> list[str]:
    """Return the folders and files that the options of the suggester name; none for the shipped catalogue."""
    named = options.get("playbooks")
    if named is None:
        return []
    return [str(place) for place in named] if isinstance(named, list | tuple) else [str(named)]
