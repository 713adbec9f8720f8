"""Durations as Prometheus writes them: `1h30m`, `2w`, `500ms`.

Source: https://prometheus.io/docs/alerting/latest/configuration/ (`<duration>`)
"""

from __future__ import annotations

import re

from aiops.errors import UsageError

# Units in their order, each at most once; linear, as each group is optional and begins with digits.
_DURATION = re.compile(
    r"(?:(\d{1,9})y)?(?:(\d{1,9})w)?(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?"
)
_UNITS = (365 * 86_400.0, 7 * 86_400.0, 86_400.0, 3_600.0, 60.0, 1.0, 0.001)


def duration_s(value: object, place: str) -> float:
    """Return a duration in seconds; raise `UsageError` for what is none.

    >>> duration_s("1h30m", "$"), duration_s("2w", "$"), duration_s("0s", "$")
    (5400.0, 1209600.0, 0.0)
    """
    text = "0s" if value == 0 else str(value)
    found = _DURATION.fullmatch(text[:80]) if text else None
    if found is None or not any(found.groups()):
        raise UsageError(f"{place}: expected a duration such as 30s or 1h30m; got {text[:80]!r}")
    return sum(int(count) * unit for count, unit in zip(found.groups(), _UNITS, strict=True) if count)
