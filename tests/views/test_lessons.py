"""Lessons as people read them."""

from __future__ import annotations

import pytest

from aiops.engine.correlate.lesson import Lesson, new_lesson
from aiops.engine.correlate.lessons import Lessons
from aiops.views.lessons import lesson_line, lessons_list

CART, WEB, DB = ("Errors", "cart"), ("Latency", "web"), ("Disk", "db")


def lesson(verb: str, number: int = 0) -> Lesson:
    made = new_lesson(f"act-{number}", verb, 1_777_800_000.0 + number, "bob", "inc-1")
    made.left, made.right = [CART, WEB, DB], [("Swap", "mail")]
    return made


@pytest.mark.parametrize(
    ("verb", "together", "sentence"),
    [
        ("merge", True, "bob merged Errors on cart, Latency on web and 1 more with Swap on mail"),
        ("split", False, "bob split Errors on cart, Latency on web and 1 more from Swap on mail"),
        ("wrong", False, "bob marked Errors on cart, Latency on web and 1 more as not belonging with Swap on mail"),
    ],
)
def test_a_line_states_what_was_done(verb: str, together: bool, sentence: str) -> None:
    line = lesson_line(lesson(verb))
    assert (line.id, line.by, line.incident, line.together, line.sentence) == (
        "act-0", "bob", "inc-1", together, sentence,
    )  # fmt: skip
    assert (line.left, line.right) == (["Errors on cart", "Latency on web", "Disk on db"], ["Swap on mail"])


def test_a_confirmed_incident_is_one_problem() -> None:
    one = lesson("belongs")
    one.right = one.left
    assert lesson_line(one).sentence == "bob confirmed Errors on cart, Latency on web and 1 more as one problem"


def test_the_newest_stands_first() -> None:
    lessons = Lessons(applies=False)
    for number, verb in enumerate(("merge", "split")):
        assert lessons.add(lesson(verb, number))
    found = lessons_list(lessons)
    assert ([one.id for one in found.lessons], found.applies) == (["act-1", "act-0"], False)
