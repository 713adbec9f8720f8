"""Lessons are kept as they were given, in order, and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from aiops.engine.rank import Models
from aiops.ports import Calibrated, IncidentView
from aiops.records import Cause
from aiops.training import lessons as module
from aiops.training.lessons import Lessons


class Plain:
    """A ranker and a memory that keep what they are taught."""

    def __init__(self) -> None:
        self.taught: list[Any] = []

    def rank(self, view: IncidentView) -> list[Cause]:
        return []

    def learn(self, view: IncidentView, root: str | None) -> None:
        self.taught.append((view.id, root))

    def add(self, view: IncidentView, meta: Mapping[str, str]) -> None:
        self.taught.append((view.id, dict(meta)))

    def nearest(self, view: IncidentView, k: int = 3) -> list[Any]:
        return []


def view(name: str) -> IncidentView:
    return IncidentView(name, 1.0, [])


def test_models_are_taught_as_before_and_lessons_are_copies() -> None:
    clock = iter((1.0, 2.0, 3.0))
    kept, plain = Lessons(lambda: next(clock)), Plain()
    models = kept.recorded(Models(ranker=plain, similar=plain))
    assert models.ranker is not None
    assert models.similar is not None
    assert models.suggester is None
    assert not isinstance(models.ranker, Calibrated)
    first = view("a")
    models.ranker.learn(first, None)
    first.severity = 9
    models.ranker.learn(view("b"), "db")
    models.similar.add(view("b"), {"root": "db"})
    assert plain.taught == [("a", None), ("b", "db"), ("b", {"root": "db"})]
    assert [(one.at, one.view.id, one.root) for one in kept.read("cause")] == [(1.0, "a", None), (2.0, "b", "db")]
    assert kept.read("cause")[0].view.severity == 2
    assert kept.read("similar")[0].meta == {"root": "db"}
    assert kept.read("cause", since=2.0) == kept.read("cause")[1:]


def test_labels_confirm_what_nobody_did() -> None:
    kept = Lessons(lambda: 1.0)
    models = kept.recorded(Models(ranker=Plain()))
    assert models.ranker is not None
    for name, root in (("a", None), ("b", None), ("b", "db")):
        models.ranker.learn(view(name), root)
    assert kept.confirm({"a": "web", "b": "queue", "c": "lost"}) == 1
    assert [(one.view.id, one.root, one.is_label) for one in kept.read("cause")] == [
        ("a", "web", True),
        ("b", None, False),
        ("b", "db", False),
    ]


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LESSONS", 2)
    kept = Lessons(lambda: 1.0)
    models = kept.recorded(Models(ranker=Plain()))
    assert models.ranker is not None
    for name in "abc":
        models.ranker.learn(view(name), None)
    assert [one.view.id for one in kept.read("cause")] == ["b", "c"]
    assert kept.forgotten == 1
