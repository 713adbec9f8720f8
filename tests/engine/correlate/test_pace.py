"""The pace of a cluster: what is measured of it, and which surges it does not explain."""

from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.correlate.onset_rate import START_GAP_S
from aiops.engine.correlate.pace import (
    EXTRA,
    FACTOR,
    LENIENCE,
    MAX_PAUSE_S,
    MIN_AGE_S,
    MIN_ALERTS,
    MIN_STEP,
    SURGE_S,
    Pace,
)
from tests.engine.made import made

T0 = 1_795_000_000.0
# Something new about every two hours.
RATE = 1 / 7200.0


def paced(gaps: list[float], start: float = T0) -> tuple[Pace, float, float]:
    """A pace after alerts with these gaps, the time of the last one, and the surge counter there."""
    pace, at, count = made(Pace, base_at=start, since=start), start, 1.0
    for gap in gaps:
        count = count * exp(-gap / SURGE_S)
        pace.follow(at, at + gap, count)
        at += gap
        count += 1.0
    return pace, at, count


def steady(alerts: int, gap: float) -> tuple[Pace, float, float]:
    return paced([gap] * alerts)


def test_a_new_pace_has_measured_nothing() -> None:
    pace = made(Pace, base_at=T0, since=T0)
    assert (pace.base_count, pace.active_s, pace.ticks, pace.turns) == (0, 0.0, 0, 0)
    assert (pace.area, pace.power) == (0.0, 0.0)
    assert pace.gap_s == START_GAP_S


def test_gap_approaches_that_of_a_steady_stream() -> None:
    pace, _, _ = steady(200, 7.0)
    assert pace.gap_s == pytest.approx(7.0, rel=0.01)
    assert pace.ticks == 200


def test_gap_follows_a_change_within_twenty_gaps_or_so() -> None:
    pace, at, _ = steady(400, 2.0)
    for _ in range(60):
        pace.follow(at, at + 30.0, 1.0)
        at += 30.0
    assert pace.gap_s == pytest.approx(30.0 - 28.0 * (1 - MIN_STEP) ** 60, rel=0.05)


def test_alerts_of_one_second_are_one_tick() -> None:
    pace = made(Pace, base_at=T0, since=T0)
    for number in range(9):
        pace.follow(T0 + number * 0.1, T0 + (number + 1) * 0.1, float(number))
    assert pace.ticks == 0
    assert pace.base_count == 9
    assert pace.gap_s == START_GAP_S


def test_an_alert_that_is_not_later_counts_and_measures_nothing() -> None:
    pace, at, count = steady(50, 5.0)
    before = (pace.active_s, pace.gap_s, pace.ticks, pace.area, pace.power)
    pace.follow(at, at, count)
    pace.follow(at, at - 3.0, count)
    assert (pace.active_s, pace.gap_s, pace.ticks, pace.area, pace.power) == before
    assert pace.base_count == 52


def test_pauses_are_no_active_time() -> None:
    pace, _, _ = paced([10.0, 3600.0, 10.0])
    assert pace.active_s == 10.0 + MAX_PAUSE_S + 10.0


@given(st.lists(st.floats(min_value=0.01, max_value=4_000.0), max_size=60))
def test_measures_stay_within_their_bounds(gaps: list[float]) -> None:
    pace, at, _ = paced(gaps)
    assert 0.0 <= pace.active_s <= min(at - T0 + 1e-3, MAX_PAUSE_S * len(gaps))
    most = 1.0 + len(gaps)
    assert 0.0 <= pace.area <= most * pace.active_s + 1e-6
    assert 0.0 <= pace.power <= most * most * pace.active_s + 1e-6
    assert pace.gap_s > 0.0


def test_a_steady_cluster_never_surges_by_its_own_pace() -> None:
    pace, at, count = steady(300, 3.0)
    assert not pace.surges(count * exp(-3.0 / SURGE_S), at + 3.0, RATE, returns=False)


def test_many_times_the_pace_is_a_surge() -> None:
    pace, at, _ = steady(300, 3.0)
    assert pace.surges(80.0, at + 1.0, RATE, returns=False)
    # It ended the cluster: its pace is as it was.
    assert pace.base_at == T0
    assert pace.base_count == 300


def test_a_young_cluster_is_still_ramping_up() -> None:
    pace, at, _ = steady(140, 1.0)
    assert at - T0 < MIN_AGE_S
    assert not pace.surges(500.0, at + 1.0, RATE, returns=False)
    assert pace.base_at == T0


def test_a_surge_of_a_small_cluster_becomes_its_pace() -> None:
    pace, at, _ = steady(MIN_ALERTS - 1, 8.0)
    assert not pace.surges(200.0, at + 1.0, RATE, returns=False)
    assert (pace.base_at, pace.base_count, pace.active_s) == (at + 1.0, 0, 0.0)
    assert (pace.area, pace.power) == (0.0, 0.0)


def test_a_known_stream_that_returns_sets_the_pace_anew_and_ends_nothing() -> None:
    ends, at, _ = steady(300, 3.0)
    goes_on, _, _ = steady(300, 3.0)
    assert ends.surges(80.0, at + 1.0, RATE, returns=False)
    assert not goes_on.surges(80.0, at + 1.0, RATE, returns=True)
    assert goes_on.base_at == at + 1.0


@given(st.floats(min_value=1.0, max_value=9.0))
def test_a_count_near_the_pace_is_no_surge_however_rare_new_things_are(gap: float) -> None:
    pace, at, _ = steady(300, gap)
    expected = SURGE_S * pace.base_count / pace.active_s
    below = FACTOR * expected + EXTRA - 1.0 - 1e-6
    assert not pace.surges(below, at + gap, 0.099, returns=False)


def test_the_rarer_new_things_are_the_more_it_takes() -> None:
    pace, at, _ = steady(300, 3.0)

    def least(rate: float) -> int:
        return next(count for count in range(1, 500) if pace.surges(float(count), at + 1.0, rate, returns=False))

    counts = [least(1 / every_s) for every_s in (100.0, 7200.0, 86_400.0, 30 * 86_400.0)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_the_bound_is_the_likelihood_ratio_against_the_odds() -> None:
    pace, at, _ = steady(400, 2.0)
    expected = SURGE_S * pace.base_count / pace.active_s
    needed = -log(RATE * SURGE_S) - LENIENCE
    level = pace.area / pace.active_s
    measured = 2.0 * (pace.power / pace.active_s - level * level) * pace.active_s
    dispersion = max(1.0, (measured + 2.0 * 100.0 * level) / (pace.area + 100.0 * level))
    for count in range(8, 60):
        seen = count + 1.0
        gain = (seen * log(seen / expected) - (seen - expected)) / dispersion
        is_surge = seen > FACTOR * expected + EXTRA and gain > needed
        assert pace.surges(float(count), at + 1.0, RATE, returns=False) is is_surge


def test_a_cluster_whose_counts_vary_takes_more_for_a_surge_than_a_steady_one() -> None:
    calm, at, _ = steady(300, 3.0)
    bursty, until, _ = paced(([0.2] * 9 + [28.2]) * 30)
    assert bursty.base_count / bursty.active_s == pytest.approx(calm.base_count / calm.active_s, rel=0.02)

    def least(pace: Pace, now: float) -> int:
        return next(count for count in range(1, 500) if pace.surges(float(count), now, RATE, returns=False))

    assert least(bursty, until + 1.0) > least(calm, at + 1.0)


def test_area_and_power_are_the_integrals_of_a_fading_count() -> None:
    pace = made(Pace, base_at=T0, since=T0)
    pace.follow(T0, T0 + 10.0, 4.0)
    # Of 4 e^(-t/10) over ten seconds, and of its square.
    assert pace.area == pytest.approx(40.0 * (1.0 - exp(-1.0)))
    assert pace.power == pytest.approx(80.0 * (1.0 - exp(-2.0)))


def test_a_pause_counts_as_ten_mean_gaps_at_most() -> None:
    pace, at, _ = steady(400, 2.0)
    before = pace.gap_s
    pace.follow(at, at + 3600.0, 1.0)
    assert pace.gap_s == pytest.approx(before + MIN_STEP * (10.0 * 5.0 - before))


def test_a_new_phase_begins_with_age_and_pace_anew_and_the_mean_gap_kept() -> None:
    pace, at, _ = steady(300, 3.0)
    gap_s = pace.gap_s
    pace.begin(at + 400.0)
    assert (pace.since, pace.base_at, pace.base_count, pace.gap_s) == (at + 400.0, at + 400.0, 0, gap_s)
    assert not pace.surges(500.0, at + 401.0, RATE, returns=False)


def test_usual_is_the_mean_count_of_ten_seconds() -> None:
    pace, _, _ = steady(300, 2.0)
    assert pace.usual() == pytest.approx(5.0)
    assert made(Pace, base_at=T0, since=T0, base_count=3, active_s=1.0).usual() == 3.0


def test_a_part_keeps_the_gap_and_the_age_and_counts_anew() -> None:
    pace, _, _ = steady(300, 3.0)
    pace.turns = 40
    part = pace.parted()
    assert (part.gap_s, part.since, part.ticks) == (pace.gap_s, T0, pace.ticks)
    assert (part.base_count, part.area, part.turns) == (0, 0.0, 0)


def test_times_ahead_of_a_clock_that_was_set_back_count_as_now_for_the_pace() -> None:
    pace = made(Pace, base_at=T0 + 50.0, since=T0)
    pace.set_back(T0 + 20.0)
    assert (pace.base_at, pace.since) == (T0 + 20.0, T0)


def test_a_pace_without_alerts_since_it_was_rebased_is_no_base_for_a_surge() -> None:
    pace = Pace()
    pace.base_at = pace.since = 0.0
    assert pace.surges(100.0, 1_000.0, 1 / 600, False) is False
