"""Lessons on grouping over the API: what people taught by their corrections; forget it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from aiops.errors import AiopsError
from aiops.records import Action
from aiops.views.lessons import LessonsList
from aiops.web import bodies
from aiops.web.incidents import hand_in
from aiops.web.operations import ApiError, Call, Operation


class Forget(Struct, forbid_unknown_fields=True):
    """The lessons to forget: the `lesson` of an action's id, `all`, or those `by` a person."""

    lesson: Annotated[str, Meta(max_length=1_024)] = ""
    by: Annotated[str, Meta(max_length=256)] = ""


def list_lessons(call: Call) -> LessonsList:
    """List what people taught the grouping."""
    try:
        return call.host.lessons()
    except AiopsError as error:
        raise ApiError(503, str(error)) from None


def forget_lessons(call: Call) -> bodies.Done:
    """Forget lessons; what is open stays as it is."""
    wanted: Forget = call.body
    args = {name: value for name, value in (("lesson", wanted.lesson), ("by", wanted.by)) if value}
    return hand_in(call, Action(ts=call.clock(), verb="forget_lessons", actor=call.actor, args=args))


OPERATIONS = [
    Operation("listLessons", "GET", "/api/v1/lessons", "List lessons on grouping", "read", list_lessons, LessonsList,
              errors=(503,)),
    Operation("forgetLessons", "POST", "/api/v1/lessons/forget", "Forget lessons on grouping", "write", forget_lessons,
              bodies.Done, Forget, errors=(409, 503)),
]  # fmt: skip
