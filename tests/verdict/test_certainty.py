"""The certainty of a cause: only what was measured."""

from __future__ import annotations

from typing import Literal

import pytest

from aiops.records import Cause
from aiops.verdict.certainty import certainty


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("high", "clear lead, not yet checked here"),
        ("medium", "small lead, not yet checked here"),
        ("low", "no clear lead"),
    ],
)
def test_certainty_before_any_outcome_is_the_lead(level: Literal["low", "medium", "high"], words: str) -> None:
    assert certainty(Cause("db", 3.0, confidence=level)) == words
    assert "confidence" not in certainty(Cause("db", 3.0, confidence=level))


@pytest.mark.parametrize(("probability", "words"), [(0.0, "0 %"), (0.714, "71 %"), (1.0, "100 %")])
def test_certainty_once_calibrated_is_the_probability(probability: float, words: str) -> None:
    assert certainty(Cause("db", 3.0, probability, "high")) == words
