"""Times of tools: RFC 3339, Unix seconds, milli-, micro- or nanoseconds, or a named format."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from aiops.records.model import MAX_TIME_S

# The longest sensible time text is RFC 3339 with nanoseconds and an offset (35 characters); longer is not a time.
MAX_TEXT = 64
# Smallest magnitude that is read as milliseconds, microseconds, nanoseconds: 1e11 s is the year 5138, 1e11 ms is 1973.
_MILLI, _MICRO, _NANO = 1e11, 1e14, 1e17


def parse_time(value: Any, formats: Sequence[str] = ()) -> float | None:
    """Unix seconds, or None where `value` is absent, a tool's "no time" (zero, year 1) or not a time.

    A time without a zone is taken as UTC. `formats` are `strptime` formats, tried after RFC 3339.

    >>> parse_time("2016-05-24T20:10:57.657Z"), parse_time(1499368214000), parse_time("0001-01-01T00:00:00Z")
    (1464120657.657, 1499368214.0, None)
    """
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            return None
        return _from_text(value.strip(), formats) if formats else _remembered(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    return None


# The alerts of a batch share their times, and a tool repeats them until the alert resolves.
@lru_cache(maxsize=4_096)
def _remembered(text: str) -> float | None:
    return _from_text(text.strip(), ())


def _from_text(text: str, formats: Sequence[str]) -> float | None:
    if not text:
        return None
    try:
        return _from_datetime(datetime.fromisoformat(text))
    except ValueError:
        pass
    try:
        return _from_number(float(text))
    except ValueError:
        pass
    for form in formats:
        try:
            return _from_datetime(datetime.strptime(text, form))
        except ValueError:
            continue
    return None


def _from_datetime(moment: datetime) -> float | None:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
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
