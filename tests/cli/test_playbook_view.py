"""Plans and suggestions at a terminal: all of a request is shown, nothing of it acts."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from aiops.cli.playbook_view import show_explanation, show_plan, show_suggestions
from aiops.records import Evidence, Suggestion
from aiops.respond.calls import Call, StepState
from aiops.respond.explain import Explanation
from aiops.respond.guards import GuardCheck
from aiops.respond.plans import Plan
from aiops.respond.rendering import Shown
from aiops.step_kinds.exchange import Observed, Prepared

HOSTILE = "x\x1b[2J\u202e[red]y"


def seen(show: Any, *what: Any) -> str:
    stream = io.StringIO()
    show(Console(file=stream, width=100, color_system=None), *what)
    return stream.getvalue()


def call(phase: Any = "step", **more: Any) -> Call:
    given = {"method": "POST", "url": "https://ops.example/x", "place": "step 0", "name": "restart", "target": "a"}
    return Call(**{**given, **more}, phase=phase)


def plan(*requests: Call, **more: Any) -> Plan:
    checks = [GuardCheck("mode", "passed", "holds"), GuardCheck("age", "refused", "too young")]
    checks.append(GuardCheck("precondition", "later", "is asked before the run"))
    return Plan("id", "p", "i", ["a"], checks, list(requests), "too young", "would run p; refused", **more)


def test_plan_shows_all_that_would_be_sent() -> None:
    body = {"reason": "y" * 5_000, "n": [1, None]}
    request = call(body=body, headers={"X-Force": "yes"}, secret="ops", attempts=3)
    shown = seen(show_plan, plan(request, call("rollback", name="undo")))
    assert "step restart on a: POST https://ops.example/x, X-Force: yes" in shown
    assert "y" * 5_000 in shown.replace("\n", "")
    assert "with the secret ops" in shown
    assert "up to 3 times" in shown
    assert "rollback undo on a" in shown


def test_plan_shows_each_guard_with_its_mark() -> None:
    shown = seen(show_plan, plan())
    assert "✓ mode: holds" in shown
    assert "✗ age: too young" in shown
    assert "· precondition" in shown


def test_plan_shows_what_was_read_and_its_warnings() -> None:
    seen_it = StepState("step 0", "a", "back", Observed(f"rolls back {HOSTILE}", "api", {"revision": 7}))
    later = StepState("step 1", "a", "scale", Observed("", "api"), after="back")
    lost = StepState("step 2", "b", "back", problem="it could not be read: status 500", code="state_unread")
    shown = seen(show_plan, plan(states=[seen_it, later, lost], warnings=[f"managed by {HOSTILE}"]))
    assert "[2J\ufffd[red]y (revision 7)" in shown
    assert "scale on a: decided on what back leaves" in shown
    assert "back on b: it could not be read: status 500" in shown
    assert "warning: managed by x\ufffd[2J\ufffd[red]y" in shown


def test_plan_shows_what_is_rolled_back_by_hand() -> None:
    assert "rollback by hand: tell the customer" in seen(show_plan, plan(by_hand=["tell the customer"]))


@pytest.mark.parametrize("field", ["name", "target", "url"])
def test_text_of_an_alert_does_not_reach_the_terminal(field: str) -> None:
    shown = seen(show_plan, plan(call(**{field: HOSTILE}, body={"a": HOSTILE}, headers={HOSTILE: HOSTILE})))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[red]" in shown


def test_suggestions_show_score_and_reasons() -> None:
    evidence = [Evidence("fits", 1.5, "its alert fits"), Evidence("history", -0.25, HOSTILE)]
    shown = seen(show_suggestions, [Suggestion("restart", score=1.25, evidence=evidence)])
    assert "restart" in shown
    assert "1.25" in shown
    assert "+1.50 its alert fits" in shown
    assert "\x1b" not in shown
    assert "No playbook fits" in seen(show_suggestions, [])


def test_explanation_shows_commands_requests_and_what_is_missing() -> None:
    steps = [
        Shown("manual", "look", "df -h\nuptime", "a table", "mind the gap"),
        Shown("http", "restart", request=Prepared("POST", "https://x/y", body={"a": 1})),
    ]
    found = Explanation(
        "p", "Restart it.", True, "1 alert fits", "At night.", {"host": "a"}, {"disk": "no value"}, steps, plan().checks
    )
    shown = seen(show_explanation, found)
    for text in ("fits: 1 alert fits", "use: at night.", "<disk>", "$ df -h", "$ uptime", "expect: a table"):
        assert text.lower() in shown.lower()
    assert "POST https://x/y" in shown
    assert "✗ age: too young" in shown
    without = seen(show_explanation, Explanation("p", "s", False, "no alert", "never"))
    assert "does not fit: no alert" in without
    assert "guards" not in without
