"""The tail of a count, against scipy's."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from aiops.engine.detect.negative_binomial import MAX_NATS, tail_nats


@settings(max_examples=300)
@given(st.integers(1, 2_000), st.floats(0.3, 200), st.floats(0.01, 500))
def test_tail_is_that_of_the_distribution(count: int, shape: float, mean: float) -> None:
    wanted = -nbinom.logsf(count - 1, shape, shape / (shape + mean))
    if math.isfinite(wanted) and wanted < 600:
        assert tail_nats(count, shape, mean) == pytest.approx(wanted, rel=0.02, abs=0.01)


@given(st.integers(-5, 100_000), st.floats(1e-3, 1e9), st.floats(1e-6, 1e6))
def test_tail_is_within_its_range_and_never_falls_with_the_count(count: int, shape: float, mean: float) -> None:
    nats = tail_nats(count, shape, mean)
    assert 0.0 <= nats <= MAX_NATS
    assert tail_nats(count + 1, shape, mean) >= nats - max(1e-6, 0.01 * nats)


@pytest.mark.parametrize("count", [0, -1])
def test_no_alert_is_no_surprise(count: int) -> None:
    assert tail_nats(count, 1.0, 5.0) == 0.0


def test_large_shape_is_poisson() -> None:
    assert tail_nats(1, 1e9, 0.5) == pytest.approx(-math.log(1 - math.exp(-0.5)), rel=1e-6)
    assert tail_nats(3, 1e9, 1.0) == pytest.approx(-math.log(1 - math.exp(-1) * 2.5), rel=1e-4)


def test_mean_that_grows_makes_a_count_less_surprising() -> None:
    values = [tail_nats(20, 5.0, mean) for mean in (0.1, 1.0, 5.0, 20.0, 100.0)]
    assert values == sorted(values, reverse=True)
