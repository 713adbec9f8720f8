"""The calendar of silences: when each is in force in the days to come, by a wall clock."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from aiops import zones
from aiops.engine.silences.silences import Silence

DAYS = 14
# Occurrences of one silence that are listed, and of all: one each hour and some more fit.
MAX_EACH, MAX_ALL = 100, 500


class Occurrence(Struct, frozen=True):
    """One time at which a silence is in force, in Unix seconds."""

    silence: str
    comment: str
    start: float
    end: float


class Span(Struct, frozen=True):
    """The part of an occurrence on one day; `begins` or `ends` is None if it is on another day."""

    occurrence: Occurrence
    begins: float | None
    ends: float | None


class Day(Struct, frozen=True):
    """A day in the zone, from `start` to `end`; `hours` is 23 or 25 where the clocks change."""

    start: float
    end: float
    hours: float
    spans: list[Span]


def occurrences(silences: Iterable[Silence], start: float, end: float) -> list[Occurrence]:
    """Return when silences are in force between two times, in the order of their starts."""
    found = [one for silence in silences for one in _of(silence, start, end)]
    return sorted(found, key=lambda one: (one.start, one.silence))[:MAX_ALL]


def calendar(silences: Iterable[Silence], now: float, zone: str, days: int = DAYS) -> list[Day]:
    """Return the days from today on in a zone, with what is in force on each."""
    where = zones.zone(zone)
    bounds = _midnights(now, where, days)
    found = occurrences(silences, now, bounds[-1])
    made = []
    for start, end in itertools.pairwise(bounds):
        spans = [
            Span(one, one.start if one.start >= start else None, one.end if one.end <= end else None)
            for one in found
            if one.start < end and one.end > start
        ]
        made.append(Day(start, end, (end - start) / 3_600.0, spans))
    return made


def _of(silence: Silence, start: float, end: float) -> Iterable[Occurrence]:
    schedule = silence.schedule()
    if schedule is None:
        if silence.start < end and silence.end > start:
            yield Occurrence(silence.id, silence.comment, silence.start, silence.end)
        return
    at = start
    for _ in range(MAX_EACH):
        begins, ends = schedule.find(at)
        if begins >= end or ends == math.inf:
            return
        yield Occurrence(silence.id, silence.comment, begins, ends)
        at = ends


def _midnights(now: float, where: ZoneInfo, days: int) -> list[float]:
    today: datetime = zones.wall(now, where).replace(hour=0, minute=0, second=0, microsecond=0)
    return [zones.first(today + timedelta(days=day), where) for day in range(days + 1)]
