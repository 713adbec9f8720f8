"""The bootstrap: reproducible draws, and intervals of the right width."""

from __future__ import annotations

from math import sqrt
from random import Random

import pytest

from aiops.sweep.bootstrap import DRAWS, Interval, draws, interval, total_interval, weighted


def test_draws_are_the_same_each_time_and_of_equal_size() -> None:
    found = draws(12)
    assert found == draws(12)
    assert len(found) == DRAWS
    assert {sum(weights) for weights in found} == {12}


def test_interval_of_a_sum_has_the_width_of_theory() -> None:
    random = Random(3)
    values = [random.gauss(10, 2) for _ in range(100)]
    mean = sum(values) / 100
    spread = sqrt(sum((value - mean) ** 2 for value in values))
    found = total_interval(values, draws(100))
    assert found.low == pytest.approx(sum(values) - 1.96 * spread, abs=0.25 * spread)
    assert found.high == pytest.approx(sum(values) + 1.96 * spread, abs=0.25 * spread)


def test_interval_of_one_value_is_the_value() -> None:
    assert interval([4.0]) == Interval(4.0, 4.0)
    assert interval([4.0]).holds(4.0)
    assert not interval([4.0]).holds(4.1)


def test_weights_count_blocks() -> None:
    assert weighted([1.0, 10.0], [2, 1]) == 12.0
