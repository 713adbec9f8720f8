"""Silences that have ended are kept for a while; all silences of an alert are listed, by each word for its severity."""

from __future__ import annotations

import pytest

from aiops.engine.engine import Engine
from aiops.engine.silences.silences import KEEP_ENDED_S, MAX_ENDED, Silences
from tests.engine.silences.test_silences import alert, silence


def test_silence_that_ended_is_kept_for_a_bounded_time() -> None:
    silences = Silences()
    silences.add(silence("over", end=100.0))
    silences.add(silence("stopped", end=200.0, every="day"))
    silences.add(silence("early", start=150.0, end=200.0))
    silences.ended(100.0)
    assert silences.remove("stopped", 120.0)
    assert silences.remove("early", 130.0)
    assert [(one.id, one.start, one.end, one.every) for one in silences.past.values()] == [
        ("over", 0.0, 100.0, None),
        ("stopped", 0.0, 120.0, None),
        ("early", 130.0, 130.0, None),
    ]
    silences.add(silence("over", end=KEEP_ENDED_S + 125.0))
    assert list(silences.past) == ["stopped", "early"]
    silences.ended(KEEP_ENDED_S + 125.0)
    assert list(silences.past) == ["early", "over"]


def test_silences_that_ended_are_bounded_and_part_of_the_snapshot() -> None:
    engine = Engine()
    for number in range(MAX_ENDED + 5):
        engine.silences.add(silence(f"s{number}"))
        engine.silences.remove(f"s{number}", 1.0)
    assert list(engine.silences.past) == [f"s{number}" for number in range(5, MAX_ENDED + 5)]
    other = Engine()
    other.restore(engine.snapshot())
    assert other.silences.past == engine.silences.past


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("severity=page", True),
        ("severity=critical", True),
        ('severity=~"pa.*"', True),
        ("severity=warning", False),
        ("team=a, severity!=page", False),
        ("team=a, severity!=critical", False),
        ("team=a, severity!=warning", True),
        ('team=a, severity!~"pa.*"', False),
    ],
)
def test_severity_is_matched_by_the_word_of_the_sender_too(text: str, expected: bool) -> None:
    silences = Silences()
    silences.add(silence(text=text))
    page = alert(1.0, labels={"severity": "page", "team": "a"})
    assert (silences.match(page, "cart-1", 1.0) is not None) == expected
    assert silences.matching(page, "cart-1", 1.0) == (["s"] if expected else [])


def test_all_silences_that_match_are_listed_in_their_order() -> None:
    silences = Silences()
    for name, text in (("b", "service=cart"), ("a", 'alertname=~"High.*"'), ("other", "service=shop"), ("c", "x!=y")):
        silences.add(silence(name, text))
    assert silences.matching(alert(1.0), "cart-1", 1.0) == ["b", "a", "c"]
    assert silences.matching(alert(1.0), "cart-1", 100.0) == []
