"""Guarded runs over the API: who may approve, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiops.respond.audit import AuditError
from aiops.store.incidents import get
from aiops.web import bodies, runs
from tests.web.calls import Desk, desk_in, refused


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One desk for the tests that change nothing."""
    with desk_in(tmp_path_factory.mktemp("state")) as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with desk_in(tmp_path) as found:
        yield found


def test_switches_are_listed_and_moved(desk: Desk) -> None:
    assert runs.list_switches(desk.call()).switches == {"global": True}
    moved = runs.move_switch(desk.call(bodies.MoveSwitch("playbook:backup-failed", True)))
    assert moved.switches == {"global": True, "playbook:backup-failed": True}
    released = runs.move_switch(desk.call(bodies.MoveSwitch("global", False, "tested")))
    assert not released.switches["global"]
    assert released.moved["playbook:backup-failed"].reason == "no reason given"


def test_engaging_is_for_anybody_and_releasing_for_whom_a_token_vouches(desk: Desk) -> None:
    runs.move_switch(desk.call(bodies.MoveSwitch("playbook:backup-failed", True), actor=None, vouched=False))
    with refused(403, "token"):
        runs.move_switch(desk.call(bodies.MoveSwitch("playbook:backup-failed", False), vouched=False))


@pytest.mark.parametrize(("actor", "vouched"), [("ann", False), (None, True), (None, False)])
def test_approving_and_rolling_back_need_a_name_with_a_token(still: Desk, actor: str | None, vouched: bool) -> None:
    with refused(403, "token"):
        runs.approve(still.call(bodies.Approve("p", "x"), actor=actor, vouched=vouched))
    with refused(403, "token"):
        runs.roll_back(still.call(bodies.RollBack(), actor=actor, vouched=vouched))


def test_plan_of_a_named_playbook_sends_nothing_and_says_why(still: Desk) -> None:
    plan = runs.plan(still.call(query=bodies.PlanQuery("host-disk-full"))).plan
    assert (plan.playbook, plan.incident) == ("host-disk-full", still.incident)
    assert plan.refused is not None
    assert runs.list_runs(still.call(query=bodies.RunsQuery())).runs == []


def test_plan_needs_a_playbook(still: Desk) -> None:
    incident = get(still.host.store.database.reader, still.incident)
    assert incident is not None
    if not incident.incident.playbooks:
        with refused(409, "name one"):
            runs.plan(still.call(query=bodies.PlanQuery()))
    with refused(409, "gone"):
        runs.plan(still.call(query=bodies.PlanQuery("gone")))


def test_plan_that_cannot_be_approved_is_409(still: Desk) -> None:
    plan = runs.plan(still.call(query=bodies.PlanQuery("host-disk-full"))).plan
    with refused(409):
        runs.approve(still.call(bodies.Approve("host-disk-full", plan.id)))


def test_rollback_of_a_run_that_is_not_there_is_409(still: Desk) -> None:
    with refused(409):
        runs.roll_back(still.call(bodies.RollBack(reason="why"), id="gone"))
    with refused(409):
        runs.roll_back_on_page(still.call(bodies.RollBackForm("gone", "yes", "why")))


def test_trail_that_cannot_be_written_is_503(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*asked: Any, **more: Any) -> None:
        raise AuditError("audit trail: no space left")

    monkeypatch.setattr(desk.host.runs, "switch", fail)
    with refused(503, "no space left"):
        runs.move_switch(desk.call(bodies.MoveSwitch("global", True)))


@pytest.mark.parametrize(
    ("operation", "body"), [(runs.list_switches, None), (runs.move_switch, bodies.MoveSwitch("global", True))]
)
def test_without_runs_all_is_409(desk: Desk, operation: Any, body: Any) -> None:
    held, desk.host.runs = desk.host.runs, None  # type: ignore[assignment]
    try:
        with refused(409, "respond.enabled"):
            operation(desk.call(body))
        stored = get(desk.host.store.database.reader, desk.incident)
        assert stored is not None
        assert runs.shown(desk.host, stored.incident) is None
        assert runs.listed(desk.host, stored.incident) == []
    finally:
        desk.host.runs = held


def test_page_of_an_incident_that_is_over_shows_no_dry_run(still: Desk) -> None:
    stored = get(still.host.store.database.reader, still.incident)
    assert stored is not None
    stored.incident.status = "resolved"
    assert runs.shown(still.host, stored.incident) is None


@pytest.mark.parametrize("reason", ["", "  \t", "\u200b", "--"])
def test_a_release_without_a_reason_in_words_is_400_and_a_stop_is_not(desk: Desk, reason: str) -> None:
    with refused(400, "releasing global needs a reason in words"):
        runs.move_switch(desk.call(bodies.MoveSwitch("global", False, reason)))
    with refused(400, "a rollback needs a reason in words"):
        runs.roll_back(desk.call(bodies.RollBack(reason=reason), id="r-1"))
    stopped = runs.move_switch(desk.call(bodies.MoveSwitch("global", True, reason)))
    assert (stopped.switches["global"], stopped.moved["global"].reason) == (True, "no reason given")


def test_a_stop_that_came_after_the_page_is_not_released_by_it(desk: Desk) -> None:
    moved = runs.move_switch(desk.call(bodies.MoveSwitch("global", True, "crash loop"))).moved["global"]
    with refused(409, "engaged again by ann (crash loop) after what was shown here"):
        runs.move_switch(desk.call(bodies.MoveSwitch("global", False, "tested", moved.at - 1)))
    assert runs.list_switches(desk.call()).switches["global"]
    released = runs.move_switch(desk.call(bodies.MoveSwitch("global", False, "tested", moved.at)))
    assert not released.switches["global"]
