"""Streams that say nothing of the present: chronic ones and periodic ones, until their rhythm breaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.correlate.background import MIN_HISTORY_SLOTS, MIN_PERIODS, SLOT_S, Habit
from tests.engine.through_bytes import Kept, restored, saved

T0 = 1_795_000_200.0


def fired(*times: float) -> Habit:
    habit = Habit()
    for at in times:
        habit.observe(T0 + at)
    return habit


def every(period_s: float, count: int, start: float = 0.0) -> list[float]:
    return [start + number * period_s for number in range(count)]


def test_new_stream_is_no_background() -> None:
    assert Habit().reason(T0) is None
    assert fired(0.0).reason(T0 + 1) is None


def test_stream_that_fires_in_most_slots_for_a_shift_is_chronic() -> None:
    habit = fired(*every(SLOT_S, MIN_HISTORY_SLOTS))
    assert not habit.chronic
    habit = fired(*every(SLOT_S, MIN_HISTORY_SLOTS + 2))
    assert habit.chronic
    assert "chronic" in (habit.reason(T0 + MIN_HISTORY_SLOTS * SLOT_S + 400) or "")
    assert habit.share() > 0.9


def test_rare_stream_is_never_chronic() -> None:
    habit = fired(*every(4 * 3_600.0, 200))
    assert not habit.chronic
    assert habit.share() < 0.05


def test_chronic_stream_that_surges_counts_again() -> None:
    times = every(SLOT_S, MIN_HISTORY_SLOTS + 10)
    habit = fired(*times)
    last = times[-1]
    for number in range(40):
        habit.observe(T0 + last + number)
    assert habit.reason(T0 + last + 41) is None
    assert habit.reason(T0 + last + 10 * SLOT_S) is not None, "the surge was in its own slot"


@pytest.mark.parametrize("period_s", [120.0, 900.0, 3_600.0])
def test_regular_stream_is_periodic_on_time_and_remarkable_off_it(period_s: float) -> None:
    habit = fired(*every(period_s, MIN_PERIODS + 3))
    last = T0 + (MIN_PERIODS + 2) * period_s
    assert habit.periods >= MIN_PERIODS
    on_time = habit.reason(last + period_s)
    assert on_time is not None
    assert ("periodic" in on_time) or ("chronic" in on_time)
    if not habit.chronic:
        assert habit.reason(last + period_s * 1.5) is None


def test_broken_rhythm_must_be_learned_anew() -> None:
    habit = fired(*every(900.0, MIN_PERIODS + 3))
    habit.observe(T0 + (MIN_PERIODS + 2) * 900.0 + 2_000.0)
    assert habit.periods == 0
    assert habit.reason(T0 + (MIN_PERIODS + 2) * 900.0 + 2_900.0) is None


def test_alerts_of_one_burst_are_one_beat() -> None:
    times = [at + extra for at in every(900.0, MIN_PERIODS + 3) for extra in (0.0, 5.0, 20.0)]
    assert fired(*times).periods >= MIN_PERIODS


def test_new_slot_is_told_once() -> None:
    habit = Habit()
    assert [habit.observe(T0 + at) for at in (0.0, 10.0, SLOT_S, SLOT_S + 1)] == [True, False, True, False]


def test_habit_moves_in_time_as_a_whole() -> None:
    habit = fired(*every(900.0, MIN_PERIODS + 3))
    last = T0 + (MIN_PERIODS + 2) * 900.0
    habit.shift(1_000)
    assert habit.reason(last + 900.0 + 1_000 * SLOT_S) is not None


def test_clock_that_was_set_back_leaves_no_time_ahead() -> None:
    habit = fired(*every(900.0, MIN_PERIODS + 3))
    habit.set_back(T0)
    assert max(habit.last, habit.start) <= T0
    assert habit.slot <= int(T0 / SLOT_S)
    assert habit.reason(T0 + 900.0) is None


@given(st.lists(st.floats(0, 5_000), max_size=80), st.lists(st.floats(0, 5_000), max_size=20))
def test_restored_habit_goes_on_as_before(before: list[float], after: list[float]) -> None:
    one, at = Habit(), T0
    for gap in before:
        at += gap
        one.observe(at)
    kept = restored(Kept(Habit, one), Kept(Habit))
    other = kept.state
    for gap in after:
        at += gap
        assert one.reason(at) == other.reason(at)
        assert one.observe(at) == other.observe(at)
    assert saved(Kept(Habit, one)) == saved(Kept(Habit, other))
    assert one.slot < 0 or 0.0 < one.share() <= 1.0
