"""A run without a person needs opt-in, evidence, reversibility, a measured certainty and a check of its effect."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import structs

from aiops.ports import AlertFact
from aiops.respond.calls import body_of
from aiops.respond.guard_case import Certainty
from aiops.respond.guards import evaluate
from aiops.respond.history import Level
from aiops.respond.matching import Fit
from aiops.respond.mode_guards import effective_mode, level_of
from aiops.respond.situation import Seen
from tests.respond.alone import AT, NAME, UNDO, Alone, lowered, playbook, policy, proven


@pytest.fixture
def alone(samples: SimpleNamespace) -> Alone:
    return Alone(samples)


def test_it_runs_where_all_holds(alone: Alone) -> None:
    assert alone.codes() == []
    assert effective_mode(alone.book, alone.history, alone.policy) == "auto"


def test_a_person_still_needs_approvals(alone: Alone) -> None:
    alone.by = "person"
    assert alone.codes() == ["approval_missing"]


@pytest.mark.parametrize("ceiling", ["suggest", "approve"])
def test_the_ceiling_counts(alone: Alone, ceiling: str) -> None:
    alone.policy = structs.replace(alone.policy, ceiling=ceiling)
    assert alone.codes() == ["mode_ceiling"]
    assert effective_mode(alone.book, alone.history, alone.policy) == ceiling


@pytest.mark.parametrize(("mode", "code"), [("suggest", "mode_suggest"), ("approve", "mode_approve")])
def test_the_author_counts(samples: SimpleNamespace, mode: str, code: str) -> None:
    alone = Alone(samples, mode=mode)
    assert alone.codes() == [code]
    assert effective_mode(alone.book, alone.history, alone.policy) == mode


def test_nothing_runs_that_nobody_promoted(alone: Alone) -> None:
    lowered(alone, playbooks=[])
    assert alone.codes() == ["not_promoted"]
    alone.history.levels[NAME] = Level("auto", AT, "ann")
    assert alone.codes() == []


@pytest.mark.parametrize("mode", ["approve", "suggest"])
def test_one_click_back_counts_for_more_than_the_configuration(alone: Alone, mode: Any) -> None:
    alone.history.levels[NAME] = Level(mode, AT, "ann", "it hurts")
    assert alone.codes() == ["not_promoted" if mode == "approve" else "mode_level"]
    assert level_of(NAME, alone.history, alone.policy) == mode
    alone.by = "person"
    assert alone.codes() == (["approval_missing"] if mode == "approve" else ["mode_level", "approval_missing"])


@pytest.mark.parametrize(
    ("verified", "failed", "passes"),
    [(0, 0, False), (19, 0, False), (20, 0, True), (19, 1, False), (24, 1, True), (23, 2, False)],
)
def test_evidence_is_counted_runs_and_their_lower_bound(alone: Alone, verified: int, failed: int, passes: bool) -> None:
    alone.history = proven(alone.book, verified, failed)
    assert alone.codes() == ([] if passes else ["unproven"])
    wanted = "auto" if passes else "approve"
    assert effective_mode(alone.book, alone.history, alone.policy) == wanted


def test_runs_of_another_content_are_no_evidence(alone: Alone) -> None:
    changed = structs.replace(alone.book, rollback=[*alone.book.rollback, *alone.book.rollback])
    assert body_of(changed) != body_of(alone.book)
    alone.book = changed
    assert alone.codes() == ["unproven"]


def test_texts_for_people_are_no_content(alone: Alone) -> None:
    assert body_of(structs.replace(alone.book, summary="Another text for people.")) == body_of(alone.book)


@pytest.mark.parametrize(
    "changes",
    [{"reversible": False}, {"rollback": []}, {"rollback": [UNDO, {"kind": "manual", "name": "look"}]}],
)
def test_what_cannot_be_undone_needs_a_person(samples: SimpleNamespace, changes: dict[str, Any]) -> None:
    alone = Alone(samples, **changes)
    assert alone.codes() == ["not_reversible"]
    assert effective_mode(alone.book, alone.history, alone.policy) == "approve"


def test_only_the_operator_vouches_for_a_step_whose_kind_cannot_know(alone: Alone) -> None:
    """What a URL does is known to nobody else, whatever the playbook's author declares."""
    lowered(alone, reversible=[])
    assert alone.codes() == ["not_reversible"]
    lowered(alone, reversible=["another"])
    assert alone.codes() == ["not_reversible"]


def test_manual_step_needs_a_person(samples: SimpleNamespace) -> None:
    assert Alone(samples, steps=[{"kind": "manual", "name": "look"}]).codes() == ["mode_manual_step"]


def test_without_a_check_nobody_would_notice(samples: SimpleNamespace) -> None:
    assert Alone(samples, verify=[]).codes() == ["unverifiable"]
    assert Alone(samples, verify=[{"kind": "manual", "name": "look"}]).codes() == ["unverifiable"]


@pytest.mark.parametrize(
    ("certainty", "code"),
    [
        (None, "confidence_uncalibrated"),
        (Certainty(0.89, 100), "confidence_unproven"),
        (Certainty(math.nan, 100), "confidence_unproven"),
        (Certainty(0.9, 100), None),
    ],
)
def test_only_a_measured_certainty_suffices(alone: Alone, certainty: Certainty | None, code: str | None) -> None:
    """The word "high" of a raw score, which the situation has, does not."""
    alone.world.certainty = certainty
    assert alone.codes() == ([code] if code else [])
    alone.by = "person"
    assert alone.codes() == ["approval_missing"]


def test_a_low_score_is_not_made_up_for_by_a_bound(alone: Alone) -> None:
    alone.situation.confidence = "low"
    assert alone.codes() == ["confidence_low"]


def test_what_is_no_longer_new_is_for_people(alone: Alone) -> None:
    alone.situation.opened_at = AT - 86_400.0
    for age_s, codes in ((3_600.0, []), (3_601.0, ["too_old"]), (math.nan, ["too_old"])):
        alone.seen[0].fact.first_at = AT - age_s
        assert alone.codes() == codes
    alone.seen[0].fact.first_at = AT - 3_601.0
    lowered(alone, max_age="2h")
    assert alone.codes() == []
    lowered(alone, max_age="1h")
    alone.by = "person"
    assert "too_old" not in alone.codes()


def test_an_incident_must_have_settled(alone: Alone) -> None:
    alone.situation.opened_at = AT - 59
    assert alone.codes() == ["too_young"]


def test_the_engine_leaves_it_to_people_who_are_there(alone: Alone) -> None:
    alone.world.person = "bob"
    assert alone.codes() == ["person_at_work"]
    alone.world.person, alone.world.rejected = "", frozenset({NAME})
    assert alone.codes() == ["rejected"]


def test_in_shadow_nothing_is_sent_by_anybody(alone: Alone) -> None:
    alone.policy = structs.replace(alone.policy, mode="shadow")
    assert alone.codes() == ["shadow_mode"]
    alone.by = "person"
    assert alone.codes() == ["shadow_mode", "approval_missing"]
    alone.by = "shadow"
    assert alone.codes() == []


def test_shadow_shows_what_would_run_if_it_were_promoted(samples: SimpleNamespace) -> None:
    alone = Alone(samples)
    alone.by = "shadow"
    alone.history.runs.clear()
    alone.history.switches["global"] = True
    alone.policy = policy(ceiling="suggest")
    lowered(alone, playbooks=[])
    assert alone.codes() == []
    alone.world.certainty = None
    assert alone.codes() == ["confidence_uncalibrated"]
    alone.book = playbook(samples, reversible=False)
    assert alone.codes() == ["not_reversible", "confidence_uncalibrated"]


@pytest.mark.parametrize(("name", "passes"), [(None, True), ("A", True), ("B", False)])
def test_alert_must_still_fire(alone: Alone, name: str | None, passes: bool) -> None:
    alone.situation.seen = [Seen(AlertFact("worker-1", "A", 3, 1, AT, AT), "a", "a")]
    alone.world.firing = frozenset({("worker-1", name)}) if name is not None else None
    case = structs.replace(alone.case(), fit=Fit(True, "fits", (0,)))
    refused = [check.code for check in evaluate(case) if check.state == "refused"]
    assert refused == ([] if passes else ["not_firing", "target_silent"])
    person = structs.replace(case, by="person")
    assert "not_firing" not in [check.code for check in evaluate(person)]
