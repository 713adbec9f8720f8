"""The trainer of the noise model: its gate, what it learns, and how it is judged."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
from aiops_models.noise import LEAST_EACH, MISSED, NoiseTrainer, fit, frame_of, kinds_of
from msgspec import convert, to_builtins

from aiops.engine.noise.logistic import Logistic, Numbers
from aiops.engine.noise.marks import Mark, new_mark
from aiops.engine.noise.sight import NAMES, Sight
from aiops.errors import UsageError
from tests.engine.made import made

KINDS = ("DiskSlow @ db", "CertOld @ web", "OrdersFail @ orders")


def marks(count: int = 80, seed: int = 1) -> list[Mark]:
    """Marks of a site where two kinds are mostly noise, and the third is mostly not."""
    random, found = Random(seed), []
    for number in range(count):
        place = random.randrange(3)
        is_noise = random.random() < (0.95, 0.85, 0.05)[place]
        values = [math.log1p(random.randint(1, 5)) for _ in NAMES]
        sight = made(
            Sight, at=number * 60.0, severity=2 + place % 2, values=values, kinds=[KINDS[place]], entities=["e"]
        )
        mark = new_mark(f"inc-{number}", "noise" if is_noise else "actionable", number * 60.0, "alice", sight)
        mark.lasted_s = 60.0 * place
        found.append(mark)
    return found


def test_equal_marks_give_equal_numbers_that_the_engine_takes() -> None:
    first, second = fit(marks()), fit(marks())
    assert to_builtins(first.numbers) == to_builtins(second.numbers)
    assert first.area > 0.85 > first.count_area
    model = Logistic(convert(to_builtins(first.numbers), Numbers))
    assert [model.score(mark.sight) > 0.0 for mark in marks() if mark.sight].count(True) > 30


def test_few_later_marks_that_needed_somebody_would_be_held() -> None:
    given = marks(200)
    model = Logistic(fit(given[:100]).numbers)
    later = [mark for mark in given[100:] if mark.sight is not None]
    held = [mark.label for mark in later if model.judge(mark.sight) is not None]  # type: ignore[arg-type]
    # The bound holds in the mean over sites; 34 marks are few.
    assert held.count("actionable") <= 2 * MISSED * sum(mark.label == "actionable" for mark in later)
    assert held.count("noise") > 20


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (marks(39), "at least 40 marks"),
        ([one for one in marks(200) if one.label == "noise"], "and 0 as actionable"),
        ([one for one in marks(200) if one.label == "noise"] + marks(0), f"{LEAST_EACH} of each kind"),
    ],
)
def test_too_few_marks_teach_nothing(given: list[Mark], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        fit(given)


def test_marks_that_say_no_more_than_chance_are_refused() -> None:
    random, given = Random(5), marks(60)
    for mark in given:
        mark.label = random.choice(("noise", "actionable"))
        assert mark.sight is not None
        mark.sight.kinds, mark.sight.values = ["Same @ place"], [1.0] * len(NAMES)
    with pytest.raises(UsageError, match="no better than that of the plain count"):
        fit(given)


def test_the_evidence_of_a_mark_never_counts_its_own_part() -> None:
    given = marks(10)
    for number, mark in enumerate(given):
        assert mark.sight is not None
        mark.sight.kinds = [f"Only{number} @ here"]
    frame = frame_of(given, [number // 2 for number in range(10)])
    assert frame["evidence"].abs().max() == 0.0
    assert kinds_of(given)["Only0"][1] == 1


class Engine:
    """What a history gives of an engine."""

    def __init__(self, given: list[Mark]) -> None:
        self.noise = self
        self.given = given

    def lessons(self) -> list[Mark]:
        return self.given


class History:
    def __init__(self, given: list[Mark]) -> None:
        self.given = given

    def engine(self, until: float | None = None) -> Any:
        return Engine([mark for mark in self.given if until is None or mark.at < until])


def test_a_model_is_judged_by_later_marks_beside_what_decides_without_one() -> None:
    trainer, history = NoiseTrainer(), History(marks(160))
    learned = trainer.fit(history, 80 * 60.0)  # type: ignore[arg-type]
    assert (learned.algorithm, learned.until) == ("logistic", 79 * 60.0)
    judged = trainer.judge(learned, history, 80 * 60.0)  # type: ignore[arg-type]
    without = trainer.judge(trainer.untrained(), history, 80 * 60.0)  # type: ignore[arg-type]
    assert [one.id for one in judged] == [one.id for one in without] == [f"inc-{n}" for n in range(80, 160)]
    assert sum(one.measures["log_score"] for one in judged) > sum(one.measures["log_score"] for one in without)


def test_the_trainer_has_no_parameters() -> None:
    with pytest.raises(UsageError, match="expected no parameters"):
        NoiseTrainer(parameters={"depth": "3"})
