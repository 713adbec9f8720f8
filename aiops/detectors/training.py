"""Training of detectors and their tests: the least rows, planted anomalies, the ROC area.

Planted anomalies show whether a detector works at all: rows whose features are raised together, single features taken
to their extremes, and rows combined from different rows, where each value is common and the combination is not. They
recommend no detector: labels had put detectors below chance that planted anomalies favoured.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from aiops.detectors import plugins
from aiops.errors import UsageError
from aiops.ports import Detector

# Fewer rows give no shape to eight features; at one row a minute and entity they come in within an hour.
MIN_ROWS = 200

Rows = Sequence[Sequence[float]]


def load(algorithm: str, state: Any) -> Detector:
    """Return the detector that `state` (plain numbers) describes; raise `UsageError` for others."""
    try:
        return plugins.load(algorithm).from_state(state)
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError(f"model: no state of {algorithm}: {error}") from error


def plant(rows: Rows, source: random.Random) -> list[list[float]]:
    """Return one anomaly of each of the three kinds for every third row, from the rows' own values."""
    columns = [sorted(values) for values in zip(*rows, strict=True)]
    extremes = [values[-1] + max(values[-1] - values[len(values) // 2], 0.1) for values in columns]
    features = range(len(columns))
    planted = []
    for row in rows[::3]:
        lift = source.uniform(0.5, 1.0)
        planted.append([v + lift * (extremes[i] - v) for i, v in enumerate(row)])
        odd = source.randrange(len(columns))
        planted.append([extremes[i] if i == odd else v for i, v in enumerate(row)])
        planted.append([source.choice(rows)[i] for i in features])
    return planted


def roc_area(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Return the share of pairs in which a positive scores higher (Mann and Whitney 1947); ties are half.

    >>> roc_area([3.0, 1.0], [1.0, 0.0])
    0.875
    """
    ordered = sorted(negative)
    wins = sum(bisect_left(ordered, score) + bisect_right(ordered, score) for score in positive)
    return wins / (2.0 * len(positive) * len(ordered)) if positive and ordered else 0.5
