"""A decision is a function of its arguments."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from msgspec import structs

from aiops.errors import UsageError
from aiops.respond.decisions import decide
from aiops.respond.guard_case import Certainty, World
from aiops.respond.history import History
from aiops.respond.plans import Planner
from tests.respond.alone import AT, NAME, playbook, policy, proven


def planner(samples: SimpleNamespace, history: History | None = None, **changes: object) -> Planner:
    book = playbook(samples, **changes)
    return Planner({NAME: book}, samples.topology(), policy(), history or proven(book))


def world(**changes: object) -> World:
    return structs.replace(World(AT + 120, known=10, certainty=Certainty(0.95, 40)), **changes)


def test_it_would_run(samples: SimpleNamespace) -> None:
    found = decide(planner(samples), samples.view("WorkerHangs"), NAME, world())
    assert (found.runs, found.code, found.targets, found.by) == (True, "would_run", ["worker-1"], "engine")
    assert found.plan.mode == "auto"
    assert found == decide(planner(samples), samples.view("WorkerHangs"), NAME, world())


def test_the_first_guard_that_refuses_is_named(samples: SimpleNamespace) -> None:
    found = decide(planner(samples), samples.view("WorkerHangs"), NAME, world(certainty=None))
    assert (found.runs, found.code, found.guard) == (False, "confidence_uncalibrated", "confidence")
    assert decide(planner(samples), samples.view("Other"), NAME, world()).code == "no_match"
    with pytest.raises(UsageError, match="expected a playbook of the catalogue"):
        decide(planner(samples), samples.view("WorkerHangs"), "none", world())


def test_a_plan_for_a_person_shows_what_keeps_the_engine_from_it(samples: SimpleNamespace) -> None:
    plan, _ = planner(samples).plan(samples.view("WorkerHangs"), NAME, world(certainty=None))
    assert plan.code == "approval_missing"
    assert [check.code for check in plan.automatic if check.state == "refused"] == ["confidence_uncalibrated"]
