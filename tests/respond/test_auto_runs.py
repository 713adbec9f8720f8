"""Runs without a person, over a real trail: the same plan, the same incident, one demotion, and notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from aiops.errors import UsageError
from aiops.respond.audit import Trail
from aiops.respond.calls import body_of
from aiops.respond.guard_case import Certainty, World
from aiops.respond.history import Run
from aiops.respond.runs import Finished, Gate, Reply, Runner
from aiops.step_kinds.exchange import Request
from tests.respond.alone import AT, NAME, playbook, policy, proven


class Peer:
    """Answers each request with a status, and plays a move before one."""

    def __init__(self) -> None:
        self.paths, self.status = list[str](), 200

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """Take a request if the gate is open."""
        if not gate():
            return Reply(error="not sent", sent=False)
        self.paths.append(request.url)
        return Reply(self.status)


class Engine:
    """A runner, its peer, and time that passes by hand."""

    def __init__(self, samples: SimpleNamespace, path: Path) -> None:
        self.samples, self.path, self.now, self.peer = samples, path, AT + 120, Peer()
        self.book = playbook(samples)
        self.view = samples.view("WorkerHangs")
        self.open()
        self.runner.switch("global", False, "ann", self.now)
        for run in proven(self.book).runs.values():
            self.runner.history.runs[run.id] = run

    def open(self) -> None:
        """Open the trail, as a start does."""
        self.trail = Trail(self.path)
        self.runner = Runner({NAME: self.book}, self.samples.topology(), self.trail, self.peer, policy(), now=self.now)

    def world(self) -> World:
        """The world now."""
        return World(self.now, known=10, certainty=Certainty(0.95, 40))

    def run(self, approved: str | None = None, state: list[str | None] | None = None) -> Finished:
        """Decide and run; `state` are answers to whether the incident is still the same, the last one for good."""
        answers = state or [None]

        def still() -> str | None:
            return answers.pop(0) if len(answers) > 1 else answers[0]

        decision = self.runner.decide(self.view, NAME, self.world())
        plan = decision.plan.id if approved is None else approved
        return self.runner.run(self.view, NAME, self.world(), "aiops", approved=plan, by="engine", still=still)

    def last(self) -> Run:
        """The last run."""
        return list(self.runner.history.runs.values())[-1]


@pytest.fixture
def engine(samples: SimpleNamespace, tmp_path: Path) -> Iterator[Engine]:
    found = Engine(samples, tmp_path / "audit.jsonl")
    yield found
    found.trail.close()


def notices(engine: Engine) -> list[tuple[str, bool]]:
    return [(one.text, one.page) for one in engine.runner.history.pending_notices.values()]


def test_it_runs_once_and_people_are_notified_of_start_and_outcome(engine: Engine) -> None:
    done = engine.run()
    assert (done.state, engine.peer.paths) == ("executed", ["https://ops.example/hosts/worker-1/restart"])
    run = engine.last()
    assert (run.by, run.actor, run.body) == ("engine", "aiops", body_of(engine.book))
    engine.runner.settle(run.id, True, engine.now + 900)
    texts = notices(engine)
    assert [page for _, page in texts] == [False, False]
    assert "was started without a person" in texts[0][0]
    assert "verified: the condition cleared" in texts[1][0]
    assert engine.run().run is None
    assert len(engine.peer.paths) == 1
    assert engine.runner.history.counts[NAME, "started"] == 1
    assert engine.runner.history.counts[NAME, "cooldown"] == 1


@pytest.mark.parametrize("scope", ["global", "team:platform", f"playbook:{NAME}"])
def test_a_switch_stops_the_engine_too(engine: Engine, scope: str) -> None:
    engine.runner.switch(scope, True, "ann", engine.now)
    assert engine.runner.decide(engine.view, NAME, engine.world()).code == "kill_switch"
    assert (engine.run().run, engine.peer.paths) == (None, [])


def test_what_was_decided_is_what_runs(engine: Engine) -> None:
    done = engine.run(approved="another")
    assert (done.run, engine.peer.paths, notices(engine)) == (None, [], [])
    assert engine.runner.history.refusals[-1].code == "plan_changed"


@pytest.mark.parametrize("answers", [["the incident has ended"], [None, "another cause is suspected"]])
def test_an_incident_that_is_another_one_stops_it(engine: Engine, answers: list[str | None]) -> None:
    done = engine.run(state=answers)
    assert (done.state, engine.peer.paths) == ("stopped", [])
    assert str(answers[-1]) in engine.last().why
    assert engine.last().touched == []
    # Nothing was touched: no cooldown, and no slot of the rate is used up.
    assert engine.run().state == "executed"


def test_steps_change_what_the_state_is(samples: SimpleNamespace, tmp_path: Path) -> None:
    """After the first step the alert may clear; half of a playbook is worse than all of it."""
    engine = Engine(samples, tmp_path / "audit.jsonl")
    steps = [{"kind": "http", "name": name, "url": f"https://ops.example/{name}"} for name in ("drain", "undrain")]
    engine.trail.close()
    engine.book = playbook(samples, steps=steps)
    engine.open()
    for run in proven(engine.book).runs.values():
        engine.runner.history.runs[run.id] = run

    done = engine.run(state=[None, None, None, "no alert fires any more"])
    assert (done.state, len(engine.peer.paths)) == ("executed", 2)
    engine.trail.close()


@pytest.mark.parametrize("restarts", [False, True])
def test_a_failure_takes_the_promotion_back_for_good(engine: Engine, restarts: bool) -> None:
    engine.peer.status = 500
    assert engine.run().state == "failed"
    assert [url.rpartition("/")[2] for url in engine.peer.paths] == ["restart", "undo"]
    assert any(page for _, page in notices(engine)), "nobody was there: somebody is called"
    if restarts:
        engine.trail.close()
        engine.open()
    level = engine.runner.history.levels[NAME]
    assert (level.mode, level.actor, "ended failed" in level.reason) == ("approve", "aiops", True)
    engine.view = engine.samples.view("WorkerHangs", entity="worker-2", cause="worker-2", incident="i2")
    assert engine.runner.decide(engine.view, NAME, engine.world()).code in ("not_promoted", "unproven")
    assert engine.run().run is None


def test_a_crash_is_unknown_demotes_and_calls_a_person(engine: Engine) -> None:
    class Died(BaseException):
        pass

    def die(request: Request, idempotency_key: str, gate: Gate) -> Reply:
        raise Died

    engine.peer.send = die  # type: ignore[method-assign]
    with pytest.raises(Died):
        engine.run()
    engine.trail.close()
    engine.open()
    assert engine.last().state == "unknown"
    assert engine.runner.history.levels[NAME].mode == "approve"
    assert [page for text, page in notices(engine) if "was cut off" in text] == [True]
    assert engine.runner.history.engaged([f"playbook:{NAME}"])
    assert engine.run().run is None


def test_a_clock_that_was_set_back_gives_no_second_run(engine: Engine) -> None:
    assert engine.run().state == "executed"
    engine.runner.settle(engine.last().id, True, engine.now)
    engine.trail.close()
    engine.now -= 86_400
    engine.open()
    assert [run.shifted for run in engine.runner.history.runs.values()] == [-86_400.0]
    for run in proven(engine.book).runs.values():
        engine.runner.history.runs[run.id] = run
    engine.view = engine.samples.view("WorkerHangs", incident="i2")
    engine.view.opened_at = engine.now - 100
    for wait, code in ((0.0, "cooldown"), (599.0, "cooldown"), (2.0, "would_run")):
        engine.now += wait
        assert engine.runner.decide(engine.view, NAME, engine.world()).code == code


def test_escalation_calls_a_person(engine: Engine) -> None:
    plan = engine.runner.approve(engine.view, NAME, engine.world(), "ann", ["team:platform"])
    engine.runner.expire(engine.now + 901)
    assert plan.id not in engine.runner.history.plans
    assert [page for text, page in notices(engine) if "approvals within" in text] == [True]


def test_a_mode_that_does_not_exist_is_refused(engine: Engine) -> None:
    with pytest.raises(UsageError, match="expected a mode"):
        engine.runner.log.set_level(NAME, "always", "ann", "", AT)  # type: ignore[arg-type]
