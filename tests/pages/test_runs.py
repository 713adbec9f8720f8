"""The pages of runs: what waits, what is over, and switches with their reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.errors import UsageError
from aiops.http.auth import Token, token_hash
from aiops.respond.calls import StepState
from aiops.respond.history import Decided, Refusal, Run, SwitchMove
from aiops.respond.plans import Plan
from aiops.respond.run_record import Exchange, RunRecord, RunStep
from aiops.respond.step_approvals import Continuation
from aiops.step_kinds.exchange import Observed
from aiops.views.waiting_runs import Waiting, WaitingRun
from tests.web.conftest import HOSTILE, NOW, Site

AT = NOW - 60
RUN = Run("r-1", "restart", "1.0.0", "inc-1", [HOSTILE], AT, "failed", AT + 5, actor="alice", why=HOSTILE)
RUN.left = ["undo on a"]


class Held:
    """Runs that were made elsewhere."""

    def __init__(self, *runs: Run) -> None:
        self.held = {run.id: run for run in runs}
        self.rolled: list[tuple[str, bool, str]] = []

    def switches(self) -> dict[str, bool]:
        return {"global": True, "team:x": False}

    def moves(self) -> dict[str, SwitchMove]:
        return {"global": SwitchMove(True, AT, "alice", HOSTILE)}

    def listed(self, limit: int = 100) -> list[Run]:
        return list(self.held.values())[:limit]

    def refusals(self) -> list[Refusal]:
        return [Refusal(AT, "restart", "inc-1", "age", HOSTILE, "bob")]

    def decisions(self) -> list[Decided]:
        return [Decided(AT, "restart", "inc-1", [HOSTILE], "storm_share", HOSTILE)]

    def shadows(self, limit: int = 100) -> list[Run]:
        return [Run("s-1", "restart", "1.0.0", "inc-1", [HOSTILE], AT, "unjudged", by="shadow")]

    def record(self, run: str) -> RunRecord | None:
        if run not in self.held:
            return None
        exchange = Exchange(AT, "step 0", HOSTILE, "a", "POST", "http://a/b", {"x": HOSTILE}, "token", "k", AT + 1, 503)
        exchange.problem, exchange.excerpt = "status 503", HOSTILE
        return RunRecord(self.held[run], [{}], [exchange], [RunStep(AT, HOSTILE, "alice")], is_whole=False)

    def roll_back(self, run: str, actor: str, reason: str = "", *, close: bool = False, vouched: bool = False) -> Run:
        self.rolled.append((run, close, reason))
        return self.held[run]


@pytest.fixture
def held(site: Site, monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Held(RUN, Run("r-2", "restart", "1.0.0", "inc-2", ["a"], AT, "executed"), Run("r-3", "x", "1", "i", [], AT))
    own = site.host.runs
    monkeypatch.setattr(site.host, "runs", made)
    monkeypatch.setattr("aiops.web.runs.waiting_runs", lambda host: Waiting([], []))
    yield made
    site.host.runs = own


def text(site: Site, path: str, status: int = 200) -> str:
    answer = site.client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def test_runs_are_told_apart_by_what_they_need(site: Site, held: Held) -> None:
    page = text(site, "/runs")
    running, _, over = page.partition('id="over"')
    assert 'href="/runs/r-2"' in running
    assert 'href="/runs/r-3"' in running
    assert 'href="/runs/r-1"' in over
    assert "Refused after an approval" in over
    assert HOSTILE not in page


def test_a_run_has_its_requests_and_answers_as_text(site: Site, held: Held) -> None:
    page = text(site, "/runs/r-1")
    assert HOSTILE not in page
    for words in ("POST http://a/b", "<b>503</b>", "status 503", "with the secret token", "undo on a", "more of it"):
        assert words in page
    assert text(site, "/runs/none", 404)


STATES = [
    StepState("step 0", "a", "back", Observed(f"rolls back {HOSTILE}", "api", {}, "Argo CD application shop")),
    StepState("step 1", "a", "scale", Observed("", "api"), after="back"),
    StepState("step 2", "b", "lost", problem=f"unread {HOSTILE}", code="state_unread"),
]


def test_a_plan_shows_what_was_read_and_its_warnings(site: Site, held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan("p-1", "restart", "inc-1", ["a"], [], [], None, "", states=STATES, warnings=[f"managed {HOSTILE}"])
    one = WaitingRun("inc-1", "title", "critical", AT, plan, "all hold")
    monkeypatch.setattr("aiops.web.runs.waiting_runs", lambda host: Waiting([one], []))
    page = text(site, "/runs")
    for words in ("rolls back ", "decided on what back leaves", "unread ", "managed ", "a new approval is needed"):
        assert words in page
    assert HOSTILE not in page


def test_a_run_shows_what_it_was_bound_to(site: Site, held: Held) -> None:
    held.held["r-1"].states = STATES
    try:
        page = text(site, "/runs/r-1")
    finally:
        held.held["r-1"].states = []
    assert "managed by Argo CD application shop" in page
    assert "what back leaves of api" in page
    assert HOSTILE not in page


class Steps:
    """A run that waits in the middle."""

    def __init__(self) -> None:
        self.found = Continuation(
            id="c-1",
            run="r-1",
            playbook="restart",
            incident="inc-1",
            targets=["a"],
            step=HOSTILE,
            text=HOSTILE,
            approvers=[HOSTILE],
            quorum=2,
            given=["bob"],
            until=AT,
            done=[HOSTILE],
            requests=[],
            checks=[],
            states=STATES,
            warnings=[HOSTILE],
        )
        self.calls: list[tuple[str, ...]] = []

    def listed(self) -> list[Continuation]:
        return [self.found]

    def continuation(self, run: str) -> Continuation:
        if self.found.refused == "gone":
            raise UsageError("the incident has ended")
        return self.found

    def approve(self, run: str, approval: str, actor: str) -> tuple[Continuation, bool]:
        self.calls.append((run, approval, actor))
        return self.found, True

    def reject(self, run: str, actor: str, reason: str) -> Run:
        self.calls.append((run, actor, reason))
        return RUN


@pytest.fixture
def steps(held: Held, monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    made = Steps()
    held.steps = made  # type: ignore[attr-defined]
    monkeypatch.setattr("aiops.web.runs.waiting_runs", lambda host: Waiting([], [], steps=made.listed()))
    before, held.held["r-1"].state = held.held["r-1"].state, "waiting"
    yield made
    held.held["r-1"].state = before


@pytest.mark.parametrize("path", ["/runs", "/runs/r-1"])
def test_a_run_that_waits_in_the_middle_is_offered(site: Site, steps: Steps, path: str) -> None:
    page = text(site, path)
    for words in ("Approve and continue", "Reject and roll back", 'value="c-1"', "1 of 2 approvals", "rolls back "):
        assert words in page
    assert HOSTILE not in page
    steps.found.refused = "kill switch global is engaged"
    page = text(site, path)
    assert "Approve and continue" not in page
    assert "It cannot continue: kill switch global" in page
    assert "Reject and roll back" in page


def test_a_run_that_waits_can_be_ended_when_nothing_else_is_known(site: Site, steps: Steps) -> None:
    steps.found.refused = "gone"
    page = text(site, "/runs/r-1")
    assert "the incident has ended" in page
    assert "Reject and roll back" in page


def test_a_waiting_run_is_approved_by_a_person_and_rejected_with_a_reason(site: Site, steps: Steps) -> None:
    post = site.client.post
    # No token vouches for anybody here, and both send requests.
    assert post("/api/v1/runs/r-1/approve", json={"approval": "c-1"}).status_code == 403
    assert post("/api/v1/runs/r-1/reject", json={"reason": "full"}).status_code == 403
    assert post("/api/v1/runs/r-1/reject", json={"reason": ""}).status_code in (400, 422)
    assert steps.calls == []


def test_a_rollback_that_waits_is_offered(site: Site, held: Held) -> None:
    held.held["r-1"].rollback = "waiting"
    try:
        for path in ("/runs", "/runs/r-1"):
            page = text(site, path)
            assert "Roll back</button>" in page
            assert "Close without rolling back" in page
    finally:
        held.held["r-1"].rollback = ""


def test_a_rollback_needs_a_person_whom_a_token_vouches_for(site: Site, held: Held) -> None:
    answer = site.client.post("/runs/r-1/rollback", data={"close": "yes"}, headers=site.origin)
    assert answer.status_code == 403
    assert held.rolled == []
    assert site.client.post("/runs/r-1/rollback", data={"close": "maybe"}, headers=site.origin).status_code == 400


def test_runs_that_are_not_available_say_why(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    own = site.host.runs
    monkeypatch.setattr(site.host, "runs", None)
    assert "respond.enabled" in text(site, "/runs")
    site.host.runs = own


def test_a_switch_is_moved_with_its_reason(site: Site) -> None:
    fields = {"scope": "global", "engaged": "yes", "reason": HOSTILE}
    answer = site.client.post("/switches", data=fields, headers=site.origin)
    assert (answer.status_code, answer.headers["location"]) == (303, "/runs")
    page = text(site, "/runs")
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    found = site.client.get("/api/v1/switches").json()
    assert (found["moved"]["global"]["actor"], found["moved"]["global"]["reason"]) == ("local", HOSTILE)


def test_a_stop_that_came_after_the_page_is_not_released_by_its_form(tmp_path: Path, serve: Callable[..., Any]) -> None:
    secret = "secret" * 8
    with serve(tmp_path, [Token("alice", ["write"], token_hash(secret))]) as site:
        site.client.headers["authorization"] = f"Bearer {secret}"
        shown = site.client.get("/api/v1/switches").json()["moved"]["global"]["at"]
        assert f'name="seen" value="{shown}"' in text(site, "/runs")
        form = {"scope": "global", "engaged": "no", "reason": "it is fine"}
        for seen, status in ((str(shown - 1), 409), ("x", 400), (str(shown), 303)):
            answer = site.client.post("/switches", data={**form, "seen": seen}, headers=site.origin)
            assert answer.status_code == status, answer.text
        assert site.host.runs.switches()["global"] is False


def test_the_lists_are_in_the_api(site: Site, held: Held, tmp_path: Path) -> None:
    assert site.client.get("/api/v1/runs/waiting").json() == {
        "runs": [],
        "refused": [],
        "problems": [],
        "more": 0,
        "steps": [],
    }
    assert site.client.get("/api/v1/runs/refused").json()["refusals"][0]["guard"] == "age"
    found = site.client.get("/api/v1/runs/r-1").json()
    assert (found["run"]["id"], found["exchanges"][0]["status"]) == ("r-1", 503)
    assert site.client.get("/api/v1/runs/none").status_code == 404
