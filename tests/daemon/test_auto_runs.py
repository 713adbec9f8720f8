"""The daemon decides on runs without a person once for each state, and judges what would have run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import structs

from aiops.daemon.auto_runs import AGAIN_S, LEARNS_EVERY_S, REVIEWS_FOR_S, AutoRuns, Candidate, Links
from aiops.engine.incident_view import CurrentIncident, Stream
from aiops.errors import AiopsError
from aiops.respond.audit import Trail, read_entries
from aiops.respond.config import AutoConfig
from aiops.respond.guard_case import Certainty, World
from aiops.respond.history import History, Run
from aiops.respond.runs import Gate, Reply, Runner
from aiops.step_kinds.exchange import Request
from tests.respond.alone import AT, NAME, playbook, policy, proven
from tests.respond.conftest import playbook as sample
from tests.respond.conftest import topology, view


class Site:
    """An incident, a runner and the decisions on it; work begins at once."""

    def __init__(self, path: Path, samples: SimpleNamespace, **changes: Any) -> None:
        self.now, self.sent = AT + 120, list[str]()
        self.book = playbook(samples)
        self.trail = Trail(path)
        given = structs.replace(policy(), **changes)
        self.runner = Runner({NAME: self.book}, topology(), self.trail, self, given, now=self.now)
        self.runner.switch("global", False, "ann", self.now)
        for run in proven(self.book).runs.values():
            self.runner.history.runs[run.id] = run
        self.found: CurrentIncident | None = CurrentIncident(view("WorkerHangs"), False, 1)
        self.found.streams = [Stream("worker-1", True, self.now, "WorkerHangs")]
        self.candidate = Candidate("i1", 1, [NAME, "other"])
        self.certainty: Certainty | None = Certainty(0.95, 40)
        self.cleared: bool | None = True
        self.confirmed = ""
        self.queries = 0
        links = Links(lambda: [self.candidate], self.find, self.world, self.begin, lambda run, calm_from: self.cleared)
        self.auto = AutoRuns(self.runner, {NAME: self.book}, links, lambda: self.now)

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        if not gate():
            return Reply(error="not sent", sent=False)
        self.sent.append(request.url)
        return Reply(200)

    def find(self, incident: str) -> CurrentIncident | None:
        self.queries += 1
        return self.found

    def world(self, found: CurrentIncident) -> World:
        firing = frozenset((one.entity, one.name) for one in found.streams if one.is_firing)
        made = World(self.now, known=10, certainty=self.certainty, person=found.person, firing=firing)
        made.confirmed = self.confirmed
        return made

    def begin(self, work: Any, *args: object, key: str = "") -> bool:
        work(*args)
        return True

    def codes(self) -> list[str]:
        return [one.code for one in self.runner.history.decisions]

    def shadows(self) -> list[Run]:
        return list(self.runner.history.shadows.values())


@pytest.fixture
def samples() -> SimpleNamespace:
    return SimpleNamespace(playbook=sample)


@pytest.fixture
def site(tmp_path: Path, samples: SimpleNamespace) -> Iterator[Site]:
    found = Site(tmp_path / "audit.jsonl", samples)
    yield found
    found.trail.close()


@pytest.fixture
def shadow(tmp_path: Path, samples: SimpleNamespace) -> Iterator[Site]:
    auto = AutoConfig(shadow=[NAME], reversible=[NAME])
    found = Site(tmp_path / "audit.jsonl", samples, ceiling="suggest", auto=auto)
    yield found
    found.trail.close()


def test_it_runs_without_a_person_and_once(site: Site) -> None:
    for _ in range(5):
        site.auto.decide()
        site.now += 60
    assert site.sent == ["https://ops.example/hosts/worker-1/restart"]
    assert set(site.codes()) <= {"cooldown", "repeated", "rate_limit"}


def test_a_decision_is_taken_again_if_something_changed_or_after_a_while(site: Site) -> None:
    site.certainty = None
    site.auto.decide()
    first = site.queries
    # The decision itself is a line of the trail: it is checked once more, and is the same.
    site.auto.decide()
    again = site.queries
    assert again > first
    site.auto.decide()
    assert site.queries == again
    site.now += AGAIN_S
    site.auto.decide()
    assert site.queries == 2 * again - first
    site.candidate.version += 1
    site.certainty = Certainty(0.95, 40)
    site.auto.decide()
    assert site.codes() == ["confidence_uncalibrated"]
    assert len(site.sent) == 1


@pytest.mark.parametrize("changes", [{"ceiling": "approve"}, {"auto": AutoConfig()}])
def test_nothing_is_decided_where_nobody_lets_it_run(
    tmp_path: Path, samples: SimpleNamespace, changes: dict[str, Any]
) -> None:
    site = Site(tmp_path / "audit.jsonl", samples, **changes)
    site.auto.decide()
    assert (site.queries, site.sent, site.codes()) == (0, [], [])
    site.trail.close()


@pytest.mark.parametrize("change", ["over", "gone", "person", "cause", "quiet", "target", "silent"])
def test_the_incident_is_read_again_before_the_first_request(site: Site, change: str) -> None:
    """It changes once the run has begun, which is the fourth question."""
    real = site.find

    def find(incident: str) -> CurrentIncident | None:
        found = real(incident)
        if site.queries < 3 or found is None:
            return found
        if change == "silent":
            raise AiopsError("the engine did not answer")
        found.is_over = change == "over"
        found.person = "bob" if change == "person" else ""
        if change in ("cause", "target"):
            found.view = view("WorkerHangs", cause="worker-2", entity="worker-2" if change == "target" else "worker-1")
        found.streams = [Stream("worker-1", change != "quiet", site.now, "WorkerHangs")]
        return None if change == "gone" else found

    site.auto._links.find = find
    site.auto.decide()
    [run] = [one for one in site.runner.history.runs.values() if one.by == "engine"]
    assert (run.state, site.sent, run.touched) == ("stopped", [], [])


def test_shadow_records_what_would_have_run_and_sends_nothing(shadow: Site) -> None:
    shadow.runner.switch("global", True, "ann", shadow.now)
    for _ in range(3):
        shadow.auto.decide()
        shadow.now += 1
    [run] = shadow.shadows()
    assert (run.state, run.targets, run.by, shadow.sent) == ("shadow", ["worker-1"], "shadow", [])
    assert set(shadow.codes()) <= {"cooldown"}


@pytest.mark.parametrize(("cleared", "state"), [(True, "cleared"), (False, "persisted"), (None, "unjudged")])
def test_a_shadow_is_judged_at_the_end_of_its_window(shadow: Site, cleared: bool | None, state: str) -> None:
    shadow.auto.decide()
    shadow.cleared = cleared
    shadow.now += 15 * 60 - 1
    shadow.auto.judge()
    assert shadow.shadows()[0].state == "shadow"
    shadow.now += 1
    shadow.auto.judge()
    assert shadow.shadows()[0].state == state


@pytest.mark.parametrize(
    ("incident", "target", "began_s", "state"),
    [
        ("i1", "other", -60.0, "unjudged"),
        ("i2", "worker-1", 60.0, "unjudged"),
        ("i2", "worker-1", -60.0, "cleared"),
        ("i2", "other", 60.0, "cleared"),
        ("i1", "worker-1", 901.0, "cleared"),
    ],
)
def test_a_condition_on_which_a_run_acted_did_not_clear_alone(
    shadow: Site, incident: str, target: str, began_s: float, state: str
) -> None:
    shadow.auto.decide()
    began = shadow.shadows()[0].began + began_s
    run = Run("r", "other", "1.0.0", incident, [target], began, "verified", touched=[target])
    shadow.runner.history.runs["r"] = run
    shadow.now += 15 * 60
    shadow.auto.judge()
    assert shadow.shadows()[0].state == state


@pytest.mark.parametrize(
    ("fixed_by", "rejected", "helped"), [(NAME, "", True), ("", NAME, False), ("other", "other", None)]
)
def test_a_shadow_learns_what_people_say_of_the_playbook(
    shadow: Site, fixed_by: str, rejected: str, helped: bool | None
) -> None:
    shadow.auto.decide()
    shadow.now += 900
    shadow.auto.judge()
    assert shadow.found is not None
    shadow.found.fixed_by, shadow.found.rejected = fixed_by, frozenset({rejected})
    shadow.auto.judge()
    assert shadow.shadows()[0].helped is helped
    before = shadow.queries
    shadow.auto.judge()
    assert shadow.queries == before, "not more often than once a minute"


def test_a_shadow_of_what_people_ran_is_no_evidence_of_its_own(shadow: Site) -> None:
    shadow.auto.decide()
    shadow.now += 900
    shadow.auto.judge()
    assert shadow.found is not None
    shadow.found.fixed_by = NAME
    shadow.runner.history.runs["r"] = Run("r", NAME, "1.0.0", "i1", ["worker-1"], shadow.now)
    shadow.auto.judge()
    assert shadow.shadows()[0].helped is None


def test_a_refused_decision_is_judged_by_what_people_say_of_its_incident(shadow: Site) -> None:
    shadow.certainty = None
    for _ in range(2):
        shadow.auto.decide()
        shadow.now += AGAIN_S
    assert not shadow.shadows()
    [trial] = shadow.runner.history.trials.values()
    assert (trial.incident, trial.targets, trial.right) == ("i1", ["worker-1"], None)
    found = shadow.found
    assert found is not None
    words = [("worker-1", False, True), ("worker-2", False, False), ("", False, None), ("worker-1", True, False)]
    for found.confirmed, found.is_noise, right in words:
        shadow.auto.judge()
        shadow.now += LEARNS_EVERY_S
        assert trial.right is right
        before = shadow.queries
        shadow.now -= 1
        shadow.auto.judge()
        assert shadow.queries == before, "not more often than once a minute"
        shadow.now += 1
    shadow.found = None
    shadow.auto.judge()
    assert trial.right is False, "what the engine forgot was not taken back"
    shadow.now += REVIEWS_FOR_S
    before = shadow.queries
    shadow.auto.judge()
    assert shadow.queries == before
    # The trail alone has it all.
    again = History()
    for entry in read_entries(shadow.trail.path):
        again.apply(entry)
    assert again.trials == shadow.runner.history.trials


@pytest.mark.parametrize("certainty", [None, Certainty(1.0, 1)])
def test_what_follows_a_confirmed_cause_is_no_trial(shadow: Site, certainty: Certainty | None) -> None:
    shadow.certainty, shadow.confirmed = certainty, "worker-1"
    shadow.auto.decide()
    assert bool(shadow.shadows()) is (certainty is not None)
    assert not shadow.runner.history.trials


@pytest.mark.parametrize("confirmed", ["", "worker-1"])
def test_a_run_is_a_trial_without_a_line_of_its_own(site: Site, confirmed: str) -> None:
    site.confirmed = confirmed
    site.auto.decide()
    assert len(site.sent) == 1
    assert len(site.runner.history.trials) == (0 if confirmed else 1)
    assert "trial" not in [entry.kind for entry in read_entries(site.trail.path)]
