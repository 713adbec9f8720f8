"""Shared by the trainers of models that learn as they go."""

from __future__ import annotations

from typing import TypeVar

from aiops.errors import UsageError
from aiops.ports import Stateful
from aiops.trainers import Learned, Lesson

ModelT = TypeVar("ModelT")


def loaded(model: ModelT, learned: Learned) -> ModelT:
    """Return a new model with what was learned; raise `UsageError` for the state of another one."""
    if learned.state is None:
        return model
    assert isinstance(model, Stateful)
    try:
        model.load(learned.state)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise UsageError(f"models: no state of {learned.algorithm}: {error}") from error
    return model


def later(lessons: list[Lesson], learned: Learned) -> list[Lesson]:
    """Return the lessons that a model has not had; all, for one that has learned nothing."""
    if learned.state is None or learned.until is None:
        return lessons
    return [one for one in lessons if one.at > learned.until]
