"""The hour of the week against the average hour."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.detect.seasonality import Rhythm

HOUR = 3_600.0
WEEK = 168 * HOUR


def taught(loud: int, weeks: int = 3, level: int = 400) -> Rhythm:
    """A rhythm with one loud hour of the week."""
    rhythm = Rhythm()
    for hour in range(weeks * 168):
        rhythm.turn(hour * HOUR)
        rhythm.learn(hour * HOUR, level if hour % 168 == loud else 100, 1_000.0)
    return rhythm


def test_new_rhythm_makes_no_difference() -> None:
    rhythm = Rhythm()
    rhythm.turn(0.0)
    assert rhythm.factor == 1.0


def test_loud_hour_is_foreseen_and_the_others_are_not() -> None:
    rhythm = taught(30)
    rhythm.turn(3 * WEEK + 29 * HOUR)
    assert rhythm.factor == pytest.approx(1.0, abs=0.15)
    rhythm.turn(3 * WEEK + 30 * HOUR)
    assert rhythm.factor > 2.0
    rhythm.turn(3 * WEEK + 31 * HOUR)
    assert rhythm.factor == pytest.approx(1.0, abs=0.15)


def test_one_incident_does_not_make_its_hour_loud() -> None:
    rhythm = taught(30, level=100)
    rhythm.learn(3 * WEEK - HOUR, 10**6, 100.0)
    rhythm.turn(4 * WEEK - HOUR)
    assert rhythm.factor < 2.0


def test_time_within_an_hour_or_back_changes_nothing() -> None:
    rhythm = taught(30)
    rhythm.turn(3 * WEEK + 30 * HOUR)
    before = (rhythm.factor, msgspec.msgpack.encode(rhythm.dump()))
    rhythm.turn(3 * WEEK + 30 * HOUR + 3_599)
    rhythm.turn(3 * WEEK)
    assert (rhythm.factor, msgspec.msgpack.encode(rhythm.dump())) == before


def test_long_silence_counts_each_hour_once() -> None:
    rhythm = taught(30)
    rhythm.turn(3_000 * WEEK + 30 * HOUR)
    assert 0.2 <= rhythm.factor <= 5.0


def test_clock_that_was_set_back_goes_on_from_there() -> None:
    rhythm = taught(30)
    rhythm.turn(900 * WEEK)
    rhythm.set_back(3 * WEEK)
    rhythm.turn(3 * WEEK + 30 * HOUR)
    assert rhythm.factor > 1.0


@given(st.lists(st.tuples(st.floats(0, 3 * WEEK), st.integers(0, 10_000), st.floats(0, 1_000)), max_size=40))
def test_factor_stays_within_its_bounds(moves: list[tuple[float, int, float]]) -> None:
    rhythm, at = Rhythm(), 0.0
    for gap, count, mean in moves:
        at += gap
        rhythm.turn(at)
        rhythm.learn(at, count, mean)
        assert 0.2 <= rhythm.factor <= 5.0


def test_restored_rhythm_goes_on_as_before() -> None:
    one, other = taught(30), Rhythm()
    other.load(msgspec.msgpack.decode(msgspec.msgpack.encode(one.dump())))
    for rhythm in (one, other):
        rhythm.turn(3 * WEEK + 30 * HOUR)
    assert (one.factor, one.dump()) == (other.factor, other.dump())
