"""The trainers of models that learn as they go: equal records, equal states; no outcome judges what it taught."""

from __future__ import annotations

from typing import Any

import pytest

from aiops import trainers
from aiops.config import Config
from aiops.errors import UsageError
from aiops.model_state import canonical
from aiops.records import Cause
from aiops.trainers import Learned, Lesson
from aiops.training.causes import CausesTrainer, probabilities
from aiops.training.history import ReplayedHistory
from aiops.training.parameters import Recent, parameters_of
from aiops.training.playbooks import PlaybooksTrainer
from aiops.training.similar import SimilarTrainer
from aiops.training.teaching import later, loaded
from tests.training import site

ONLINE = (CausesTrainer, PlaybooksTrainer, SimilarTrainer)
MIDDLE = site.START + 16 * site.PERIOD_S


def made(kind: Any, **parameters: str) -> Any:
    return kind(Config(), site.topology(), parameters)


def test_each_slot_has_its_trainer() -> None:
    assert {"causes", "detect", "playbooks", "similar"} <= set(trainers.names())
    assert trainers.load("causes") is CausesTrainer
    with pytest.raises(UsageError, match="expected a slot with a trainer"):
        trainers.load("roots")


@pytest.mark.parametrize("kind", ONLINE)
def test_equal_records_give_equal_states(kind: Any, confirmed: ReplayedHistory) -> None:
    first, second = (made(kind).fit(confirmed) for _ in range(2))
    assert canonical(first.state) == canonical(second.state)
    early = made(kind).fit(confirmed, MIDDLE)
    assert canonical(early.state) != canonical(first.state)
    assert early.until is not None
    assert early.until < MIDDLE


@pytest.mark.parametrize("kind", ONLINE)
def test_only_outcomes_after_the_split_judge(kind: Any, confirmed: ReplayedHistory) -> None:
    trainer = made(kind)
    judged = trainer.judge(trainer.fit(confirmed, MIDDLE), confirmed, MIDDLE)
    assert len(judged) >= 5
    assert all(one.at >= MIDDLE for one in judged)
    assert len({one.id for one in judged}) == len(judged)
    assert all(trainer.measure in one.measures for one in judged)


@pytest.mark.parametrize("kind", ONLINE)
def test_a_model_without_a_state_learns_from_the_first_record(kind: Any, confirmed: ReplayedHistory) -> None:
    trainer = made(kind)
    fitted = trainer.judge(trainer.fit(confirmed, MIDDLE), confirmed, MIDDLE)
    assert trainer.judge(trainer.untrained(), confirmed, MIDDLE) == fitted


@pytest.mark.parametrize("kind", ONLINE)
def test_too_little_and_unknown_parameters_are_refused(kind: Any, confirmed: ReplayedHistory) -> None:
    with pytest.raises(UsageError, match="use a longer stretch"):
        made(kind).fit(confirmed, site.START)
    with pytest.raises(UsageError, match=r"unknown parameter 'depth' \(use .*recent"):
        made(kind, depth="3")
    with pytest.raises(UsageError, match="parameter"):
        made(kind, recent="soon")


def test_parameters_change_what_a_ranker_learns_from(confirmed: ReplayedHistory) -> None:
    whole = made(CausesTrainer).fit(confirmed)
    recent = made(CausesTrainer, recent="10h").fit(confirmed)
    only = made(CausesTrainer, history="confirmed").fit(confirmed)
    assert len(recent.state["memory"]) < len(whole.state["memory"]) == len(only.state["memory"])
    assert only.state["history"]["incidents"] <= whole.state["history"]["incidents"]


def test_a_ranker_that_learned_finds_the_roots_of_this_site(confirmed: ReplayedHistory) -> None:
    trainer = made(CausesTrainer)
    judged = trainer.judge(trainer.untrained(), confirmed, MIDDLE)
    assert sum(one.measures["top1"] for one in judged) / len(judged) > 0.6
    assert all(one.measures["top1"] <= one.measures["top3"] and one.measures["log_score"] <= 0 for one in judged)


def test_probabilities_before_any_is_stated_are_shares() -> None:
    assert probabilities([Cause("a", 1.0), Cause("b", 1.0)]) == [0.5, 0.5]
    assert probabilities([Cause("a", 1.0, probability=0.25)]) == [0.25]
    assert probabilities([]) == []


def test_a_state_of_another_model_is_refused(confirmed: ReplayedHistory) -> None:
    with pytest.raises(UsageError, match="no state of causes"):
        made(CausesTrainer).judge(Learned("causes", {"weights": []}, 1.0), confirmed, 0.0)


def test_lessons_that_a_model_had_are_left_out(confirmed: ReplayedHistory) -> None:
    lessons: list[Lesson] = list(confirmed.lessons("cause"))
    assert later(lessons, Learned("x", None, 1.0)) == lessons
    assert later(lessons, Learned("x", {}, lessons[-1].at)) == []
    assert loaded("model", Learned("x", None)) == "model"
    assert parameters_of({}, Recent, "causes").kept(lessons) == lessons
