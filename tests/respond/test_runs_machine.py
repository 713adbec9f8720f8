"""Whatever people, disks and peers do in whatever order: the promises of runs hold, at each request."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from aiops.errors import UsageError
from aiops.respond.audit import Trail, verify
from aiops.respond.calls import Call
from aiops.respond.guards import Policy, World
from aiops.respond.runs import Gate, Plan, Reply, Runner
from aiops.step_kinds.exchange import Request
from tests.respond.bench import AT, NAME, TEAM, MemoryAnchor, until, view

HOSTS = ["worker-1", "worker-2", "worker-3"]
SCOPES = ["global", "team:platform", f"playbook:{NAME}"]
# What happens in the middle of a request: an answer, a stop, a stop while the connection is being made, a death. A blip
# is a stop that is released again before the answer comes.
EVENTS = ["fine", "fine", "fine", "fails", "stop", "stop first", "blip", "blip first", "dies"]


class Died(BaseException):
    """The process ends here: nothing after it is done."""


class Peer:
    """The other side: it checks at each request what must hold, and plays events."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.events: list[str] = []

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """Take a request, unless somebody stopped it first."""
        event = self.events.pop(0) if self.events else "fine"
        if event in ("stop first", "blip first"):
            self.machine.stop(request, event)
        if not gate():
            return Reply(error="not sent", sent=False)
        self.machine.arrived(request)
        if event in ("stop", "blip"):
            self.machine.stop(request, event)
        if event == "dies":
            raise Died
        return Reply(500 if event == "fails" else 200)


class Machine(RuleBasedStateMachine):
    """Plans, approvals, switches, runs, rollbacks, crashes and cut trails in any order."""

    samples: SimpleNamespace

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="runs"))
        self.path, self.anchor, self.now = self.place / "audit.jsonl", MemoryAnchor(), AT + 120
        # What people see and did: which scopes they released, the plans that they approved in full.
        self.released = dict.fromkeys(SCOPES, True) | {"global": False}
        self.shown: dict[str, Plan] = {}
        self.approvers: dict[str, set[str]] = {}
        self.running: Plan | None = None
        # In which part of what is under way somebody stopped it.
        self.stopped_in: str | None = None
        # Runs that were judged when another had their target.
        self.late: set[str] = set()
        self.directory = "/srv/cache"
        self.cut = False
        self.open()

    def open(self) -> None:
        """Start a daemon on what is on disk."""
        self.peer = Peer(self)
        step: dict[str, Any] = {"kind": "http", "url": "https://ops.example", "expect": {"status": [200]}}
        act = {
            **step,
            "path": ["{{ host }}"],
            "body": {"directory": "{{ directory }}"},
            "attempts": 2,
            "idempotent": True,
        }
        book = self.samples.playbook(
            parameters={
                "host": {"from": ["cause.entity"]},
                "directory": {"from": ["alert.labels.directory"], "pattern": "[a-z/]+"},
            },
            preconditions=[{**step, "name": "alive", "method": "GET", "path": ["{{ host }}"]}],
            steps=[{**act, "name": "drain"}, {**act, "name": "clean"}],
            rollback=[{**act, "name": "undrain"}],
            guards={
                "cooldown": "1m",
                "maxRuns": {"count": 5, "per": "5m"},
                "maxTargets": {"count": 2},
                "maxConcurrent": 3,
                "maxFailures": 9,
            },
            approval={"approvers": TEAM, "quorum": 2, "timeout": "10m"},
        )
        self.trail = Trail(self.path, self.anchor)
        self.runner = Runner(
            {NAME: book},
            self.samples.topology(),
            self.trail,
            self.peer,
            Policy(ceiling="approve"),
            now=self.now,
            sleep=lambda _: None,
        )
        for scope, engaged in self.runner.history.switches.items():
            # The daemon engages switches by itself, and releases none, also where the line that engaged it is missing.
            self.released[scope] = self.released[scope] and not engaged

    def arrived(self, request: Request) -> None:
        """Check what must hold when a request is sent."""
        assert all(self.released.values()), f"sent while a switch was engaged: {self.released}"
        assert self.stopped_in is None, "sent by what somebody stopped, and released since"
        assert self.running is not None, "sent outside of a run"
        assert request in self.running.requests, "sent, and not in the plan that was approved"
        assert not self.cut, "sent on a trail that was cut"

    def stop(self, request: Request, event: str) -> None:
        """Stop what is under way, by each of its scopes in turn; perhaps for a moment only."""
        assert isinstance(request, Call)
        scope = SCOPES[len(request.target + request.name) % len(SCOPES)]
        self.stopped_in = request.phase
        self.move(scope, True)
        if event.startswith("blip"):
            self.move(scope, False)

    def move(self, scope: str, engaged: bool) -> None:
        """Move a switch; from here on it counts."""
        self.released[scope] = not engaged
        self.runner.switch(scope, engaged, "ann", self.now)
        # A process that dies before that is on disk forgets it, which it says until then.
        until(lambda: not self.runner.switches.unwritten())

    @rule(scope=st.sampled_from(SCOPES), engaged=st.sampled_from([True, False, False]))
    def switch(self, scope: str, engaged: bool) -> None:
        self.move(scope, engaged)

    @rule(wait=st.sampled_from([1.0, 61.0, 400.0, 700.0]))
    def pass_time(self, wait: float) -> None:
        self.now += wait
        self.runner.expire(self.now)

    @rule(directory=st.sampled_from(["/srv/cache", "/var/lib/mysql"]))
    def alert(self, directory: str) -> None:
        """A worse alert comes: what would be sent changes."""
        self.directory = directory

    @rule(
        host=st.sampled_from(HOSTS),
        number=st.integers(1, 3),
        actors=st.sampled_from([["ann"], ["bob"], ["ann", "bob"], ["ann", "bob"], ["ann", "ann"]]),
        chosen=st.sampled_from([None, None, HOSTS[:2], HOSTS]),
    )
    def approve(self, host: str, number: int, actors: list[str], chosen: list[str] | None) -> None:
        seen = view(host, incident=f"i{number}", directory=self.directory)
        for actor in actors:
            try:
                plan = self.runner.approve(seen, NAME, World(self.now), actor, TEAM, chosen)
            except UsageError:
                continue
            self.shown[plan.id] = plan
            self.approvers.setdefault(plan.id, set()).add(actor)

    @rule(
        host=st.sampled_from(HOSTS),
        number=st.integers(1, 3),
        chosen=st.sampled_from([None, None, HOSTS[:2], HOSTS]),
        events=st.lists(st.sampled_from(EVENTS), max_size=8),
    )
    def run(self, host: str, number: int, chosen: list[str] | None, events: list[str]) -> None:
        seen = view(host, incident=f"i{number}", directory=self.directory)
        plan = self.runner.plan(seen, NAME, World(self.now), chosen)
        approved = self.shown.get(plan.id)
        busy = {target for run in self.runner.history.active() for target in run.targets}
        self.running, self.peer.events, self.stopped_in = approved, list(events), None
        try:
            done = self.runner.run(seen, NAME, World(self.now), "ann", chosen, approved=plan.id)
        except Died:
            self._restart()
            return
        finally:
            self.running = None
        if done.run is not None:
            assert len(self.approvers.pop(plan.id, set())) == 2, "a run without its quorum"
            assert not busy.intersection(plan.targets), "two active runs on one target"
            assert done.state != "running"
            if self.stopped_in in ("precondition", "step"):
                assert done.state == "stopped", "a run that was stopped while it was under way"

    @rule(
        host=st.sampled_from(HOSTS),
        number=st.integers(1, 3),
        events=st.lists(st.sampled_from(EVENTS), min_size=1, max_size=8),
    )
    def let_run(self, host: str, number: int, events: list[str]) -> None:
        """People want a run and do all that it needs: by chance alone few would begin."""
        for scope in SCOPES:
            self.move(scope, False)
        self.approve(host, number, ["ann", "bob"], None)
        self.run(host, number, None, events)

    @rule(number=st.integers(0, 5), events=st.lists(st.sampled_from(EVENTS), max_size=4))
    def judge(self, number: int, events: list[str]) -> None:
        """A run did not help."""
        done = [run for run in self.runner.history.runs.values() if run.state == "executed"]
        if done:
            run = done[number % len(done)]
            if number and self.runner.history.on_targets_of(run):
                self.late.add(run.id)
                self._roll(run.plan, [], lambda: self.runner.settle(run.id, False, self.now))
                assert run.rollback in ("", "waiting"), "rolled back under another run"
                return
            self._roll(run.plan, events, lambda: self.runner.settle(run.id, number == 0, self.now, hold=number == 5))

    @rule(number=st.integers(0, 5), close=st.booleans(), events=st.lists(st.sampled_from(EVENTS), max_size=4))
    def roll_back(self, number: int, close: bool, events: list[str]) -> None:
        """A person decides about a rollback that waits."""
        waiting = [run for run in self.runner.history.runs.values() if run.rollback in ("waiting", "failed", "unknown")]
        if waiting:
            run = waiting[number % len(waiting)]
            go = self.runner.close_rollback if close else self.runner.roll_back
            self._roll(run.plan, events, lambda: go(run.id, "ann", self.now))

    def _roll(self, plan: str, events: list[str], work: Any) -> None:
        self.running, self.peer.events, self.stopped_in = self.shown.get(plan), list(events), None
        try:
            work()
        except UsageError:
            pass
        except Died:
            self._restart()
        finally:
            self.running = None

    @rule()
    def crash(self) -> None:
        self._restart()

    @precondition(lambda self: not self.cut and self.trail._seq > 3)
    @rule(lines=st.integers(1, 3))
    def lose_lines(self, lines: int) -> None:
        """Somebody removes the newest lines while no daemon runs."""
        self.trail.close()
        kept = self.path.read_bytes().splitlines(keepends=True)[:-lines]
        self.path.write_bytes(b"".join(kept))
        self.cut = True
        self.open()
        assert not self.released["global"], "the switch is engaged on a trail that was cut"

    @precondition(lambda self: self.cut)
    @rule()
    def accept(self) -> None:
        self.runner.accept_trail("ann", self.now)
        self.cut = False

    def _restart(self) -> None:
        self.trail.close()
        self.open()
        assert all(run.state != "running" for run in self.runner.history.runs.values())

    @invariant()
    def the_switches_are_what_people_left_them(self) -> None:
        stops = [scope for scope in SCOPES if self.runner.history.engaged([scope])]
        for scope in stops:
            self.released[scope] = False
        assert stops == [scope for scope in SCOPES if not self.released[scope]]

    @invariant()
    def one_active_run_a_target(self) -> None:
        """A run that is judged late may find its target taken: then its rollback waits for a person."""
        active = [run for run in self.runner.history.active() if run.id not in self.late]
        taken = [target for run in active for target in run.targets]
        assert len(taken) == len(set(taken))

    def teardown(self) -> None:
        self.trail.close()
        verdict = verify(self.path, self.anchor.mark)
        assert verdict.is_chained
        assert (verdict.problem is not None) == self.cut, "a cut is a problem until a person accepts it"
        shutil.rmtree(self.place)


@pytest.mark.timeout(600)
def test_promises_hold_in_any_order(samples: SimpleNamespace) -> None:
    Machine.samples = samples
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
