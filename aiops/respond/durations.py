"""Lengths of time as people write them in playbooks: `90s`, `15m`, `1h`, `7d`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

# Five digits of days are 270 years: a longer number is a slip of the keyboard, not a wish.
# `$` alone would let a newline at the end pass.
Duration = Annotated[
    str, Meta(pattern=r"^[0-9]{1,5}(ms|s|m|h|d)$(?!\n)", description="A length of time: 500ms, 90s, 15m, 1h, 7d.")
]


def seconds(text: str) -> float:
    """The length in seconds; the text has passed the schema's pattern.

    >>> seconds("90s"), seconds("15m"), seconds("500ms")
    (90.0, 900.0, 0.5)
    """
    digits = text.rstrip("mshd")
    return int(digits) * _SECONDS[text[len(digits) :]]
