"""Time intervals: named ranges of minutes, weekdays, days, months and years in a time zone.

Days of the month may be negative: -1 is the last one. A range that begins after the end of a month has no day in it,
and one that ends after it ends with the month.

Source: https://prometheus.io/docs/alerting/latest/configuration/#time_interval
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aiops import zones
from aiops.errors import UsageError
from aiops.routing.config import TimeInterval, TimeRange, TimeSpan

WEEKDAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS: Final = tuple(name.lower() for name in calendar.month_name[1:])
# The shortest month: what is empty in it by both ends is a mistake.
SHORTEST_DAYS: Final = 28
MINUTES: Final = 24 * 60
Range = tuple[int, int]
Read = Callable[[str], int]


class Span:
    """Times at which all parts of one `TimeSpan` hold."""

    def __init__(self, span: TimeSpan, place: str) -> None:
        """Raise `UsageError` with the place of what does not fit."""
        self.zone = _zone(span.location, f"{place}.location")
        self.minutes = [_minutes(one, f"{place}.times[{at}]") for at, one in enumerate(span.times)]
        self.weekdays = _ranges(span.weekdays, f"{place}.weekdays", _weekday)
        self.days = _ranges(span.days_of_month, f"{place}.days_of_month", _day, _check_days)
        self.months = _ranges(span.months, f"{place}.months", _month)
        self.years = _ranges(span.years, f"{place}.years", _number)

    def contains(self, at: float) -> bool:
        """Return True if the span holds at a time in Unix seconds."""
        shown = zones.wall(at, self.zone)
        minute = shown.hour * 60 + shown.minute
        return self.holds_on(shown) and (not self.minutes or any(begin <= minute < end for begin, end in self.minutes))

    def holds_on(self, day: datetime) -> bool:
        """Return True if it holds at some time of a day."""
        last = calendar.monthrange(day.year, day.month)[1]
        return (
            _within(self.weekdays, (day.weekday() + 1) % 7)
            and _within(self.months, day.month)
            and _within(self.years, day.year)
            and (not self.days or any(_has_day(one, day.day, last) for one in self.days))
        )

    def boundaries(self, day: datetime) -> Iterator[float]:
        """Yield the times at which it may begin or end on a day, in Unix seconds."""
        clock = {0, *(minute for one in self.minutes for minute in one)} if self.holds_on(day) else {0}
        for minute in clock:
            shown = datetime.combine(day, time()) + timedelta(minutes=minute)
            # Where clocks are set back, one time is shown twice.
            yield zones.first(shown, self.zone)
            yield zones.last(shown, self.zone)


class Interval:
    """A named time interval."""

    def __init__(self, interval: TimeInterval, place: str) -> None:
        """Raise `UsageError` with the place of what does not fit."""
        self.name = interval.name
        if not interval.time_intervals:
            raise UsageError(f"{place}.time_intervals: expected at least one (got none); it would never hold")
        self.spans = [
            Span(span, f"{place}.time_intervals[{number}]") for number, span in enumerate(interval.time_intervals)
        ]

    def contains(self, at: float) -> bool:
        """Return True if it holds at a time in Unix seconds."""
        return any(span.contains(at) for span in self.spans)


def read_intervals(intervals: Iterable[TimeInterval], place: str) -> dict[str, Interval]:
    """Return the intervals by name; raise `UsageError` with the place of what does not fit."""
    found: dict[str, Interval] = {}
    for number, one in enumerate(intervals):
        where = f"{place}[{number}]"
        if one.name in found:
            raise UsageError(f"{where}.name: expected a unique name; {one.name!r} is used before")
        found[one.name] = Interval(one, where)
    return found


def _zone(name: str, place: str) -> ZoneInfo:
    try:
        return zones.zone(name)
    except UsageError as error:
        raise UsageError(f"{place}: {error}") from None


def _minutes(given: TimeRange, place: str) -> Range:
    begin, end = _minute(given.start_time, f"{place}.start_time"), _minute(given.end_time, f"{place}.end_time")
    if begin >= end:
        raise UsageError(
            f"{place}: expected a start before its end (got {given.start_time} to {given.end_time}); "
            "write a night as two ranges, up to 24:00 and from 00:00"
        )
    return begin, end


def _minute(text: str, place: str) -> int:
    hours, colon, minutes = text.partition(":")
    plain = len(hours) == 2 and len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit()
    at = int(hours) * 60 + int(minutes) if colon and plain else MINUTES + 1
    if at > MINUTES or int(minutes) > 59:
        raise UsageError(f"{place}: expected a time from 00:00 to 24:00 (got {text[:80]!r})")
    return at


def _ranges(
    given: Sequence[str | int], place: str, read: Read, check: Callable[[int, int], str] | None = None
) -> list[Range]:
    found = []
    for number, one in enumerate(given):
        begin, colon, end = str(one).partition(":")
        try:
            first = read(begin)
            last = read(end) if colon else first
            problem = check(first, last) if check is not None else "" if first <= last else "it ends before it begins"
        except ValueError as error:
            problem = str(error)
        if problem:
            raise UsageError(f"{place}[{number}]: {problem} (got {str(one)[:80]!r})")
        found.append((first, last))
    return found


def _weekday(text: str) -> int:
    if text.lower() not in WEEKDAYS:
        raise ValueError("expected days such as monday or monday:friday")
    return WEEKDAYS.index(text.lower())


def _month(text: str) -> int:
    if text.lower() in MONTHS:
        return MONTHS.index(text.lower()) + 1
    number = _number(text)
    if not 1 <= number <= len(MONTHS):
        raise ValueError("expected months such as january, january:march or 1:3")
    return number


def _day(text: str) -> int:
    number = _number(text)
    if number == 0 or not -31 <= number <= 31:
        raise ValueError("expected days from 1 to 31, or from -1 (the last one) to -31")
    return number


def _number(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 4):
        raise ValueError("expected a number, or two with a colon")
    return int(text)


def _check_days(first: int, last: int) -> str:
    if first < 0 < last:
        return "a range that begins with a negative day must end with one"
    begin, end = (day if day > 0 else SHORTEST_DAYS + day for day in (first, last))
    return "it ends before it begins" if begin > end else ""


def _within(ranges: list[Range], value: int) -> bool:
    return not ranges or any(first <= value <= last for first, last in ranges)


def _has_day(given: Range, day: int, last: int) -> bool:
    begin, end = (one if one > 0 else last + one + 1 for one in given)
    return begin <= day <= end
