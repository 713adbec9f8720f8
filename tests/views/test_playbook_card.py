"""The playbook of an incident: which one is shown, with which answer of the guards."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.records import Rejection, RootCause
from aiops.respond.filled import Filled
from aiops.respond.guards import GuardCheck
from aiops.respond.history import Run
from aiops.respond.plans import Plan
from aiops.views.playbook_card import MAX_RUNS, PlaybookCard, Source, guards_text, playbook_card
from tests.views.sample import AT, incident


def filled(name: str) -> Filled | None:
    known = ("rollback", "restart", "other")
    return Filled(name, "1.0.0", "", "", "", "approve", True, True, "fits") if name in known else None


def plan(**states: str) -> Plan:
    checks = [GuardCheck(name.replace("_", " "), state, f"{name} speaks") for name, state in states.items()]  # type: ignore[arg-type]
    return Plan("p-1", "rollback", "inc-1", ["api"], checks, [object()], None, "")  # type: ignore[list-item]


def card(answer: Plan | str | None = None, wanted: str = "", rejected: Any = (), **more: Any) -> PlaybookCard:
    found = playbook_card(incident(rejected=list(rejected)), Source(filled, lambda name: answer, **more), wanted)
    assert found is not None
    return found


def test_first_suggestion_is_shown_and_the_others_are_named() -> None:
    found = card()
    assert (found.name, found.target) == ("rollback", "payments-api")
    assert found.filled is not None
    assert [(one.name, one.reason) for one in found.others] == [("restart", "its text fits")]
    assert [row.text for row in found.why] == ["A deploy fits"]


def test_another_suggestion_is_shown_where_it_is_wanted() -> None:
    assert card(wanted="restart").name == "restart"
    assert card(wanted="other").name == "other"
    assert card(wanted="unknown").name == "rollback"


def test_rejected_suggestion_makes_room_for_the_next() -> None:
    no = Rejection("rollback", AT, "alice", "schema changed")
    found = card(rejected=[no])
    assert (found.name, found.rejected) == ("restart", None)
    assert found.others[0].rejected == no
    assert card(wanted="rollback", rejected=[no]).rejected == no
    both = [no, Rejection("restart", AT, "bob", "no")]
    assert card(rejected=both).name == "rollback"


def test_incident_without_suggestions_has_no_card() -> None:
    assert playbook_card(incident(playbooks=[]), Source(filled, lambda name: None)) is None


def test_only_a_missing_approval_leaves_the_button() -> None:
    waiting = card(plan(mode="passed", approval="refused", precondition="later"))
    assert (waiting.may_approve, waiting.stopped) == (True, "")
    stopped = card(plan(kill_switch="refused", approval="refused"))
    assert (stopped.may_approve, stopped.stopped) == (False, "kill switch: kill_switch speaks")
    assert not card(plan(mode="passed")).may_approve


def test_plan_that_is_not_available_has_its_reason() -> None:
    found = card("Runs are unavailable.")
    assert (found.plan, found.unavailable) == (None, "Runs are unavailable.")


@pytest.mark.parametrize(
    ("states", "text"),
    [
        ({"a": "passed", "b": "passed"}, "2 of 2 guards hold"),
        ({"a": "passed"}, "1 of 1 guard holds"),
        ({"a": "passed", "approval": "refused"}, "1 of 2 guards holds; 1 waits for you"),
        (
            {"a": "refused", "b": "later", "c": "later", "approval": "refused"},
            "0 of 4 guards hold; 1 refuses, 1 waits for you, 2 are checked just before",
        ),
    ],
)
def test_guards_are_summed_up_in_one_line(states: dict[str, str], text: str) -> None:
    assert guards_text(plan(**states)) == text


def test_runs_are_bounded() -> None:
    runs = [Run(f"r-{n}", "rollback", "1.0.0", "inc-1", ["api"], AT) for n in range(MAX_RUNS + 4)]
    found = card(runs=runs)
    assert (len(found.runs), found.more_runs) == (MAX_RUNS, 4)


def on_a_host(name: str) -> Filled:
    return Filled(name, "1.0.0", "", "", "", "approve", True, True, "fits", subject="host")


def test_a_service_is_no_target_of_steps_that_run_on_a_host() -> None:
    source = Source(on_a_host, lambda name: None)
    found = playbook_card(incident(), source, kind_of=lambda entity: "service")
    assert found is not None
    assert (found.target, found.choose) == (None, "host")
    for kind in ("node", ""):
        known = playbook_card(incident(), source, kind_of=lambda entity, kind=kind: kind)  # type: ignore[misc]
        assert known is not None
        assert (known.target, known.choose) == ("payments-api", "")


def test_a_suspect_is_no_target_any_more_once_another_cause_is_confirmed() -> None:
    source = Source(filled, lambda name: None)
    other = playbook_card(incident(root_cause=RootCause("payments-db")), source)
    assert other is not None
    assert (other.target, other.choose) == (None, "target")
    same = playbook_card(incident(root_cause=RootCause("payments-api")), source)
    assert same is not None
    assert (same.target, same.choose) == ("payments-api", "")
