"""The axis of a timeline: marks at round times of the reader's clock, as many as have room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from msgspec import Struct

# Distances that people count with, in seconds.
_STEPS_S = (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400)
_DAYS = (1, 2, 7, 14, 30, 91, 182, 365, 1_825)
_DAY_S = 86_400


class Tick(Struct):
    """A mark: its time in Unix seconds, and its label."""

    at: float
    label: str


def ticks(start: float, end: float, most: int, zone: tzinfo = UTC) -> list[Tick]:
    """Return at most `most` marks between two times, at round times of a zone.

    >>> [tick.label for tick in ticks(1772359210.0, 1772359990.0, 7)]
    ['10:02', '10:04', '10:06', '10:08', '10:10', '10:12']
    """
    length = end - start
    step = next((one for one in _STEPS_S if length / one <= most), None)
    days = 1
    if step is None:
        days = next((one for one in _DAYS if length / (one * _DAY_S) <= most), round(length / _DAY_S / most) + 1)
        step = days * _DAY_S
    try:
        return _ticks(start, end, step, zone)[:most]
    except (ValueError, OverflowError, OSError):
        # A time that no calendar has.
        return []


def _ticks(start: float, end: float, step: int, zone: tzinfo) -> list[Tick]:
    first = datetime.fromtimestamp(start, zone)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    if step >= _DAY_S:
        # By the calendar: a day on which the clocks change has 23 or 25 hours.
        count, found = step // _DAY_S, list[Tick]()
        at = midnight + timedelta(days=1)
        while at.timestamp() <= end:
            found.append(Tick(at.timestamp(), _day(at)))
            at += timedelta(days=count)
        return found
    passed = int((first - midnight).total_seconds()) // step * step
    at_s = (midnight + timedelta(seconds=passed)).timestamp()
    found = []
    while at_s <= end:
        if at_s >= start:
            found.append(Tick(at_s, _label(datetime.fromtimestamp(at_s, zone), step)))
        at_s += step
    return found


def _label(at: datetime, step: int) -> str:
    if at.hour == at.minute == at.second == 0 and step >= 60:
        return _day(at)
    return at.strftime("%H:%M:%S" if step < 60 else "%H:%M")


def _day(at: datetime) -> str:
    return f"{at.day} {at.strftime('%b')}" if at.month > 1 or at.day > 1 else str(at.year)
