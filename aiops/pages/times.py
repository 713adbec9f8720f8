"""Times on pages: in the reader's zone, and their ages."""

from __future__ import annotations

from datetime import UTC, datetime

from aiops import zones
from aiops.durations import compact


def moment(at: float | None, zone: str = "UTC") -> str:
    """Format a time for people, in a zone.

    >>> moment(1772359200.5), moment(1772359200.5, "Europe/Berlin"), moment(None)
    ('2026-03-01 10:00:00', '2026-03-01 11:00:00', '')
    """
    return _formatted(at, zone, "%Y-%m-%d %H:%M:%S")


def clock(at: float | None, zone: str = "UTC") -> str:
    """Format the time of day, in a zone.

    >>> clock(1772359200.5, "Europe/Berlin")
    '11:00:00'
    """
    return _formatted(at, zone, "%H:%M:%S")


def weekday(at: float | None, zone: str = "UTC") -> str:
    """Format the day of the week, in a zone.

    >>> weekday(1772359200.5)
    'Sunday'
    """
    return _formatted(at, zone, "%A")


def day(at: float | None, zone: str = "UTC") -> str:
    """Format the date, in a zone.

    >>> day(1772359200.5)
    '2026-03-01'
    """
    return _formatted(at, zone, "%Y-%m-%d")


def minute(at: float | None, zone: str = "UTC") -> str:
    """Format the time of day without seconds, in a zone.

    >>> minute(1772359200.5, "Europe/Berlin")
    '11:00'
    """
    return _formatted(at, zone, "%H:%M")


def machine(at: float | None) -> str:
    """Format a time for the attribute `datetime`, in UTC.

    >>> machine(1772359200.5)
    '2026-03-01T10:00:00Z'
    """
    return _formatted(at, "UTC", "%Y-%m-%dT%H:%M:%SZ")


def age(at: float | None, now: float) -> str:
    """Return the age of a time in its two largest units; empty without a time.

    >>> age(1772359200.0, 1772359980.0)
    '13 min'
    """
    return "" if at is None else compact(now - at)


def thousands(count: float) -> str:
    """Return a count with narrow spaces, at which no line ends.

    >>> thousands(4673) == "4\\u202f673", thousands(999)
    (True, '999')
    """
    return f"{count:,.0f}".replace(",", "\u202f")


def _formatted(at: float | None, zone: str, form: str) -> str:
    if at is None:
        return ""
    try:
        where = UTC if zone == "UTC" else zones.zone(zone)
        return datetime.fromtimestamp(at, where).strftime(form)
    except (ValueError, OverflowError, OSError):
        # No value of an old journal may keep a page from being shown.
        return f"{at:g} s"
