"""The trainer of corrections: what it keeps, and how later corrections judge it."""

from __future__ import annotations

from typing import Any

import pytest

from aiops import trainers
from aiops.config import Config
from aiops.engine.correlate.lesson import Lesson, new_lesson
from aiops.engine.correlate.lessons import DAY_S, Lessons
from aiops.engine.correlate.state import Name
from aiops.errors import UsageError
from aiops.model_state import canonical
from aiops.topology import Topology
from aiops.trainers import Learned
from aiops.training.grouping import GroupingTrainer, pairs_of

CART, WEB, DB, MAIL = ("Errors", "cart"), ("Latency", "web"), ("Errors", "db"), ("Latency", "mail")


class History:
    """The engine of a history of lessons."""

    def __init__(self, given: list[Lesson]) -> None:
        self.given = given
        self.correlate = self
        self.lessons = Lessons()

    def engine(self, until: float | None = None) -> History:
        found = History(self.given)
        found.lessons.restore([one for one in self.given if until is None or one.at < until])
        return found


def lesson(number: int, verb: str, left: Name, right: Name) -> Lesson:
    made = new_lesson(f"act-{number}", verb, number * DAY_S, "alice", f"inc-{number}")
    made.left, made.right = [left], [right]
    return made


def corrections(count: int = 20) -> list[Lesson]:
    """A site where cart and web are split each other day, and db and mail merged on the others."""
    return [
        lesson(number, "split", CART, WEB) if number % 2 else lesson(number, "merge", DB, MAIL)
        for number in range(count)
    ]


def trainer(**parameters: str) -> Any:
    return GroupingTrainer(Config(), Topology(), parameters)


def test_the_slot_has_its_trainer() -> None:
    assert trainers.load("grouping") is GroupingTrainer


def test_equal_corrections_give_equal_states_that_lessons_load_to_the_byte() -> None:
    first, second = (trainer().fit(History(corrections()), 10 * DAY_S) for _ in range(2))
    assert canonical(first.state) == canonical(second.state)
    assert (first.algorithm, first.until, len(first.state)) == ("lessons", 9 * DAY_S, 10)
    found = Lessons()
    found.load(first.state)
    assert canonical(found.dump()) == canonical(first.state)


def test_a_stretch_bounds_what_is_kept() -> None:
    assert [one[0] for one in trainer(recent="2d").fit(History(corrections())).state] == ["act-17", "act-18", "act-19"]
    with pytest.raises(UsageError, match="unknown parameter 'depth'"):
        trainer(depth="3")
    with pytest.raises(UsageError, match="nobody has corrected a grouping"):
        trainer().fit(History(corrections()), 0.0)


def test_later_corrections_judge_and_each_is_foretold_before_it_is_learned() -> None:
    history, since = History(corrections()), 10 * DAY_S
    learned = trainer().fit(history, since)
    judged = trainer().judge(learned, history, since)
    assert [one.at for one in judged] == [number * DAY_S for number in range(10, 20)]
    assert len({one.id for one in judged}) == 10
    assert all(one.measures["right"] == 1.0 and one.measures["log_score"] < 0.0 for one in judged)
    # What serves without a version learned the same by then, and it goes on.
    assert trainer().judge(trainer().untrained(), history, since) == judged
    scores = [one.measures["log_score"] for one in judged if one.id.endswith("split")]
    assert scores == sorted(scores)


def test_what_was_taught_wrongly_is_judged_worse() -> None:
    history, since = History(corrections()), 10 * DAY_S
    wrong = [[*row[:1], "merge" if row[1] == "split" else "split", *row[2:]] for row in trainer().fit(history).state]
    good = trainer().judge(trainer().fit(history, since), history, since)
    bad = trainer().judge(Learned("lessons", wrong, since - DAY_S), history, since)
    assert all(one.measures["log_score"] > two.measures["log_score"] for one, two in zip(good, bad, strict=True))
    with pytest.raises(UsageError, match="no state of lessons"):
        trainer().judge(Learned("lessons", [["x"]], 0.0), history, since)


def test_a_lesson_of_no_pair_judges_nothing() -> None:
    empty = lesson(20, "split", CART, CART)
    assert pairs_of(empty) == []
    assert len(trainer().judge(trainer().untrained(), History([*corrections(), empty]), 19 * DAY_S)) == 1
