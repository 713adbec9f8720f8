"""Time zones by name, and their wall clocks; one hour a year is skipped, another occurs twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from aiops.errors import UsageError


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """Return the names of all time zones, from the package `tzdata`: every host knows the same."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1_024)
def zone(name: str) -> ZoneInfo:
    """Return a time zone; raise `UsageError` for an unknown name.

    >>> zone("Europe/Berlin").key
    'Europe/Berlin'
    """
    if name not in names():
        raise UsageError(f"zone: unknown time zone {name[:80]!r} (use a name such as Europe/Berlin or UTC)")
    return ZoneInfo(name)


def wall(at: float, where: ZoneInfo) -> datetime:
    """Return the wall clock of a zone at a time in Unix seconds, without the zone.

    >>> wall(1772359200.0, zone("Europe/Berlin")).isoformat()
    '2026-03-01T11:00:00'
    """
    return datetime.fromtimestamp(at, where).replace(tzinfo=None, fold=0)


def first(shown: datetime, where: ZoneInfo) -> float:
    """Return the first moment at which the clocks of a zone show a time, or leap over it.

    >>> wall(first(datetime(2026, 3, 29, 2, 30), zone("Europe/Berlin")), zone("Europe/Berlin")).isoformat()
    '2026-03-29T03:00:00'
    """
    return _moment(shown, where, fold=0)


def last(shown: datetime, where: ZoneInfo) -> float:
    """Return the last moment at which the clocks of a zone show a time, or leap over it.

    >>> twice, berlin = datetime(2026, 10, 25, 2), zone("Europe/Berlin")
    >>> last(twice, berlin) - first(twice, berlin)
    3600.0
    """
    return _moment(shown, where, fold=1)


def skipped(shown: datetime, where: ZoneInfo) -> bool:
    """Return True if the clocks of a zone never show a time."""
    moment = shown.replace(tzinfo=where)
    return moment.astimezone(UTC).astimezone(where).replace(tzinfo=None) != shown


def _moment(shown: datetime, where: ZoneInfo, fold: int) -> float:
    at = shown.replace(tzinfo=where, fold=fold).timestamp()
    return _leap(shown, where) if skipped(shown, where) else at


def _leap(shown: datetime, where: ZoneInfo) -> float:
    """Return the moment at which the clocks leap over a time that they never show, to the second."""
    after = int(shown.replace(tzinfo=where, fold=0).timestamp()) + 1
    before = int(shown.replace(tzinfo=where, fold=1).timestamp()) - 1
    old = datetime.fromtimestamp(before, where).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, where).utcoffset() == old:
            before = middle
        else:
            after = middle
    return float(after)


def later(at: float, seconds: float, where: ZoneInfo) -> float:
    """Return the moment at which the clocks of a zone show `seconds` more than at a time.

    >>> berlin = zone("Europe/Berlin")
    >>> before = first(datetime(2026, 10, 25, 0), berlin)
    >>> later(before, 4 * 3600.0, berlin) - before
    18000.0
    """
    return last(wall(at, where) + timedelta(seconds=seconds), where)
