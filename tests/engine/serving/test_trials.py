"""The candidates of a slot beside a decision: who decides, who learns, and what a candidate can touch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aiops.engine.serving.slot import Slot, TrialSlot
from aiops.engine.serving.trial import Role, Trial
from aiops.engine.serving.trials import Case, Trials, case_of, copied, is_of
from aiops.engine.serving.versions import Version
from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause, Change
from tests.engine.serving.models import T0, engine_of

VERSION = Version("causes", "mine", "0" * 16, 1.0, 7, "ann")


def trial(role: Role, answer: Any, services: list[str] | None = None) -> Trial:
    return Trial(role, VERSION, answer, services or [])


def view() -> IncidentView:
    facts = [
        AlertFact("db-1", "Down", 4, 3, T0, T0, "db", workload="db-set", labels={"a": "b"}, annotations={"c": "d"}),
        AlertFact("web-1", "Slow", 3, 1, T0, T0, "web"),
        AlertFact("host-9", "Full", 3, 1, T0, T0),
    ]
    return IncidentView("inc-1", T0, facts, [Change(ts=T0, entity="db-1", name="deploy")], 4, [Cause("db-1", 1.0)])


def decided(trials: Trials, *touched: str, found: list[str] | None = None) -> tuple[list[str], Any]:
    return trials.decided("causes", Case("inc-1", lambda: touched), found or ["a", "b"], lambda model: list(model), str)


def test_without_a_trial_the_decision_is_the_very_same() -> None:
    found = ["a"]
    assert decided(Trials(), found=found)[0] is found
    trials = Trials()
    trials.put("playbooks", trial("shadow", ["z"]))
    assert decided(trials, found=found)[0] is found


def test_shadow_decides_nothing_and_canary_only_what_it_covers() -> None:
    trials = Trials()
    trials.put("causes", trial("canary", ["c"], ["web"]))
    trials.put("causes", trial("shadow", ["s"]))
    assert [one.role for one in trials.by_slot["causes"]] == ["shadow", "canary"]
    assert decided(trials, "db") == (["a", "b"], None)
    assert decided(trials, "db", "web") == (["c"], ["c"])
    shadow, canary = trials.by_slot["causes"]
    # The shadow is compared with the model that serves, not with the canary.
    assert shadow.compared["inc-1"].serving == ["a", "b"]
    assert (canary.decided.compared, canary.beside.compared) == (1, 0)


def test_answer_that_cannot_be_named_is_a_fault_of_the_candidate() -> None:
    trials = Trials()
    trials.put("causes", trial("canary", [7], ["web"]))
    found = trials.decided(
        "causes", Case("k", lambda: ["web"]), ["a"], lambda model: list(model), lambda one: one.strip()
    )
    assert found == (["a"], None)
    assert trials.by_slot["causes"][0].faults == 1


def test_second_trial_of_a_role_takes_the_place_of_the_first() -> None:
    trials = Trials()
    for answer in (["x"], ["y"]):
        trials.put("causes", trial("shadow", answer))
    found = trials.of("causes", "shadow")
    assert found is not None
    assert found.model == ["y"]
    assert trials.remove("causes", "canary") is None
    assert trials.remove("causes", "shadow") is found
    assert (trials.by_slot, trials.of("causes", "shadow")) == ({}, None)


def test_all_candidates_of_the_slot_learn_and_a_fault_of_one_stops_no_other() -> None:
    learned: list[str] = []

    def lesson(model: Callable[[], None]) -> None:
        model()

    def broken() -> None:
        raise ValueError

    trials = Trials()
    trials.put("causes", trial("shadow", broken))
    trials.put("causes", trial("canary", lambda: learned.append("canary"), ["web"]))
    trials.put("similar", trial("shadow", lambda: learned.append("similar")))
    trials.teach("causes", lesson)
    assert learned == ["canary"]
    assert trials.by_slot["causes"][0].faults == 1
    trials.confirm("causes", "inc-1", lambda name: True)


def test_case_of_an_incident_touches_services_workloads_and_entities() -> None:
    assert list(case_of(view()).touched()) == ["db", "db-set", "db-1", "web", "web-1", "host-9"]


def test_candidate_that_changes_its_view_changes_nothing_else() -> None:
    given, own = view(), copied(view())
    assert own == given
    own.facts[0].labels["a"] = "forged"
    own.facts[0].annotations.clear()
    own.facts.pop()
    own.changes[0].labels["x"] = "y"
    own.changes[0].entity = "forged"
    own.causes[0].entity = "forged"
    own.causes.clear()
    assert given == view()
    mine = copied(given)
    for one, other in zip(mine.facts, given.facts, strict=True):
        assert one is not other
        assert one.labels is not other.labels


@pytest.mark.parametrize(
    ("root", "right", "wrong"),
    [
        ("db-1", ["db-1", "db", "db-set"], ["web-1", "web", ""]),
        ("db", ["db", "db-1"], ["db-set", "web-1", "host-9"]),
        ("db-set", ["db-set", "db-1"], ["db", "web"]),
        ("host-9", ["host-9"], ["db-1", "web"]),
        ("elsewhere", ["elsewhere"], ["db-1", "web", "host-9"]),
    ],
)
def test_suspect_is_judged_by_the_part_that_a_person_named(root: str, right: list[str], wrong: list[str]) -> None:
    judge = is_of(root, view())
    assert all(judge(name) for name in right)
    assert not any(judge(name) for name in wrong)


def test_slots_of_an_engine_fit_their_protocols() -> None:
    slots = engine_of().serving.slots
    assert list(slots) == ["detect", "causes", "playbooks", "similar", "noise", "grouping"]
    found: list[Slot] = list(slots.values())
    assert [isinstance(slot, TrialSlot) for slot in found] == [False, True, True, True, False, False]
