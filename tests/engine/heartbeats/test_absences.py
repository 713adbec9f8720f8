"""The times in which a sender was cut off."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.heartbeats.absences import ALL, MAX_SOURCES, MAX_STEP_S, MAX_STRETCHES, Absences, AbsencesState
from aiops.records import Tick


def ticked(*ticks: tuple[float, tuple[str, ...]]) -> Absences:
    absences = Absences()
    for at, away in ticks:
        absences.clock(Tick(ts=at, away=list(away)))
    return absences


def test_steady_ticks_miss_nothing() -> None:
    absences = ticked(*[(float(at), ()) for at in range(0, 600, 5)])
    assert absences.missed_s("kafka", 0.0, 600.0) == 0.0


def test_a_pause_of_ticks_counts_for_every_source() -> None:
    absences = ticked((0.0, ()), (MAX_STEP_S, ()), (1_000.0, ()))
    assert absences.missed_s("kafka", 0.0, 2_000.0) == 940.0
    assert absences.missed_s(ALL, 500.0, 800.0) == 300.0
    assert absences.missed_s("kafka", 1_000.0, 2_000.0) == 0.0


def test_a_source_that_is_away_counts_for_itself() -> None:
    absences = ticked((0.0, ()), (5.0, ("kafka",)), (10.0, ("kafka",)), (15.0, ()), (20.0, ()))
    assert absences.missed_s("kafka", 0.0, 20.0) == 10.0
    assert absences.missed_s("http", 0.0, 20.0) == 0.0
    assert absences.away == []


def test_all_that_is_away_counts_once() -> None:
    absences = ticked((0.0, (ALL, "kafka")), (10.0, ()))
    assert absences.missed_s("kafka", 0.0, 10.0) == 10.0


def test_what_lies_ahead_of_a_clock_that_was_set_back_is_forgotten() -> None:
    absences = ticked((0.0, ()), (10_000.0, ()), (20.0, ()), (25.0, ()))
    assert absences.missed_s("kafka", 0.0, 100.0) == 20.0
    absences.set_back(5.0)
    assert absences.missed_s("kafka", 0.0, 100.0) == 5.0


def test_stretches_and_sources_are_bounded_and_then_forgive_more() -> None:
    absences = ticked(*[(at * 100.0, ()) for at in range(3)])
    for at in range(4, 4 + 2 * MAX_STRETCHES, 2):
        absences.clock(Tick(ts=at * 100.0 - 50.0))
        absences.clock(Tick(ts=at * 100.0))
    assert len(absences.dump()["cut_off"][ALL]) <= MAX_STRETCHES
    for number in range(3 * MAX_SOURCES):
        absences.clock(Tick(ts=100_000.0 + number, away=[f"s{number}"]))
    assert len(absences.dump()["cut_off"]) <= MAX_SOURCES + 1


def test_a_restored_state_is_equal() -> None:
    absences, other = ticked((0.0, ()), (500.0, ("kafka",)), (505.0, ("kafka",))), Absences()
    other.load(msgspec.convert(msgspec.to_builtins(absences.dump()), AbsencesState))
    assert other.dump() == absences.dump()
    assert other.missed_s("kafka", 0.0, 505.0) == 505.0


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 200), st.booleans()), min_size=1, max_size=50), st.integers(0, 500))
def test_what_is_missed_is_never_more_than_what_passed(steps: list[tuple[int, bool]], since: int) -> None:
    absences, at = Absences(), 0.0
    for step, away in steps:
        at += step
        absences.clock(Tick(ts=at, away=["kafka"] if away else []))
    now = max(at, float(since))
    assert 0.0 <= absences.missed_s("kafka", since, now) <= now - since
