"""Runs without a person in any order of alerts, people, clocks, storms, failures and crashes: the promises hold."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from aiops.errors import UsageError
from aiops.respond.audit import Trail, verify
from aiops.respond.calls import Call, body_of
from aiops.respond.config import AutoConfig, StormConfig
from aiops.respond.guard_case import Certainty, Policy, World
from aiops.respond.promotion import may_set
from aiops.respond.runs import Gate, Reply, Runner
from aiops.respond.switches import Watch
from aiops.score.least_rate import lower
from aiops.step_kinds.exchange import Request
from tests.respond.alone import AT, NAME, playbook
from tests.respond.bench import MemoryAnchor, until, view

HOSTS = ["worker-1", "worker-2", "worker-3"]
SCOPES = ["global", "team:platform", f"playbook:{NAME}"]
# Enough for one that was wrong.
REVIEWED = 100
COOLDOWN_S, RATE, PER_S, STORM_S = 60.0, 3, 300.0, 120.0
POLICY = Policy(
    ceiling="auto",
    auto=AutoConfig(playbooks=[NAME], reversible=[NAME], min_verified_runs=12, min_success=0.5),
    storm=StormConfig(cooldown="2m"),
)
# What happens in the middle of a request.
EVENTS = ["fine", "fine", "fine", "fails", "stop", "acknowledged", "dies", "clock"]


class Died(BaseException):
    """The process ends here: nothing after it is done."""


class Machine(RuleBasedStateMachine):
    """One playbook, three hosts; `real` is time as it passes, `now` what the host's clock shows."""

    samples: SimpleNamespace
    # What happened over all examples, for the summary that `-s` shows.
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="auto"))
        self.path, self.anchor = self.place / "audit.jsonl", MemoryAnchor()
        self.real, self.now = 0.0, AT + 10_000
        self.released = dict.fromkeys(SCOPES, True)
        self.is_trusted = True
        self.firing = dict.fromkeys(HOSTS, True)
        self.acknowledged, self.storm = set[str](), False
        # If suspects are certain by their kind, and what people said of incidents with a decision.
        self.measured, self.reviews = True, dict[str, bool | None]()
        self.storm_ended: float | None = None
        self.events: list[str] = []
        self.decided: Any = None
        # True times of requests of steps by host, of the ends of runs by host, and the beginnings of all runs.
        self.ended: dict[str, float] = {}
        self.begun: list[float] = []
        self.steps: Counter[tuple[str, str]] = Counter()
        self.active: set[str] = set()
        self.book = playbook(self.samples, guards=_guards(), approval={"approvers": ["team:platform"]})
        self.open()
        self._prove()
        self.move("global", False)

    def open(self) -> None:
        """Start a daemon on what is on disk."""
        self.trail = Trail(self.path, self.anchor)
        topology = self.samples.topology()
        self.runner = Runner({NAME: self.book}, topology, self.trail, self, POLICY, now=self.now, sleep=lambda _: None)
        for scope, engaged in self.runner.history.switches.items():
            self.released[scope] = self.released.get(scope, True) and not engaged

    def _prove(self) -> None:
        """Write the runs that made people trust it."""
        for number in range(12):
            run, target = f"old-{number}", f"old-{number}"
            data: dict[str, Any] = {"playbook": NAME, "version": "1.0.0", "incident": run, "targets": [target]}
            step = {"run": run, "key": run, "place": "step 0", "target": target, "request": {"name": "restart"}}
            self.runner._put("run", AT, data | {"run": run, "plan": run, "body": body_of(self.book)})
            self.runner._put("intent", AT, step)
            self.runner._put("ended", AT, {"run": run, "state": "verified", "why": ""})
        for number in range(REVIEWED):
            data = {"playbook": NAME, "incident": f"past-{number}", "targets": ["old"], "body": body_of(self.book)}
            self.runner._put("trial", AT, data | {"trial": True})
            self.runner._put("reviewed", AT, data | {"right": True, "answer": "old"})
            self.reviews[f"past-{number}"] = True

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """Take a request, check what must hold, and play an event."""
        if not gate():
            return Reply(error="not sent", sent=False)
        assert isinstance(request, Call)
        self._check(request)
        event = self.events.pop(0) if self.events else "fine"
        if event == "stop":
            self.move(SCOPES[len(request.target) % 3], True)
        elif event == "acknowledged":
            self.acknowledged.add(self.decided.incident)
        elif event == "clock":
            self.set_clock(86_400.0)
        elif event == "dies":
            raise Died
        return Reply(500 if event == "fails" else 200)

    def _check(self, call: Call) -> None:
        assert all(self.released.values()), f"sent while a switch was engaged: {self.released}"
        assert call in self.decided.plan.requests, "sent, and not in the plan that was decided"
        assert self.decided.targets == [call.target], "not exactly one target"
        if call.phase != "step":
            return
        host, incident = call.target, self.decided.incident
        assert self.measured or self._is_certain(), "neither its kind nor decisions like it are certain"
        assert self.is_trusted, "a run after a failure or demotion that nobody took back"
        assert self.firing[host], "no alert fires"
        assert incident not in self.acknowledged, "a person works on it"
        assert not self.storm, "sent in a storm"
        assert self.storm_ended is None or self.real - self.storm_ended >= STORM_S - 1e-3, "sent right after a storm"
        assert self.real - self.ended.get(host, -1e9) >= COOLDOWN_S - 1e-3, "sent during a cooldown"
        assert not self.active, "two runs at once"
        recent = [at for at in self.begun if self.real - at < PER_S - 1e-3]
        assert len(recent) < RATE, "more runs than its rate permits"
        self.steps[incident, host] += 1
        assert self.steps[incident, host] == 1, "the same incident and target twice"
        self.begun.append(self.real)

    def _is_certain(self) -> bool:
        found = [one for one in self.reviews.values() if one is not None]
        latest = found[-20:]
        is_reviewed = 2 * len(found) >= len(self.reviews)
        return is_reviewed and lower(sum(found), found.count(False)) >= 0.9 and sum(latest) >= 0.9 * len(latest)

    @rule(host=st.sampled_from(HOSTS), number=st.integers(1, 99), right=st.sampled_from([True, True, False, None]))
    def review(self, host: str, number: int, right: bool | None) -> None:
        """A person reviews an incident, again, or takes a review back."""
        self._review([f"i{number}-{host}"], right)

    @rule(right=st.sampled_from([True, True, False]))
    def review_all(self, right: bool) -> None:
        self._review([name for name, one in self.reviews.items() if one is None], right)

    def _review(self, incidents: list[str], right: bool | None) -> None:
        for trial in list(self.runner.history.trials.values()):
            if trial.incident in incidents:
                self.runner.log.review(trial, right, "worker-1", self.now)
                self.reviews[trial.incident] = right

    @rule(measured=st.booleans())
    def measure(self, measured: bool) -> None:
        """Suspects of its kind are certain, or no longer."""
        self.measured = measured

    def world(self, incident: str) -> World:
        firing = frozenset((host, "WorkerHangs") for host in HOSTS if self.firing[host])
        found = World(self.now, known=10, certainty=Certainty(0.95, 40), firing=firing)
        found.certainty = found.certainty if self.measured else None
        found.storm = "many incidents" if self.storm else ""
        found.person = "bob" if incident in self.acknowledged else ""
        return found

    def still(self, incident: str, host: str) -> str | None:
        if not self.firing[host] or incident in self.acknowledged or self.storm:
            return "the incident is another one"
        return None

    @rule(
        host=st.sampled_from(HOSTS),
        number=st.integers(1, 4),
        chosen=st.sampled_from([None, None, None, [], ["*"], HOSTS[:2]]),
        events=st.lists(st.sampled_from(EVENTS), max_size=3),
    )
    def decide(self, host: str, number: int, chosen: list[str] | None, events: list[str]) -> None:
        """An incident has a suggestion; the daemon decides and, if nothing refuses, runs."""
        incident = f"i{number}-{host}"
        seen = view(host, incident=incident, opened_at=self.now - 120)
        watch: Watch = self.runner.watch(NAME)
        decision = self.runner.decide(seen, NAME, self.world(incident))
        self.decided, self.events = decision, list(events)
        self.runner.log.decided(decision, self.now)
        if decision.is_trial:
            self.runner.log.trial(decision, self.book, self.now)
            self.reviews.setdefault(incident, None)
        try:
            done = self.runner.run(
                seen,
                NAME,
                self.world(incident),
                "aiops",
                chosen,
                approved=decision.plan.id,
                watch=watch,
                by="engine",
                still=lambda: self.still(incident, host),
            )
        except Died:
            self._lost(host)
            self.reviews.setdefault(incident, None)
            self.restart()
            return
        if done.run is None:
            return
        self.reviews.setdefault(incident, None)
        self.seen["runs by decisions alone"] += not self.measured
        run = self.runner.history.runs[done.run]
        if run.touched:
            self.ended[host] = self.real
        if done.state == "failed":
            self.is_trusted = False

    def _lost(self, host: str) -> None:
        self.is_trusted, self.ended[host] = False, self.real

    @rule(host=st.sampled_from(HOSTS), number=st.integers(5, 60), events=st.lists(st.sampled_from(EVENTS), max_size=3))
    def decide_when_calm(self, host: str, number: int, events: list[str]) -> None:
        """All guards may hold: by chance alone they did in one of a hundred decisions, and little was sent."""
        self.promote()
        self.pass_time(310.0)
        self.decide(host, number, None, events)

    @rule(
        host=st.sampled_from(HOSTS),
        number=st.integers(61, 99),
        events=st.lists(st.sampled_from(EVENTS), max_size=3),
        clears=st.booleans(),
    )
    def decide_and_judge(self, host: str, number: int, events: list[str], clears: bool) -> None:
        self.decide_when_calm(host, number, events)
        self.judge(clears, [])

    @rule(clears=st.sampled_from([True, True, False]), events=st.lists(st.sampled_from(EVENTS[:4]), max_size=1))
    def judge(self, clears: bool, events: list[str]) -> None:
        for run in list(self.runner.history.runs.values()):
            if run.state == "executed":
                self.events, self.decided.plan.requests = list(events), self.runner.history.calls[run.id]
                self.decided.targets = run.targets
                self.runner.settle(run.id, clears, self.now)
                self.ended[run.targets[0]] = self.real
                self.is_trusted = self.is_trusted and clears

    @rule()
    def close_rollbacks(self) -> None:
        for run in list(self.runner.history.runs.values()):
            if run.rollback in ("waiting", "failed", "unknown"):
                self.runner.close_rollback(run.id, "ann", self.now)

    @rule(wait=st.sampled_from([1.0, 61.0, 130.0, 310.0]))
    def pass_time(self, wait: float) -> None:
        self.real, self.now = self.real + wait, self.now + wait

    @rule(step_s=st.sampled_from([-86_400.0, -100.0, 100.0, 86_400.0]))
    def set_clock(self, step_s: float) -> None:
        """The host's clock is set while the daemon runs, which notices it."""
        self.now += step_s
        self.runner.log.step_clock(step_s, self.now)

    @rule(step_s=st.sampled_from([0.0, 0.0, -86_400.0, -100.0]))
    def crash(self, step_s: float) -> None:
        """The daemon dies and starts again; the clock may have been set back meanwhile."""
        self.now += step_s
        self.restart()

    def restart(self) -> None:
        self.seen["starts after a crash"] += 1
        self.trail.close()
        self.open()
        assert all(run.state != "running" for run in self.runner.history.runs.values())

    @rule(host=st.sampled_from(HOSTS), fires=st.booleans())
    def alert(self, host: str, fires: bool) -> None:
        self.firing[host] = fires

    @rule(host=st.sampled_from(HOSTS), number=st.integers(1, 4))
    def acknowledge(self, host: str, number: int) -> None:
        self.acknowledged.add(f"i{number}-{host}")

    @rule()
    def storm_passes(self) -> None:
        """A storm begins or ends; the daemon records it."""
        self.storm = not self.storm
        self.runner.log.storm("many incidents" if self.storm else None, self.now)
        if not self.storm:
            self.storm_ended = self.real

    @rule(scope=st.sampled_from(SCOPES), engaged=st.sampled_from([True, False, False]))
    def move(self, scope: str, engaged: bool) -> None:
        self.released[scope] = not engaged
        self.runner.switch(scope, engaged, "ann", self.now)
        until(lambda: not self.runner.switches.unwritten())

    @rule()
    def demote(self) -> None:
        self.is_trusted = False
        self.runner.log.set_level(NAME, "approve", "ann", "", self.now)

    @rule()
    def promote(self) -> None:
        """A person puts it back, releases all and everything is calm: by chance alone few would run."""
        try:
            may_set(self.book, "auto", self.runner.history, POLICY)
        except UsageError:
            return
        self.runner.log.set_level(NAME, "auto", "ann", "", self.now)
        self.is_trusted = True
        for scope in SCOPES:
            self.move(scope, False)
        self.firing = dict.fromkeys(HOSTS, True)
        if self.storm:
            self.storm_passes()
        self.close_rollbacks()
        self.judge(True, [])

    @invariant()
    def what_is_recorded_is_what_holds(self) -> None:
        for scope in SCOPES:
            if self.runner.history.engaged([scope]):
                self.released[scope] = False
        targets = [target for run in self.runner.history.active() for target in run.targets]
        assert len(targets) == len(set(targets))
        keys = [key for run in self.runner.history.runs.values() for key in run.keys]
        assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        self.seen["sequences"] += 1
        for (_, code), count in self.runner.history.counts.items():
            self.seen[f"decisions {code}"] += count if code != "started" else count - 12
        for run in self.runner.history.runs.values():
            if not run.id.startswith("old"):
                self.seen[f"runs {run.state}"] += 1
        self.seen["steps sent"] += sum(self.steps.values())
        self.trail.close()
        assert verify(self.path, self.anchor.mark).problem is None
        shutil.rmtree(self.place)


def _guards() -> dict[str, Any]:
    return {
        "cooldown": "1m",
        "maxRuns": {"count": RATE, "per": "5m"},
        "maxTargets": {"count": 1},
        "maxConcurrent": 3,
        "maxFailures": 9,
        "minAge": "1m",
    }


@pytest.mark.timeout(600)
def test_promises_hold_without_a_person(samples: SimpleNamespace) -> None:
    Machine.samples = samples
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
    seen = Machine.seen
    assert seen["steps sent"] > 0
    assert seen["runs by decisions alone"] > 0
    assert seen["starts after a crash"] > 0
    lines = [f"{count:6,} {what}" for what, count in sorted(seen.items(), key=lambda one: (-one[1], one[0]))]
    print("\nWithout a person, in any order, nothing was broken:", *lines, sep="\n")
