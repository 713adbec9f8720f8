"""Times in the time zone of an endpoint's people."""

from __future__ import annotations

from datetime import datetime

from aiops.zones import zone


def clock(at: float, name: str, beside: float | None = None) -> str:
    """Return a time with its zone; with the date, unless it is the day of the time `beside`.

    >>> clock(1795870400.0, "Europe/Berlin", 1795870000.0), clock(1795870400.0, "UTC")
    ('13:53:20 CET', '2026-11-28 12:53:20 UTC')
    """
    where = zone(name)
    shown = datetime.fromtimestamp(at, where)
    same_day = beside is not None and datetime.fromtimestamp(beside, where).date() == shown.date()
    return shown.strftime("%H:%M:%S %Z" if same_day else "%Y-%m-%d %H:%M:%S %Z")
