"""Which streams always come: long watched, and never later than twice the mean."""

from __future__ import annotations

import random

import pytest

from aiops.engine.heartbeats.regularity import MIN_GAPS, Pace, Paces
from tests.engine.made import made

HOUR = 3_600.0


def seen(times: list[float], cap: int = 10) -> Pace:
    paces = Paces(cap)
    for at in times:
        pace = paces.see("k", "backup", at, 0.0)
    return pace


def test_a_stream_is_regular_after_a_day() -> None:
    times = [600.0 * number for number in range(200)]
    assert not seen(times[:140]).is_regular
    assert seen(times[:160]).is_regular
    assert seen(times).silent_s == pytest.approx(1_800.0)


def test_a_daily_stream_needs_its_gaps() -> None:
    times = [24 * HOUR * number for number in range(MIN_GAPS + 1)]
    assert not seen(times[:-1]).is_regular
    assert seen(times).is_regular


def test_alerts_that_come_by_chance_are_not_regular() -> None:
    source = random.Random(1)
    regular = 0
    for _ in range(200):
        at, times = 0.0, []
        for _ in range(300):
            at += source.expovariate(1 / 600)
            times.append(at)
        regular += seen(times).is_regular
    assert regular == 0


def test_a_pause_at_night_is_its_own() -> None:
    times = [day * 24 * HOUR + at * 300.0 for day in range(3) for at in range(120)]
    assert not seen(times).is_regular


def test_a_pause_is_forgotten_over_weeks() -> None:
    times = [600.0 * number for number in range(200)]
    times += [times[-1] + 6 * HOUR + 600.0 * number for number in range(14 * 144)]
    assert not seen(times[:400]).is_regular
    times += [times[-1] + 600.0 * number for number in range(1, 60 * 144)]
    assert seen(times).is_regular


def test_batches_are_one_occasion_and_what_was_not_received_teaches_nothing() -> None:
    paces = Paces(10)
    for at in (0.0, 0.2, 0.4, 600.0):
        pace = paces.see("k", "backup", at, 0.0)
    assert pace.gaps == 1
    paces.see("k", "backup", 9_000.0, 100.0)
    assert (pace.gaps, pace.longest, pace.last_at) == (1, 600.0, 9_000.0)


def test_streams_are_bounded_and_the_one_silent_for_longest_goes() -> None:
    paces = Paces(3)
    for at, key in enumerate("abca d"):
        paces.see(key, f"name of {key}", float(10 * at), 0.0)
    assert [pace.key for pace in paces.dump()] == ["a", " ", "d"]
    assert paces.names == {"name of a": 1, "name of  ": 1, "name of d": 1}
    paces.forget("a")
    paces.forget("a")
    assert (len(paces), "name of a" in paces.names, paces.of("a")) == (2, False, None)


def test_times_ahead_of_a_clock_that_was_set_back_are_the_present() -> None:
    paces = Paces(3)
    paces.see("k", "backup", 100.0, 0.0)
    paces.set_back(50.0)
    assert [(pace.since, pace.last_at) for pace in paces.dump()] == [(50.0, 50.0)]


def test_a_restored_state_is_equal() -> None:
    paces, other = Paces(3), Paces(3)
    for at in (0.0, 60.0, 120.0):
        paces.see("k", "backup", at, 0.0)
    other.load(paces.dump())
    assert other.names == paces.names
    assert other.see("k", "backup", 180.0, 0.0).gaps == 3


def test_a_pace_reads_well() -> None:
    pace = made(Pace, key="k", name="n", since=0.0, last_at=0.0, gaps=300, mean=300.0, longest=320.0)
    assert pace.sentence() == "it came 300 times, every 5 min 0 s, never later than 5 min 20 s"
