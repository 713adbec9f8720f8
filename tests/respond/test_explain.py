"""Explanations: a playbook against an incident, for people, without any effect."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aiops.respond.explain import explain
from aiops.respond.guards import GUARDS


def test_playbook_that_fits_is_shown_with_values_steps_and_guards(samples: SimpleNamespace) -> None:
    book = samples.playbook(diagnosis=[{"kind": "manual", "name": "look", "run": "ping {{ host }}"}])
    found = explain(book, samples.view("WorkerHangs"), samples.topology())
    assert (found.fits, found.playbook, found.parameters) == (True, "restart-worker", {"host": "worker-1"})
    assert found.missing == {}
    assert [step.name for step in found.steps] == ["look", "restart"]
    assert found.steps[0].run == "ping worker-1"
    assert found.steps[1].request is not None
    assert found.steps[1].request.url == "https://ops.example/hosts/worker-1/restart"
    asked = [check.guard for check in found.guards if check.state != "later"]
    assert asked == [name for name, _ in GUARDS]


def test_guards_are_asked_as_if_nothing_had_ever_run(samples: SimpleNamespace) -> None:
    """The kill switch counts as released, or it alone would answer; what only a person can do still refuses."""
    found = explain(samples.playbook(), samples.view("WorkerHangs"), samples.topology())
    refused = {check.guard for check in found.guards if check.state == "refused"}
    assert "kill switch" not in refused
    assert "approval" in refused


def test_playbook_for_a_person_has_no_guards(samples: SimpleNamespace) -> None:
    found = explain(samples.playbook(mode="suggest"), samples.view("WorkerHangs"), samples.topology())
    assert (found.fits, found.guards) == (True, [])


def test_playbook_that_does_not_fit_says_why_and_when_not_to_use_it(samples: SimpleNamespace) -> None:
    found = explain(samples.playbook(), samples.view("Other"), samples.topology())
    assert not found.fits
    assert "no alert" in found.reason
    assert found.when_not_to_use == "All workers hang."


def test_missing_value_stays_visible_with_its_reason(samples: SimpleNamespace) -> None:
    found = explain(samples.playbook(), samples.view("WorkerHangs", cause=None), samples.topology())
    assert found.missing == {"host": "no value was found"}
    [step] = found.steps
    assert step.missing == ["host"]
    assert step.request is not None
    assert step.request.body == {"host": "<host>"}
    assert next(check for check in found.guards if check.guard == "targets").state == "refused"


@pytest.mark.parametrize("cause", ["-rf", "x y", "w" * 61])
def test_hostile_name_of_a_cause_is_no_value(samples: SimpleNamespace, cause: str) -> None:
    found = explain(samples.playbook(), samples.view("WorkerHangs", entity=cause, cause=cause), samples.topology())
    assert found.parameters == {}
    assert "host" in found.missing
