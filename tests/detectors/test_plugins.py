"""Detectors come through `aiops.detectors`, and those registered among the models before still load."""

from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from aiops import registry
from aiops.app.engine import scorers
from aiops.detectors import plugins
from aiops.errors import UsageError


class Flat:
    """A detector that scores every row alike."""

    @classmethod
    def fit(cls, rows: Any) -> Flat:
        return cls()

    @classmethod
    def from_state(cls, state: Any) -> Flat:
        return cls()

    def state(self) -> dict[str, Any]:
        return {}

    def score(self, rows: Any) -> list[float]:
        return [0.0 for _ in rows]


class Words:
    """A model that is no detector."""


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """`flat` in the new group; `old` and `words` among the models."""
    points = [
        EntryPoint("flat", f"{__name__}:Flat", "aiops.detectors"),
        EntryPoint("old", f"{__name__}:Flat", "aiops.models"),
        EntryPoint("words", f"{__name__}:Words", "aiops.models"),
    ]
    monkeypatch.setattr(EntryPoint, "load", lambda self: globals()[self.value.partition(":")[2]])
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints(points).select(group=group))


def test_the_shipped_detectors_are_registered() -> None:
    assert {"ecod", "hbos", "pca"} <= set(plugins.names())


def test_no_detector_is_left_among_the_models() -> None:
    assert registry.names("aiops.models", only=registry.DISTRIBUTION) == ["causes", "playbooks", "similar"]


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("name", ["flat", "old"])
def test_a_detector_of_either_group_loads_and_scores(name: str) -> None:
    assert plugins.is_registered(name)
    assert plugins.load(name) is Flat
    build = scorers().get(name)
    assert build is not None
    assert build({}).score([[1.0], [2.0]]) == [0.0, 0.0]


@pytest.mark.usefixtures("registered")
def test_a_swap_to_a_model_that_is_no_detector_finds_none() -> None:
    assert scorers().get("words") is None
    assert list(scorers()) == ["flat"]


@pytest.mark.usefixtures("registered")
def test_what_is_no_detector_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError, match="'words' is no detector: expected the class methods fit and from_state"):
        plugins.load("words")
    with pytest.raises(UsageError, match=r"aiops\.detectors: expected one of flat; got 'forest'"):
        plugins.load("forest")
