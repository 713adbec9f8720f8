"""Times of tools: RFC 3339, Unix seconds to nanoseconds, or a named format; zones of local ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any

from aiops.errors import UsageError
from aiops.records.model import MAX_TIME_S
from aiops.zones import zone

# The longest sensible time text is RFC 3339 with nanoseconds and an offset (35 characters); longer is not a time.
MAX_TEXT = 64
_UTC_NAMES = ("UTC", "GMT", "Z")
# Smallest magnitude that is read as milliseconds, microseconds, nanoseconds: 1e11 s is the year 5138, 1e11 ms is 1973.
_MILLI, _MICRO, _NANO = 1e11, 1e14, 1e17


def zone_of(name: str) -> tzinfo:
    """Return a zone by its name (`Europe/Berlin`), or a fixed offset (`+02:00`); raise `UsageError`.

    >>> zone_of("+05:30"), zone_of("UTC") is UTC
    (datetime.timezone(datetime.timedelta(seconds=19800)), True)
    """
    if name in ("UTC", "Z"):
        return UTC
    if name[:1] not in ("+", "-"):
        return zone(name)
    hours, _, minutes = name[1:].partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and int(hours) <= 14 and int(minutes) < 60):
        raise UsageError(f"zone: expected a name such as Europe/Berlin, or an offset such as +02:00; got {name[:40]!r}")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if name.startswith("-") else offset)


def parse_time(value: Any, formats: Sequence[str] = (), local: tzinfo = UTC) -> float | None:
    """Unix seconds, or None where `value` is absent, a tool's "no time" (zero, year 1) or not a time.

    A time that states no zone is one of `local`; of an hour that occurs twice, the first is meant. `formats` are
    `strptime` formats, tried after RFC 3339 and numbers.

    >>> parse_time("2016-05-24T20:10:57.657Z"), parse_time(1499368214000), parse_time("0001-01-01T00:00:00Z")
    (1464120657.657, 1499368214.0, None)
    """
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            return None
        return _remembered(value) if not formats and local is UTC else _local(value, tuple(formats), local)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    return None


# The alerts of a batch share their times, and a tool repeats them until the alert resolves.
@lru_cache(maxsize=4_096)
def _remembered(text: str) -> float | None:
    return _from_text(text.strip(), (), UTC)


@lru_cache(maxsize=4_096)
def _local(text: str, formats: tuple[str, ...], local: tzinfo) -> float | None:
    return _from_text(text.strip(), formats, local)


def _from_text(text: str, formats: Sequence[str], local: tzinfo) -> float | None:
    if not text:
        return None
    try:
        return _from_datetime(datetime.fromisoformat(text), local)
    except ValueError:
        pass
    try:
        return _from_number(float(text))
    except ValueError:
        pass
    # "2026-03-01 10:00:00 UTC" and "… +0100", as Ruby, Go and many templates write it.
    head, _, place = text.rpartition(" ")
    if head and (place in _UTC_NAMES or place[:1] in ("+", "-")):
        try:
            return _from_datetime(datetime.fromisoformat(head + ("Z" if place in _UTC_NAMES else place)), local)
        except ValueError:
            pass
    for form in formats:
        try:
            return _from_datetime(datetime.strptime(text, form), local)
        except ValueError:
            continue
    return None


def _from_datetime(moment: datetime, local: tzinfo) -> float | None:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=local)
    try:
        return _in_range(moment.timestamp())
    except OverflowError:
        return None


def _from_number(number: float) -> float | None:
    if isinstance(number, float) and not math.isfinite(number):
        return None
    if number <= 0:
        return None
    for least, unit in ((_NANO, 1e9), (_MICRO, 1e6), (_MILLI, 1e3)):
        if number >= least:
            return _in_range(number / unit) if number < 1e22 else None
    return _in_range(float(number))


def _in_range(seconds: float) -> float | None:
    return seconds if 0 < seconds < MAX_TIME_S else None
