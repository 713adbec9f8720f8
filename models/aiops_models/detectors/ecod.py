"""Outliers by empirical tails (ECOD, Li et al. 2022): the rarity of each value of a row.

For each feature −ln of the share of training values at most (left) and at least (right) as large; the larger one, or
the one on the side of the skew, is summed up. No parameters, and it reads well. Fitted on rows, carried as numbers.

pyod computes the shares over the training rows and the whole batch together: a score depends on who else is in
the batch; here each row is judged alone, which is pyod's result for batches of one (the sign of the skew is that of the
training rows). Cost: about 6 µs a row of 8 features; state: all training values. See `models/cards/ecod.md`.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

from aiops_models.detectors.numbers import column, matrix, vector

# The state holds every training value: 4,096 rows of 8 features are about 600 KB of JSON.
MAX_ROWS = 4096
_MAX_FEATURES = 100


class Ecod:
    """A fitted detector; `fit` needs pyod and scipy, `score` nothing.

    >>> from aiops_models.detectors.ecod import Ecod
    >>> model = Ecod.from_state({"columns": [[1.0, 2.0, 3.0, 4.0]], "skews": [1.0]})
    >>> [round(score, 2) for score in model.score([[2.0], [9.0]])]
    [0.51, 1.61]
    """

    name = "ecod"

    def __init__(self, columns: list[list[float]], skews: list[float]) -> None:
        self.columns = columns
        self.skews = skews

    @classmethod
    def fit(cls, rows: Sequence[Sequence[float]]) -> Ecod:
        """Fit on the latest `MAX_ROWS` of `(n_rows, n_features)` rows, at least 2."""
        import numpy as np
        from pyod.models.ecod import skew

        values = np.asarray(rows[-MAX_ROWS:], dtype=float)
        with np.errstate(all="ignore"):
            spread = values.std(axis=0)
            # The skew of a constant column is 0 / 0; it has no side.
            skews = [float(np.sign(skew(values[:, i]))) if spread[i] > 0 else 0.0 for i in range(values.shape[1])]
        return cls(np.sort(values, axis=0).T.tolist(), skews)

    @classmethod
    def from_state(cls, state: Any) -> Ecod:
        """Take the numbers of `state`; raise `ValueError` for what they cannot be."""
        columns = matrix(state["columns"], _MAX_FEATURES, MAX_ROWS)
        skews = vector(state["skews"], _MAX_FEATURES)
        if len(columns) != len(skews):
            raise ValueError(f"skews: expected {len(columns)}, got {len(skews)}")
        if any(values != sorted(values) for values in columns):
            raise ValueError("columns: expected to rise")
        return cls(columns, skews)

    def state(self) -> dict[str, Any]:
        """The numbers: `columns` (n_features, n_rows), sorted; `skews` (n_features), their signs."""
        return {"columns": self.columns, "skews": self.skews}

    def score(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """The sum over features of −ln of the tail share, at least 0."""
        return [sum(map(self._tail, range(len(self.columns)), column(row, len(self.columns)))) for row in rows]

    def _tail(self, feature: int, value: float) -> float:
        values = self.columns[feature]
        n = len(values) + 1
        left = -math.log((bisect_right(values, value) + 1) / n)
        right = -math.log((n - 1 - bisect_left(values, value) + 1) / n)
        # By the paper: the left tail of what leans left, the right one of what leans right, both of what does neither.
        skew = self.skews[feature]
        sided = left if skew < 0 else right if skew > 0 else left + right
        return max(left, right, sided)
