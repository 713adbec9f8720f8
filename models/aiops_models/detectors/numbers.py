"""Numbers that come in a record: shaped, finite and bounded, or refused with what was expected."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def number(value: Any) -> float:
    """A finite number; raise `ValueError` for anything else.

    >>> number(3)
    3.0
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"expected a finite number, got {value!r:.50}")
    return float(value)


def vector(value: Any, most: int) -> list[float]:
    """A list of 1 to `most` finite numbers."""
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise ValueError(f"expected a list of 1 to {most} numbers")
    return [number(item) for item in value]


def matrix(value: Any, rows: int, columns: int) -> list[list[float]]:
    """A list of 1 to `rows` lists of 1 to `columns` finite numbers."""
    if not isinstance(value, list) or not 1 <= len(value) <= rows:
        raise ValueError(f"expected a list of 1 to {rows} lists of numbers")
    return [vector(item, columns) for item in value]


def column(row: Sequence[float], features: int) -> Sequence[float]:
    """The row, if it has as many features as the model; raise `ValueError` otherwise."""
    if len(row) != features:
        raise ValueError(f"expected rows of {features} features, got {len(row)}")
    return row
