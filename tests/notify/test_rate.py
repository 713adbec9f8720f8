"""The speed limit of an endpoint, and the breaker that leaves a receiver alone while it is down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.notify.rate import CAP_PAUSE_S, FIRST_PAUSE_S, TRIP_FAILURES, TRIP_INCIDENTS, Breaker, TokenBucket


def test_burst_goes_at_once_and_then_the_rate() -> None:
    bucket = TokenBucket(2.0, 5, 100.0)
    assert bucket.available(100.0) == 5
    bucket.take(5)
    assert bucket.available(100.0) == 0
    assert bucket.wait_s() == 0.5
    assert bucket.available(100.5) == 1
    assert bucket.available(103.0) == 5


def test_idle_time_saves_no_more_than_the_burst() -> None:
    bucket = TokenBucket(10.0, 3, 0.0)
    assert bucket.available(1e9) == 3


def test_clock_that_stands_still_or_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(1.0, 1, 100.0)
    bucket.take(1)
    assert [bucket.available(at) for at in (100.0, 50.0, 100.5, 100.9)] == [0, 0, 0, 0]
    assert bucket.available(101.0) == 1


@given(st.floats(0.1, 100), st.integers(1, 50), st.lists(st.tuples(st.floats(0, 5), st.integers(0, 60)), max_size=60))
def test_no_more_goes_than_burst_and_rate_allow(rate: float, burst: int, moves: list[tuple[float, int]]) -> None:
    bucket, at, gone = TokenBucket(rate, burst, 0.0), 0.0, 0
    for wait, wanted in moves:
        at += wait
        take = min(wanted, bucket.available(at))
        bucket.take(take)
        gone += take
        assert gone <= burst + rate * at + 1e-6
        assert bucket.wait_s() >= 0.0


def test_wait_is_until_one_more_may_go() -> None:
    bucket, at = TokenBucket(3.0, 1, 0.0), 0.0
    for _ in range(1_000):
        bucket.take(bucket.available(at))
        at += bucket.wait_s()
        assert bucket.available(at) == 1


def tripped(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    opened = [breaker.failed(at, f"i{number % TRIP_INCIDENTS}") for number in range(TRIP_FAILURES)]
    assert opened == [False] * (TRIP_FAILURES - 1) + [True]
    return breaker


def test_breaker_opens_after_failures_of_several_incidents() -> None:
    breaker = tripped(10.0)
    assert breaker.state(10.0) == "open"
    assert breaker.state(10.0 + FIRST_PAUSE_S) == "half-open"


def test_one_message_that_fails_again_and_again_opens_nothing() -> None:
    breaker = Breaker()
    assert not any(breaker.failed(float(at), f"i{at % (TRIP_INCIDENTS - 1)}") for at in range(200))
    assert breaker.state(200.0) == "closed"


def test_success_between_failures_counts_them_anew() -> None:
    breaker = Breaker()
    for number in range(20):
        for failure in range(TRIP_FAILURES - 1):
            assert not breaker.failed(0.0, f"i{number}-{failure}")
        breaker.succeeded()
    assert breaker.state(0.0) == "closed"


def test_each_failed_try_doubles_the_pause_up_to_its_cap() -> None:
    breaker, at, pauses = tripped(), 0.0, []
    for _ in range(8):
        assert breaker.open_until is not None
        pauses.append(breaker.open_until - at)
        at = breaker.open_until
        assert breaker.failed(at, "i0") is False, "it was not closed before"
    assert pauses == [min(CAP_PAUSE_S, FIRST_PAUSE_S * 2**step) for step in range(8)]


def test_failure_under_way_while_it_is_open_does_not_lengthen_the_pause() -> None:
    breaker = tripped(0.0)
    until = breaker.open_until
    breaker.failed(1.0, "i9")
    assert breaker.open_until == until


def test_success_closes_it_and_the_next_pause_is_the_first_again() -> None:
    breaker = tripped(0.0)
    breaker.failed(FIRST_PAUSE_S, "i0")
    breaker.succeeded()
    assert breaker.state(0.0) == "closed"
    for number in range(TRIP_FAILURES):
        breaker.failed(100.0, f"i{number}")
    assert breaker.open_until == pytest.approx(100.0 + FIRST_PAUSE_S)
