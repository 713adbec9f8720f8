"""Lessons on grouping as people read them: what corrections taught, the newest first."""

from __future__ import annotations

from msgspec import Struct

from aiops.engine.correlate.lesson import DONE, TOGETHER, Lesson
from aiops.engine.correlate.lessons import Lessons
from aiops.wording import listed, located

# Streams of a side in the sentence; all of them stand beside it.
NAMED = 2


class LessonLine(Struct):
    """A lesson: the action's id, what a person did and when (Unix seconds), and the streams of both sides.

    Each stream of `left` belongs with each of `right` if `together`, else with none of them.
    """

    id: str
    verb: str
    at: float
    by: str
    incident: str
    together: bool
    sentence: str
    left: list[str]
    right: list[str]


class LessonsList(Struct):
    """The lessons; `applies` is False where `correlate.lessons` lets them change no decision."""

    applies: bool
    lessons: list[LessonLine]


def lessons_list(lessons: Lessons) -> LessonsList:
    """Return the lessons of an engine."""
    return LessonsList(lessons.applies, [lesson_line(one) for one in reversed(lessons.all)])


def lesson_line(one: Lesson) -> LessonLine:
    """Return a lesson with its sentence."""
    left, right = ([located(*each) for each in side] for side in (one.left, one.right))
    done, word = DONE[one.verb]
    sentence = f"{one.by} {done} {listed(left, NAMED)} {word} {listed(right, NAMED)}"
    if one.verb == "belongs" and left == right:
        sentence = f"{one.by} confirmed {listed(left, NAMED)} as one problem"
    return LessonLine(one.id, one.verb, one.at, one.by, one.incident, one.verb in TOGETHER, sentence, left, right)
