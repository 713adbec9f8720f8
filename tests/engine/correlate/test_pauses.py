"""A stream is due when its pauses were alike, and this one is like them."""

from __future__ import annotations

import pytest

from aiops.engine.correlate.pauses import Pauses


def pauses(*lengths: float) -> Pauses:
    found = Pauses()
    for each in lengths:
        found.follow(each)
    return found


def test_nothing_is_due_before_the_first_pause() -> None:
    assert not pauses().is_due(300.0)


@pytest.mark.parametrize(("pause_s", "due"), [(300.0, True), (315.0, True), (150.0, False), (600.0, False)])
def test_what_comes_after_the_usual_pause_is_due(pause_s: float, due: bool) -> None:
    assert pauses(*[295.0, 305.0] * 8).is_due(pause_s) is due


def test_one_pause_is_enough_to_expect_the_next() -> None:
    assert pauses(300.0).is_due(320.0)
    assert not pauses(300.0).is_due(900.0)


def test_pauses_that_are_all_different_expect_nothing() -> None:
    assert not pauses(70.0, 3_000.0, 200.0, 9_000.0).is_due(700.0)


def test_a_short_pause_is_an_interval_and_nothing_is_due_after_it() -> None:
    assert pauses(59.9, 1.0).count == 0
    assert not pauses(61.0, 61.0).is_due(59.0)


def test_a_period_that_changed_is_learned_within_some_pauses() -> None:
    found = pauses(*[300.0] * 50, *[600.0] * 60)
    assert found.is_due(600.0)
    assert not found.is_due(300.0)
