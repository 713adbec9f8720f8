"""Has a series ever been here? Against all values seen, and against its time of day."""

from __future__ import annotations

import math
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.detect.novelty import _MAX_PLACES, _QUIET, _WARM, Day, Novelty, Places

DAY = 86_400.0


def test_value_that_was_seen_before_is_not_new() -> None:
    places = Places()
    for value in (0.0, 10.0, 5.0):
        places.gap(value)
    assert places.gap(5.0) == 0.0
    assert places.gap(7.5) == pytest.approx(0.25)


def test_gap_is_to_the_nearest_on_either_side() -> None:
    places = Places()
    for value in (0.0, 100.0):
        places.gap(value)
    assert places.gap(-20.0) == pytest.approx(0.2, abs=0.01)
    assert places.gap(130.0) == pytest.approx(0.25, abs=0.02)


def test_places_are_bounded_and_sorted() -> None:
    random, places = Random(1), Places()
    for number in range(30_000):
        places.gap(random.gauss(0, 1.0 + number / 100))
    values = list(places.values)
    assert len(values) <= _MAX_PLACES
    assert values == sorted(values)


@given(st.lists(st.floats(-1e9, 1e9), max_size=100))
def test_gap_is_within_its_range(values: list[float]) -> None:
    places = Places()
    assert all(0.0 <= places.gap(value) <= 50.0 for value in values)


def test_day_is_compared_with_the_days_before() -> None:
    day = Day()
    for number in range(3 * 48):
        day.rest(number * 1_800.0, 10.0 if number % 48 == 24 else 1.0)
    assert day.rest(3 * DAY, 1.0) == 0.0
    assert day.rest(3 * DAY + 12 * 3_600, 10.0) == 0.0
    assert day.rest(3 * DAY + 13 * 3_600, 10.0) == 9.0


def test_first_day_has_no_usual_value() -> None:
    day = Day()
    assert [day.rest(number * 1_800.0, float(number)) for number in range(48)] == [0.0] * 48


def test_nothing_is_news_while_it_warms_up() -> None:
    novelty = Novelty()
    assert [novelty.score(number * 60.0, float(number**3)) for number in range(_WARM)] == [0.0] * _WARM


def warmed() -> Novelty:
    novelty = Novelty()
    for number in range(400):
        novelty.score(number * 60.0, math.sin(number / 7))
    return novelty


def test_spike_is_news_once() -> None:
    novelty = warmed()
    assert novelty.score(400 * 60.0, 50.0) > 1.0
    assert novelty.side == 1
    assert novelty.score(401 * 60.0, 50.0) == 0.0
    assert novelty.score(402 * 60.0, 49.0) == 0.0


def test_fall_is_told_from_a_rise() -> None:
    novelty = warmed()
    assert novelty.score(400 * 60.0, -50.0) > 1.0
    assert novelty.side == -1


def test_lesser_anomaly_is_news_again_after_a_while() -> None:
    novelty = warmed()
    novelty.score(400 * 60.0, 50.0)
    for number in range(401, 401 + _QUIET + 5):
        novelty.score(number * 60.0, 0.0)
    assert novelty.score(600 * 60.0, -5.0) > 0.0


def test_noise_is_no_news() -> None:
    random, novelty = Random(3), Novelty()
    scores = [novelty.score(number * 60.0, random.uniform(0, 1)) for number in range(5_000)]
    assert sum(score > 0.05 for score in scores) <= 3


@settings(max_examples=30)
@given(st.integers(0, 300), st.integers(0, 60))
def test_restored_detector_scores_as_before(before: int, after: int) -> None:
    random, one, other = Random(before), Novelty(), Novelty()
    for number in range(before):
        one.score(number * 600.0, random.gauss(0, 1))
    other.load(msgspec.msgpack.decode(msgspec.msgpack.encode(one.dump())))
    for number in range(before, before + after):
        value = random.gauss(0, 3)
        assert one.score(number * 600.0, value) == other.score(number * 600.0, value)
        assert one.side == other.side
