"""A playbook's own tests: what passes, and what a failing one says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aiops.respond.format import Playbook
from aiops.respond.playbook_tests import run_trials


def incident(name: str = "WorkerHangs", **more: Any) -> dict[str, Any]:
    cause = {"entity": "worker-1", "kind": "host", "confidence": "high"}
    return {"alerts": [{"name": name, "entity": "worker-1"}], "cause": cause, **more}


def book(
    samples: SimpleNamespace, expect: dict[str, Any], given: dict[str, Any] | None = None, **more: Any
) -> Playbook:
    trial = {"name": "a trial", "incident": given or incident(), "expect": expect}
    made: Playbook = samples.playbook(tests=[trial], **more)
    return made


def problems(samples: SimpleNamespace, expect: dict[str, Any], given: dict[str, Any] | None = None, **more: Any) -> str:
    [result] = run_trials(book(samples, expect, given, **more))
    assert (result.playbook, result.trial, result.ok) == ("restart-worker", "a trial", not result.problems)
    return " / ".join(result.problems)


REQUEST = {"method": "POST", "url": "https://ops.example/hosts/worker-1/restart", "body": {"host": "worker-1"}}


@pytest.mark.parametrize(
    "expect",
    [
        {"decision": "suggest"},
        {"decision": "suggest", "parameters": {"host": "worker-1"}},
        {"decision": "suggest", "requests": [REQUEST]},
        {"decision": "suggest", "reason": "1 alert on 1 entity"},
    ],
)
def test_trial_that_holds_passes(samples: SimpleNamespace, expect: dict[str, Any]) -> None:
    assert problems(samples, expect) == ""


def test_trial_of_an_incident_that_does_not_fit_passes_with_its_reason(samples: SimpleNamespace) -> None:
    other = incident("Other")
    assert problems(samples, {"decision": "none", "reason": "no alert"}, other) == ""
    assert "expected a reason with 'another one'" in problems(
        samples, {"decision": "none", "reason": "another one"}, other
    )


@pytest.mark.parametrize(
    ("decision", "name", "got"), [("none", "WorkerHangs", "suggest"), ("suggest", "Other", "none")]
)
def test_wrong_decision_is_named_with_the_reason(samples: SimpleNamespace, decision: str, name: str, got: str) -> None:
    said = problems(samples, {"decision": decision, "requests": [REQUEST]}, incident(name))
    assert said.startswith(f"expected decision {decision}; got {got}: ")
    assert " / " not in said, "what follows from a wrong decision is not said as well"


def test_wrong_value_request_and_command_are_each_named(samples: SimpleNamespace) -> None:
    expect = {
        "decision": "suggest",
        "parameters": {"host": "worker-2", "n": 1},
        "shows": ["ping worker-2"],
        "requests": [{**REQUEST, "method": "PUT"}],
    }
    look = {"kind": "manual", "name": "look", "run": "ping {{ host }}\nuptime"}
    said = problems(samples, expect, diagnosis=[look])
    assert "parameter host: expected 'worker-2'; got 'worker-1'" in said
    assert "parameter n: expected 1; got None" in said
    assert "'ping worker-2'" in said
    assert "expected the requests" in said


def test_what_the_steps_alone_send_is_compared(samples: SimpleNamespace) -> None:
    look = {"kind": "http", "name": "look", "method": "GET", "url": "https://ops.example/hosts"}
    call = {"kind": "http", "name": "restart", "url": "https://ops.example/restart", "body": {"host": "{{ host }}"}}
    sent = {"method": "POST", "url": "https://ops.example/restart", "body": {"host": "worker-1"}}
    parts: dict[str, Any] = {"preconditions": [look], "steps": [call]}
    assert problems(samples, {"decision": "suggest", "sends": [sent]}, **parts) == ""
    other = problems(samples, {"decision": "suggest", "sends": [{**sent, "body": {"host": "x"}}]}, **parts)
    assert "expected the requests of the steps" in other
    assert "expected the requests" in problems(samples, {"decision": "suggest", "requests": [sent]}, **parts)


def test_one_line_of_a_command_is_enough(samples: SimpleNamespace) -> None:
    look = {"kind": "manual", "name": "look", "run": "ping {{ host }}\n  uptime"}
    assert problems(samples, {"decision": "suggest", "shows": ["uptime", "ping worker-1"]}, diagnosis=[look]) == ""


def test_missing_value_says_why(samples: SimpleNamespace) -> None:
    given = incident()
    given["cause"]["entity"] = "Worker 1!"
    said = problems(samples, {"decision": "suggest", "parameters": {"host": "x"}}, given)
    assert "got None cause.entity: expected text like" in said


def test_severity_of_a_trial_is_the_highest_of_its_alerts(samples: SimpleNamespace) -> None:
    match = {"alert": [{"label": "name", "value": "WorkerHangs"}], "incident": {"minSeverity": "critical"}}
    alerts = [{"name": "WorkerHangs", "entity": "worker-1"}, {"name": "X", "entity": "y", "severity": "critical"}]
    assert problems(samples, {"decision": "suggest"}, incident(alerts=alerts), match=match) == ""
    assert problems(samples, {"decision": "none"}, incident(alerts=alerts, severity="info"), match=match) == ""


def test_change_of_a_trial_is_a_way_in(samples: SimpleNamespace) -> None:
    match = {"change": ["deploy"], "cause": {"kind": ["host"]}}
    changes = [{"entity": "worker-1", "name": "Deploy 7"}]
    assert problems(samples, {"decision": "suggest"}, incident("Other", changes=changes), match=match) == ""
    assert problems(samples, {"decision": "none"}, incident("Other"), match=match) == ""
