"""Durations as people write them in playbooks, silences and tables: `90s`, `15m`; `2 h 5 min`."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from msgspec import Meta

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SHOWN = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))

# Five digits of days are 270 years; a longer number is a typing error. `$` alone would permit a newline at the end.
Duration = Annotated[
    str, Meta(pattern=r"^[0-9]{1,5}(ms|s|m|h|d)$(?!\n)", description="A duration: 500ms, 90s, 15m, 1h, 7d.")
]


def seconds(text: str) -> float:
    """Return the duration in seconds; the text has passed the schema's pattern.

    >>> seconds("90s"), seconds("15m"), seconds("500ms")
    (90.0, 900.0, 0.5)
    """
    digits = text.rstrip("mshd")
    return int(digits) * _SECONDS[text[len(digits) :]]


def compact(length_s: float) -> str:
    """Return a duration in its two largest units, for a table or a clause.

    `aiops.wording.duration` is for prose.

    >>> compact(59), compact(3_700), compact(7_200), compact(200_000), compact(-5)
    ('59 s', '1 h 1 min', '2 h', '2 d 7 h', '0 s')
    """
    whole = max(0, int(length_s))
    for (unit, size), (small, part) in pairwise(_SHOWN):
        if whole >= size:
            rest = whole % size // part if size > 60 else 0
            return f"{whole // size} {unit} {rest} {small}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"
