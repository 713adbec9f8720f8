"""Recurring windows that follow a wall clock: each day, on days of the week, on days of the month.

A window is given by its first occurrence, `start` to `end`; from it come the time of day and the length that the clock
of the zone shows for all others. Where the clock leaps (daylight saving begins), a time inside the leap is the moment
of the leap, and a window that lies wholly inside it keeps its length from there. In the hour that comes twice, a window
begins when its start is shown first and ends when its end is shown last. Nothing occurs before `start`; occurrences
that overlap are one.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from aiops import zones
from aiops.errors import UsageError

# The longest window by what it recurs after: then the next one has begun. February has 28 days.
LONGEST_S = {"day": 86_400.0, "week": 7 * 86_400.0, "month": 28 * 86_400.0}
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# No day of a month is missing for longer: from 30 January to 30 March, and a day for the zone.
_AHEAD_DAYS = 63
# The calendar ends with the year 9999; times are bounded by 2100.
_LAST_DAY = datetime(2101, 1, 1)


class Schedule:
    """The occurrences of one window; a query is cheap while time stays between two boundaries."""

    __slots__ = ("_days", "_every", "_first", "_length", "_occurrence", "_time", "_weekdays", "_zone")

    def __init__(self, start: float, end: float, every: str, zone: str, on: tuple[str | int, ...] = ()) -> None:
        self._first = (start, end)
        self._every = every
        self._zone = zones.zone(zone)
        begins, ends = zones.wall(start, self._zone), zones.wall(end, self._zone)
        self._time = begins - _midnight(begins)
        # Where the hour comes twice, the wall clock may show that nothing has passed.
        self._length = ends - begins if ends > begins else timedelta(seconds=end - start)
        if self._length.total_seconds() > LONGEST_S[every]:
            raise UsageError(
                f"silence: $.args.until: expected a window no longer than the {every} after which it recurs"
            )
        weekdays = frozenset(WEEKDAYS.index(word) for word in on if isinstance(word, str))
        self._weekdays = weekdays or frozenset((begins.weekday(),))
        self._days = frozenset(day for day in on if isinstance(day, int)) or frozenset((begins.day,))
        # What was found last, and since when it is the answer.
        self._occurrence = (math.inf, math.inf, math.inf)

    def occurrence(self, at: float) -> tuple[float, float]:
        """Return start and end of the occurrence at a time, or of the next one; infinite where none comes."""
        since, start, end = self._occurrence
        if not since <= at < end:
            start, end = self.find(at)
            self._occurrence = (min(at, start), start, end)
        return start, end

    def find(self, at: float) -> tuple[float, float]:
        """Return the same as `occurrence`, but earlier calls move no end where one occurrence follows another."""
        found: tuple[float, float] | None = None
        for start, end in self._candidates(max(at, self._first[0])):
            if found is None:
                found = (start, end) if end > at else None
            elif start <= found[1]:
                found = (found[0], max(found[1], end))
            else:
                break
        return found or (math.inf, math.inf)

    def _candidates(self, at: float) -> Iterator[tuple[float, float]]:
        """Yield occurrences in order, from one that has ended at a time, or the first of all, on."""
        earliest = _midnight(zones.wall(self._first[0], self._zone))
        before = timedelta(days=math.ceil(self._length.total_seconds() / 86_400.0) + 1)
        day = max(earliest, _midnight(zones.wall(at, self._zone)) - before)
        for _ in range(before.days + _AHEAD_DAYS):
            if day >= _LAST_DAY:
                return
            if self._is_on(day):
                yield self._first if day == earliest else self._on(day)
            day += timedelta(days=1)

    def _is_on(self, day: datetime) -> bool:
        if self._every == "week":
            return day.weekday() in self._weekdays
        if self._every == "month":
            return day.day in self._days or day.day - calendar.monthrange(day.year, day.month)[1] - 1 in self._days
        return True

    def _on(self, day: datetime) -> tuple[float, float]:
        begins = day + self._time
        start, end = zones.first(begins, self._zone), zones.last(begins + self._length, self._zone)
        return (start, end) if end > start else (start, start + self._length.total_seconds())


def _midnight(shown: datetime) -> datetime:
    return shown.replace(hour=0, minute=0, second=0, microsecond=0)
