"""Scores calibrated by rank, with a tail beyond the largest."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.detect.conformal import MIN_RING, Ring

SCORES = st.lists(st.floats(0, 50), max_size=300)


@given(SCORES, st.floats(0, 500))
def test_probability_is_above_zero_and_at_most_one(scores: list[float], score: float) -> None:
    ring = Ring(256)
    for each in scores:
        ring.add(each)
    assert 0.0 < ring.tail(score) <= 1.0


@given(SCORES, st.floats(0, 100), st.floats(0, 100))
def test_larger_score_is_never_more_probable(scores: list[float], one: float, more: float) -> None:
    ring = Ring(200)
    for each in scores:
        ring.add(each)
    assert ring.tail(one + more) <= ring.tail(one) + 1e-12


def test_empty_ring_says_nothing() -> None:
    assert Ring(10).tail(99.0) == 1.0
    assert len(Ring(10)) == 0


def test_ring_forgets_the_oldest() -> None:
    ring = Ring(3)
    for score in (9.0, 1.0, 2.0, 3.0):
        ring.add(score)
    assert ring.dump() == [1.0, 2.0, 3.0]
    assert ring.tail(9.0) == 1 / 4


def test_scores_of_the_model_are_uniform_after_calibration() -> None:
    random = Random(1)
    ring = Ring(1_024)
    for _ in range(1_024):
        ring.add(random.expovariate(1.0))
    values = [ring.tail(random.expovariate(1.0)) for _ in range(4_000)]
    for share in (0.5, 0.1, 0.02):
        assert abs(sum(value <= share for value in values) / len(values) - share) < 0.03


def test_tail_goes_on_beyond_the_largest_score() -> None:
    ring = Ring(MIN_RING * 2)
    for number in range(MIN_RING * 2):
        ring.add(-math.log((number + 0.5) / (MIN_RING * 2)))
    assert ring.tail(20.0) < ring.tail(10.0) < 1 / (MIN_RING * 2 + 1)


def test_quiet_ring_does_not_make_the_next_score_certain() -> None:
    ring = Ring(512)
    for _ in range(512):
        ring.add(0.0)
    assert ring.tail(1.0) >= math.exp(-1.0) * 0.02


@pytest.mark.parametrize("nats", [True, False])
def test_restored_ring_answers_as_before(nats: bool) -> None:
    random = Random(2)
    ring, other = Ring(200, nats), Ring(200, nats)
    for _ in range(300):
        ring.add(random.expovariate(0.3))
    other.load(ring.dump())
    for score in (0.0, 1.0, 5.0, 50.0):
        assert ring.tail(score) == other.tail(score)
    smaller = Ring(50, nats)
    smaller.load(ring.dump())
    assert smaller.dump() == ring.dump()[-50:]
