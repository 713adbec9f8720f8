"""When a failed delivery is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.notify.retry import CAP_S, FIRST_S, TAIL_CAP_S, bound_s, wait_s

ATTEMPTS = st.integers(-5, 10**6)
AGES = st.floats(0, 1e9)


@pytest.mark.parametrize(
    ("attempt", "age_s", "bound"),
    [
        (1, 0.0, 1.0),
        (2, 1.0, 2.0),
        (6, 60.0, 32.0),
        (7, 120.0, 60.0),
        (50, 1_800.0, 60.0),
        (50, 3_600.0, 120.0),
        (500, 30 * 3_600.0, 3_600.0),
        (500, 300 * 3_600.0, 3_600.0),
        (1, 300 * 3_600.0, 1.0),
        (0, 0.0, 1.0),
    ],
)
def test_bound_doubles_then_grows_with_the_age(attempt: int, age_s: float, bound: float) -> None:
    assert bound_s(attempt, age_s) == bound


@given(ATTEMPTS, AGES)
def test_bound_never_falls_with_more_attempts_or_more_age(attempt: int, age_s: float) -> None:
    assert FIRST_S <= bound_s(attempt, age_s) <= TAIL_CAP_S
    assert bound_s(attempt, age_s) <= bound_s(attempt + 1, age_s)
    assert bound_s(attempt, age_s) <= bound_s(attempt, age_s * 2 + 1)
    if age_s <= 1_800:
        assert bound_s(attempt, age_s) <= CAP_S


@given(ATTEMPTS, AGES, st.floats(0, 1))
def test_wait_is_a_part_of_the_bound(attempt: int, age_s: float, drawn: float) -> None:
    assert wait_s(attempt, age_s, None, lambda: drawn) == bound_s(attempt, age_s) * drawn


@given(ATTEMPTS, AGES, st.floats(0, 1), st.floats(0, 1e5))
def test_receiver_that_names_a_time_is_never_asked_earlier(
    attempt: int, age_s: float, drawn: float, asked_s: float
) -> None:
    assert asked_s <= wait_s(attempt, age_s, asked_s, lambda: drawn) <= asked_s * 1.1 + 1e-9
