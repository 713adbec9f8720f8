"""Recurring windows: what a wall clock shows, on which days, where it leaps and where an hour comes twice."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops import zones
from aiops.engine.silences.schedules import WEEKDAYS, Schedule
from aiops.errors import UsageError

BERLIN = zones.zone("Europe/Berlin")


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def local(text: str, zone: str = "Europe/Berlin") -> float:
    return zones.first(datetime.fromisoformat(text), zones.zone(zone))


def window(
    start: str, end: str, every: str = "day", zone: str = "Europe/Berlin", on: tuple[str | int, ...] = ()
) -> Schedule:
    return Schedule(local(start, zone), local(end, zone), every, zone, on)


def found(schedule: Schedule, at: str, count: int) -> list[tuple[str, str]]:
    """The next occurrences in UTC."""
    made, moment = [], utc(at)
    for _ in range(count):
        start, end = schedule.occurrence(moment)
        made.append(
            (datetime.fromtimestamp(start, UTC).strftime("%d %H:%M"), f"{datetime.fromtimestamp(end, UTC):%H:%M}")
        )
        moment = end
    return made


def test_nightly_window_follows_the_wall_clock() -> None:
    nightly = window("2026-10-20T02:00", "2026-10-20T04:00")
    assert found(nightly, "2026-10-23T12:00", 4) == [
        ("24 00:00", "02:00"),
        ("25 00:00", "03:00"),
        ("26 01:00", "03:00"),
        ("27 01:00", "03:00"),
    ]
    spring = window("2026-03-20T02:00", "2026-03-20T04:00")
    assert found(spring, "2026-03-27T12:00", 3) == [("28 01:00", "03:00"), ("29 01:00", "02:00"), ("30 00:00", "02:00")]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # Where 02:00 to 03:00 is skipped, at 01:00 UTC.
        ("02:30", "04:00", ("29 01:00", "02:00")),
        ("01:30", "02:30", ("29 00:30", "01:00")),
        ("02:15", "02:45", ("29 01:00", "01:30")),
        ("02:00", "03:00", ("29 01:00", "02:00")),
        ("03:00", "03:30", ("29 01:00", "01:30")),
        ("00:00", "01:00", ("28 23:00", "00:00")),
    ],
)
def test_window_in_the_hour_that_is_skipped(start: str, end: str, expected: tuple[str, str]) -> None:
    schedule = window(f"2026-03-20T{start}", f"2026-03-20T{end}")
    assert found(schedule, "2026-03-28T12:00", 1) == [expected]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # Where 02:00 to 03:00 comes twice, from 00:00 to 02:00 UTC.
        ("02:30", "04:00", ("25 00:30", "03:00")),
        ("01:30", "02:30", ("24 23:30", "01:30")),
        ("02:15", "02:45", ("25 00:15", "01:45")),
        ("02:00", "03:00", ("25 00:00", "02:00")),
        ("03:00", "03:30", ("25 02:00", "02:30")),
        ("01:00", "02:00", ("24 23:00", "01:00")),
    ],
)
def test_window_in_the_hour_that_comes_twice(start: str, end: str, expected: tuple[str, str]) -> None:
    schedule = window(f"2026-10-20T{start}", f"2026-10-20T{end}")
    assert found(schedule, "2026-10-24T12:00", 1) == [expected]


def test_first_occurrence_is_the_one_that_was_given() -> None:
    """Whatever its hour shows twice: both ends were named to the second."""
    second = utc("2026-10-25T01:30")
    schedule = Schedule(second, second + 600, "day", "Europe/Berlin")
    assert schedule.occurrence(0.0) == (second, second + 600)
    assert found(schedule, "2026-10-25T12:00", 1) == [("26 01:30", "01:40")]
    back = Schedule(utc("2026-10-25T00:50"), utc("2026-10-25T01:10"), "day", "Europe/Berlin")
    assert back.occurrence(0.0) == (utc("2026-10-25T00:50"), utc("2026-10-25T01:10"))
    assert found(back, "2026-10-25T12:00", 1) == [("26 01:50", "02:10")]


def test_weekdays() -> None:
    schedule = window("2026-03-04T22:00", "2026-03-05T02:00", "week", on=("mon", "thu"))
    assert found(schedule, "2026-03-01T00:00", 4) == [
        *(("05 21:00", "01:00"), ("09 21:00", "01:00"), ("12 21:00", "01:00"), ("16 21:00", "01:00")),
    ]
    own = window("2026-03-04T22:00", "2026-03-05T02:00", "week")
    assert found(own, "2026-03-01T00:00", 2) == [("04 21:00", "01:00"), ("11 21:00", "01:00")]


def test_days_of_the_month() -> None:
    last = window("2026-01-31T23:00", "2026-02-01T01:00", "month", "UTC", on=(-1,))
    assert found(last, "2026-01-01T00:00", 3) == [("31 23:00", "01:00"), ("28 23:00", "01:00"), ("31 23:00", "01:00")]
    thirty_first = window("2026-01-31T10:00", "2026-01-31T11:00", "month", "UTC")
    months = [datetime.fromtimestamp(at, UTC).month for at in _starts(thirty_first, "2026-01-01T00:00", 7)]
    assert months == [1, 3, 5, 7, 8, 10, 12]
    both = window("2026-02-01T10:00", "2026-02-01T11:00", "month", "UTC", on=(1, 15))
    assert [start[:2] for start, _ in found(both, "2026-02-01T00:00", 4)] == ["01", "15", "01", "15"]
    leap = window("2028-02-29T10:00", "2028-02-29T11:00", "month", "UTC")
    assert [start[:2] for start, _ in found(leap, "2028-02-01T00:00", 2)] == ["29", "29"]


def _starts(schedule: Schedule, at: str, count: int) -> list[float]:
    made, moment = [], utc(at)
    for _ in range(count):
        start, moment = schedule.occurrence(moment)
        made.append(start)
    return made


def test_windows_that_overlap_are_one() -> None:
    schedule = window("2026-03-02T22:00", "2026-03-04T04:00", "week", "UTC", on=("mon", "tue"))
    assert schedule.occurrence(utc("2026-03-02T23:00")) == (utc("2026-03-02T22:00"), utc("2026-03-05T04:00"))
    whole = Schedule(0.0, 86_400.0, "day", "UTC")
    start, end = whole.occurrence(86_400.0 * 10)
    assert start <= 86_400.0 * 10
    assert end >= 86_400.0 * 11


def test_window_longer_than_its_period_is_refused() -> None:
    Schedule(0.0, 86_400.0, "day", "UTC")
    for every, longest in (("day", 86_400.0), ("week", 7 * 86_400.0), ("month", 28 * 86_400.0)):
        with pytest.raises(UsageError, match=f"no longer than the {every}"):
            Schedule(0.0, longest + 1, every, "UTC")


def test_no_window_comes_after_the_last_year() -> None:
    assert Schedule(0.0, 60.0, "day", "UTC").occurrence(utc("2101-06-01T00:00")) == (math.inf, math.inf)


ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.integers(0, 400),
    st.integers(0, 1439),
    st.integers(1, 1440),
    st.sets(st.integers(0, 6), max_size=3),
    st.lists(st.integers(0, 400 * 1440), min_size=1, max_size=8),
)
def test_schedule_covers_what_the_wall_clock_shows(
    name: str, day: int, minute: int, length: int, weekdays: set[int], minutes: list[int]
) -> None:
    """Counted in another way: minute by minute by the wall clock, on days on which it neither leaps nor goes back."""
    where = zones.zone(name)
    first = datetime(2026, 1, 1) + timedelta(days=day, minutes=minute)
    if zones.skipped(first, where) or zones.skipped(first + timedelta(minutes=length), where):
        return
    start, end = zones.first(first, where), zones.last(first + timedelta(minutes=length), where)
    words = tuple(WEEKDAYS[number] for number in sorted(weekdays))
    schedule = Schedule(start, end, "week" if words else "day", name, words)
    for offset in minutes:
        at = start + 60.0 * offset
        shown = datetime.fromtimestamp(at, where)
        if any((shown + timedelta(days=near)).utcoffset() != shown.utcoffset() for near in (-3, 3)):
            continue
        clock = shown.replace(tzinfo=None)
        begins = [clock.replace(hour=first.hour, minute=first.minute) - timedelta(days=back) for back in (0, 1)]
        covers = any(
            each <= clock < each + timedelta(minutes=length)
            and each >= first
            and (not words or each.weekday() in weekdays)
            for each in begins
        )
        found_start, found_end = schedule.occurrence(at)
        assert (found_start <= at < found_end) == covers, (shown, first, length)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.floats(0, 4e9, allow_nan=False),
    st.floats(1, 86_400),
    st.sampled_from(["day", "week", "month"]),
    st.lists(st.floats(0, 4.1e9), min_size=1, max_size=10),
)
def test_order_of_questions_changes_no_coverage(
    name: str, start: float, length: float, every: str, moments: list[float]
) -> None:
    try:
        one = Schedule(start, start + length, every, name)
    except UsageError:
        return
    for at in moments:
        first, last = one.occurrence(at)
        again = Schedule(start, start + length, every, name).occurrence(at)
        assert (first <= at < last) == (again[0] <= at < again[1])
        assert last > at
