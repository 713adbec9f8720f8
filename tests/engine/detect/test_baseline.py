"""A series now against just before, in robust scales."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.detect.baseline import Baseline, median, share_of

MINUTE = 60.0


def fed(*values: float, share: float = 0.02, start: float = 0.0) -> Baseline:
    """One sample a minute."""
    made = Baseline(share)
    for number, value in enumerate(values):
        made.add(start + number * MINUTE, value, frozen=False)
    return made


def noise(count: int, level: float = 100.0, seed: int = 1) -> list[float]:
    random = Random(seed)
    return [level + random.gauss(0, 1) for _ in range(count)]


def test_short_series_says_nothing() -> None:
    assert fed(*[1.0] * 8, 1_000.0).magnitude() == 0.0


def test_step_is_large_and_noise_is_small() -> None:
    calm = fed(*noise(60))
    assert abs(calm.magnitude()) < 2.0
    up, down = fed(*noise(60), *[150.0] * 5), fed(*noise(60), *[50.0] * 5)
    assert up.magnitude() > 10.0
    assert down.magnitude() < -10.0


def test_single_spike_is_outvoted_by_the_median() -> None:
    assert abs(fed(*noise(60), 1e6, *noise(4, seed=2)).magnitude()) < 3.0


def test_new_level_is_usual_once_it_has_lasted() -> None:
    assert abs(fed(*noise(60), *noise(40, 150.0)).magnitude()) < 3.0


def test_series_that_never_moved_has_a_finite_score_when_it_does() -> None:
    assert fed(*[0.0] * 40, *[1.0] * 5).magnitude() == 10.0
    assert fed(*[0.0] * 40, *[-1.0] * 5).magnitude() == -10.0
    assert fed(*[0.0] * 50).magnitude() == 0.0


def test_small_change_of_a_flat_series_is_irrelevant() -> None:
    assert abs(fed(*[100.0] * 40, *[101.0] * 5).magnitude()) < 1.0
    assert abs(fed(*[100.0] * 40, *[101.0] * 5, share=0.001).magnitude()) > 5.0


def test_frozen_baseline_keeps_what_was_before() -> None:
    frozen, free = fed(*noise(60)), fed(*noise(60))
    for number in range(60, 120):
        frozen.add(number * MINUTE, 150.0, frozen=True)
        free.add(number * MINUTE, 150.0, frozen=False)
    assert frozen.magnitude() > 3.0
    assert abs(free.magnitude()) < 1.0


def test_samples_of_a_minute_are_one_slot() -> None:
    made = Baseline(0.02)
    closed = [made.add(at, 1.0, frozen=False) for at in (0.0, 10.0, 59.0, 60.0, 61.0, 30.0, 180.0)]
    assert closed == [False, False, False, True, False, False, True]


def test_clock_that_was_set_back_goes_on_from_there() -> None:
    made = fed(*noise(40), start=1e9)
    made.set_back(0.0)
    for number in range(60):
        made.add(number * MINUTE, 100.0, frozen=False)
    assert abs(made.magnitude()) < 3.0


@given(st.lists(st.tuples(st.floats(0, 600), st.floats(-1e9, 1e9)), max_size=80))
def test_magnitude_is_finite_and_bounded(moves: list[tuple[float, float]]) -> None:
    made, at = Baseline(0.02), 0.0
    for gap, value in moves:
        at += gap
        made.add(at, value, frozen=False)
        assert -1e6 <= made.magnitude() <= 1e6


@pytest.mark.parametrize("count", [0, 1, 7, 30, 200])
def test_restored_baseline_goes_on_as_before(count: int) -> None:
    one, other = fed(*noise(count)), Baseline(0.02)
    other.load(msgspec.msgpack.decode(msgspec.msgpack.encode(one.dump())))
    for number in range(count, count + 40):
        for each in (one, other):
            each.add(number * MINUTE, float(number), frozen=False)
        assert one.magnitude() == other.magnitude()
    assert one.dump() == other.dump()


def test_share_is_of_the_kind_of_metric() -> None:
    assert [share_of(name) for name in ("cpu", "p99_latency", "CACHE_HIT_RATIO")] == [0.02, 0.01, 0.001]


@pytest.mark.parametrize(("values", "middle"), [([1.0], 1.0), ([1.0, 2.0], 1.5), ([1.0, 2.0, 9.0], 2.0)])
def test_median_is_the_middle(values: list[float], middle: float) -> None:
    assert median(values) == middle
