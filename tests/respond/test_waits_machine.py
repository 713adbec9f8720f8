"""Whatever people, clocks and crashes do while a run waits: nothing is sent but what enough people saw and approved."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from aiops.errors import UsageError
from aiops.respond.approval_kind import ApprovalStep
from aiops.respond.audit import Trail, verify
from aiops.respond.guards import Policy, World
from aiops.respond.history import Run
from aiops.respond.http_kinds import Http
from aiops.respond.runs import Gate, Reply, Runner
from aiops.respond.step_approvals import Continuation
from aiops.respond.step_registry import installed
from aiops.step_kinds.exchange import Request
from tests.respond.bench import AT, NAME, TEAM, MemoryAnchor, view
from tests.respond.sample_kind import Recycle, recycling, system
from tests.respond.test_states import Watched

WAIT_S, QUORUM = 600.0, 2
HOW = ["fine", "stale", "fix before it continues", "stop before it continues", "late", "dies"]
PEOPLE = st.sampled_from(["ann", "bob"])


class Died(BaseException):
    """The process ends here: nothing after it is done."""


class Machine(RuleBasedStateMachine):
    """Two workers are recycled, with an approval of two people between; their versions change by hand."""

    samples: SimpleNamespace

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="waits"))
        self.now, self.anchor = AT + 120, MemoryAnchor()
        self.version, self.is_stopped, self.dies = 7, False, False
        # What the approvers of the rest saw, since the last stop, and when the run began to wait.
        self.approved: dict[int, set[str]] = {}
        self.began, self.rejected = 0.0, False
        self.changed: list[str] = []
        url, path = "https://ops.example", ["{{ host }}", "back"]
        steps = [
            Recycle(name="first", worker="{{ host }}"),
            ApprovalStep(name="is it well", quorum=QUORUM, timeout="10m"),
            Recycle(name="second", worker="other"),
        ]
        back = Http(name="back", url=url, path=path)
        book = msgspec.structs.replace(self.samples.playbook(), steps=steps, rollback=[back])
        self.book = book
        self.open()
        self.runner.switch("global", False, "ann", self.now)
        self.runner.approve(view(), NAME, World(self.now), "ann", TEAM)
        done = self.runner.run(view(), NAME, World(self.now), "ann")
        assert (done.state, self.changed) == ("waiting", ["worker-1"])
        self.began = self.now

    def open(self) -> None:
        """Start a daemon on what is on disk."""
        self.trail = Trail(self.place / "audit.jsonl", self.anchor)
        systems, policy = {"pool": system()}, Policy(ceiling="approve")
        topology = self.samples.topology()
        sleep = lambda _: None  # noqa: E731
        self.runner = Runner(
            {NAME: self.book}, topology, self.trail, self, policy, now=self.now, systems=systems, sleep=sleep
        )

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """The pool: it checks what must hold whenever something is changed."""
        if not gate():
            return Reply(error="not sent", sent=False)
        assert not self.is_stopped, "sent while stopped"
        worker = request.url.rpartition("/")[2]
        if request.method == "GET":
            state = "ready" if "/jobs/" in request.url else "x"
            body = {"version": self.version, "spec": 1, "state": state}
            return Reply(200, body=msgspec.json.encode(body))
        if request.url.endswith("?dry=1"):
            return Reply(200)
        self.changed.append("back" if request.url.endswith("/back") else worker)
        if self.changed[-1] == "other":
            assert len(self.approved.get(self.version, ())) >= QUORUM, "not what was approved"
            assert self.now < self.began + WAIT_S, "too late"
            assert not self.rejected
            if self.dies:
                raise Died
        return Reply(200, body=b'{"job": "j-1"}')

    def the_run(self) -> Run:
        [run] = self.runner.history.runs.values()
        return run

    def rest(self) -> Continuation:
        run, world = self.the_run().id, World(self.now)
        states = self.runner.read_rest(run, view(), world)
        return self.runner.continuation(run, view(), world, states)

    @rule(how=st.sampled_from(HOW))
    def approve_together(self, how: str) -> None:
        """Both approve, and something else happens meanwhile."""
        self.approve_as("ann", "fine")
        self.approve_as("bob", how)

    @rule(who=PEOPLE, how=st.sampled_from(HOW))
    def approve_as(self, who: str, how: str) -> None:
        """Approve while something else happens."""
        try:
            found = self.rest()
        except UsageError:
            return
        if how == "stale":
            self.version += 1
        watch = self.runner.watch(NAME)
        try:
            _, enough = self.runner.approve_step(found.run, view(), World(self.now), who, TEAM, found.id)
        except UsageError:
            return
        assert how != "stale"
        self.approved.setdefault(self.version, set()).add(who)
        if how == "fix before it continues":
            self.version += 1
        elif how == "stop before it continues":
            self.stop()
            self.release()
        elif how == "late":
            self.now += WAIT_S
        if enough:
            self.dies = how == "dies"
            try:
                self.runner.resume(found.run, view(), World(self.now), found.id, watch)
            except Died:
                self.restart()
            if self.the_run().state == "waiting":
                # What was refused needs all approvals anew.
                self.approved.clear()

    @rule(who=PEOPLE)
    def approve_without_looking(self, who: str) -> None:
        """Guess the id."""
        run = self.the_run()
        for wrong in (run.id, run.plan, "0" * 32):
            with pytest.raises(UsageError):
                self.runner.approve_step(run.id, view(), World(self.now), who, TEAM, wrong)

    @rule()
    def resume_without_approvals(self) -> None:
        """Whatever is called in the daemon by mistake, the quorum is counted where it continues."""
        if self.the_run().state != "waiting" or self.is_stopped:
            return
        found = self.rest()
        if len(found.given) < QUORUM:
            before = list(self.changed)
            self.runner.resume(found.run, view(), World(self.now), found.id)
            assert (self.the_run().state, self.changed) == ("waiting", before)
            self.approved.clear()

    @rule()
    def fix(self) -> None:
        """Somebody changes the other worker by hand."""
        self.version += 1

    @rule()
    def stop(self) -> None:
        """Engage a switch of the playbook."""
        self.runner.switch("team:platform", True, "ann", self.now)
        self.is_stopped = True
        self.approved.clear()

    @rule()
    def release(self) -> None:
        """Release it."""
        self.runner.switch("team:platform", False, "ann", self.now)
        self.is_stopped = False

    @rule(seconds=st.sampled_from([1.0, 300.0, 599.0]))
    def wait(self, seconds: float) -> None:
        """Let time pass, and end what has waited too long."""
        self.now += seconds
        for run in self.runner.overdue(self.now):
            self.runner.time_out(run.id, self.now)

    @rule()
    def reject(self) -> None:
        """End it."""
        if self.the_run().state == "waiting":
            self.rejected = True
            self.runner.reject_step(self.the_run().id, "bob", self.now, "no")

    @rule()
    def restart(self) -> None:
        """Start again on what is on disk."""
        before = self.the_run().state
        self.trail.close()
        self.open()
        assert self.the_run().state == ("unknown" if before == "running" else before)

    @invariant()
    def each_worker_is_recycled_once_at_most(self) -> None:
        """Nothing runs twice, and what was ended is rolled back or waits for a person."""
        assert self.changed.count("worker-1") == 1
        assert self.changed.count("other") <= 1
        assert self.changed.count("back") <= 1
        run = self.the_run()
        assert run.state != "stopped" or run.rollback in ("done", "waiting")
        assert run.state != "executed" or "other" in self.changed

    def teardown(self) -> None:
        """Check the trail."""
        self.trail.close()
        assert verify(self.place / "audit.jsonl").problem is None
        shutil.rmtree(self.place)


@pytest.fixture(autouse=True)
def watched() -> Iterator[None]:
    """The sample kind, which shows what it sees."""
    with recycling():
        installed().kinds["recycle"] = Watched()
        yield


def test_waits_keep_their_promises(samples: Any) -> None:
    Machine.samples = samples
    limits = settings(max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Machine, settings=limits)
