"""The calendar of silences: occurrences, days of the zone, and the days on which the clocks change."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from aiops.engine.silences.silences import Silence
from aiops.views.silence_calendar import MAX_EACH, Day, calendar, occurrences

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600.0


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def nightly(start: str, hours: float = 2.0, every: str = "day", weekdays: tuple[str, ...] = ()) -> Silence:
    begins = at(start)
    return Silence("s1", (), begins, begins + hours * HOUR, every, "backup", "Europe/Berlin", weekdays)


def shown(days: list[Day], zone: ZoneInfo = BERLIN) -> list[tuple[str, str, str]]:
    def clock(time: float | None) -> str:
        return "…" if time is None else datetime.fromtimestamp(time, zone).strftime("%H:%M")

    return [
        (datetime.fromtimestamp(day.start, zone).strftime("%m-%d"), clock(span.begins), clock(span.ends))
        for day in days
        for span in day.spans
    ]


def test_each_day_has_its_window_at_the_same_wall_clock() -> None:
    days = calendar([nightly("2026-03-20T01:00")], at("2026-03-27T12:00"), "Europe/Berlin", 4)
    # The clocks change on 29 March at 2:00: the window is an hour shorter, and begins at 1:00 all the same.
    assert shown(days) == [("03-28", "01:00", "03:00"), ("03-29", "01:00", "03:00"), ("03-30", "01:00", "03:00")]
    assert [day.hours for day in days] == [24.0, 24.0, 23.0, 24.0]
    found = [one for day in days for one in day.spans if day.hours == 23.0]
    assert found[0].occurrence.end - found[0].occurrence.start == HOUR


def test_window_in_the_hour_that_is_skipped_begins_with_the_leap() -> None:
    days = calendar([nightly("2026-03-20T02:30", 1.0)], at("2026-03-28T12:00"), "Europe/Berlin", 3)
    assert shown(days)[0] == ("03-29", "03:00", "03:30")


def test_window_in_the_hour_that_comes_twice_is_an_hour_longer() -> None:
    days = calendar([nightly("2026-10-20T02:00", 1.0)], at("2026-10-24T12:00"), "Europe/Berlin", 2)
    assert [day.hours for day in days] == [24.0, 25.0]
    (span,) = days[1].spans
    assert span.occurrence.end - span.occurrence.start == 2 * HOUR


def test_window_over_midnight_stands_on_both_days() -> None:
    days = calendar([nightly("2026-03-02T23:00", 3.0)], at("2026-03-02T12:00"), "Europe/Berlin", 2)
    assert shown(days) == [("03-02", "23:00", "…"), ("03-03", "…", "02:00"), ("03-03", "23:00", "…")]


def test_days_are_those_of_the_reader_and_windows_those_of_the_silence() -> None:
    days = calendar([nightly("2026-03-02T01:00")], at("2026-03-02T12:00"), "America/New_York", 2)
    assert shown(days, ZoneInfo("America/New_York"))[0] == ("03-02", "19:00", "21:00")


def test_week_has_its_days_alone() -> None:
    silence = nightly("2026-03-02T10:00", every="week", weekdays=("mon", "thu"))
    found = occurrences([silence], at("2026-03-02T00:00"), at("2026-03-16T00:00"))
    assert [datetime.fromtimestamp(one.start, BERLIN).strftime("%a %d") for one in found] == [
        "Mon 02",
        "Thu 05",
        "Mon 09",
        "Thu 12",
    ]


@pytest.mark.parametrize("end", [1e300, float("inf"), float("nan"), -1e20])
def test_silence_of_an_old_journal_breaks_nothing(end: float) -> None:
    silence = Silence("old", (), 0.0, end)
    assert len(calendar([silence], at("2026-03-02T12:00"), "UTC")) == 14


def test_occurrences_are_bounded() -> None:
    found = occurrences([nightly("2026-01-01T00:00", 1.0)], at("2026-01-01T00:00"), at("2027-12-01T00:00"))
    assert len(found) == MAX_EACH
