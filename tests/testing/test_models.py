"""The kits of models find a model that breaks a promise."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.ports import IncidentView
from aiops.records import Cause, Evidence
from aiops.testing import models
from aiops.testing.models import check_ranker, check_similar


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer incidents: these models fail early or at the end."""
    monkeypatch.setattr(models, "INCIDENTS", 120)


class First:
    """Ranks the entity of the first alert; what is wrong with it is said by its class."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.learned: list[str] = []
        self.answers: list[bytes] = []

    def rank(self, view: IncidentView) -> list[Cause]:
        if not view.facts:
            return [Cause("somewhere")] if self.fault == "empty" else []
        if self.fault == "answers":
            self.answers.append(bytes(50_000))
        if self.fault == "drifts":
            self.answers.append(b"")
        score = 2.0 + len(self.answers) * (self.fault == "drifts") + len(self.learned) * (self.fault == "unsaved")
        evidence = [Evidence("first", score - (self.fault == "sum"), "" if self.fault == "mute" else "alerted first")]
        causes = [Cause(view.facts[0].entity, score, evidence=evidence)]
        return causes * 11 if self.fault == "many" else causes

    def learn(self, view: IncidentView, root: str | None) -> None:
        self.learned.append(view.id * (1 if self.fault != "grows" else 20_000))

    def dump(self) -> Any:
        return self.learned if self.fault == "grows" else []

    def load(self, state: Any) -> None:
        self.learned = list(state)


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("empty", "without alerts"),
        ("sum", "its evidence sums to"),
        ("mute", "without a sentence"),
        ("many", "at most 10"),
        ("drifts", "changed the state"),
        ("unsaved", "answers differently after a snapshot"),
        ("grows", "its state takes"),
        ("answers", "answers are kept"),
    ],
)
def test_the_kit_of_rankers_finds(fault: str, found: str) -> None:
    with pytest.raises(AssertionError, match=found):
        check_ranker(lambda: First(fault))


def test_the_kit_of_rankers_passes_a_plain_one() -> None:
    check_ranker(First)


class Last:
    """Remembers the last incident alone."""

    def __init__(self, value: float = 0.5) -> None:
        self.value = value
        self.ids: list[str] = []

    def add(self, view: IncidentView, meta: Any) -> None:
        self.ids = [view.id]

    def nearest(self, view: IncidentView, k: int = 3) -> list[Evidence]:
        return [Evidence(name, self.value, "the last one") for name in self.ids]


def test_the_kit_of_memories_passes_a_plain_one() -> None:
    check_similar(Last)


def test_the_kit_of_memories_finds_similarities_out_of_range() -> None:
    with pytest.raises(AssertionError, match="expected 0 to 1"):
        check_similar(lambda: Last(1.5))


def test_the_kit_of_memories_finds_one_that_knows_nothing() -> None:
    class Blank(Last):
        def add(self, view: IncidentView, meta: Any) -> None:
            pass

    with pytest.raises(AssertionError, match="did not find the incident with the same alerts"):
        check_similar(Blank)


def test_the_kit_of_memories_finds_an_incident_that_is_kept_twice() -> None:
    class Twice(Last):
        def add(self, view: IncidentView, meta: Any) -> None:
            self.ids = [*self.ids, view.id][-2:]

        def nearest(self, view: IncidentView, k: int = 3) -> list[Evidence]:
            return super().nearest(view)[::-1][:k]

    with pytest.raises(AssertionError, match="an incident that is added again is two"):
        check_similar(Twice)
