"""Histogram-based outlier score (HBOS, Goldstein and Dengel 2012): the emptiness of a row's bins.

Fitted aside by pyod, carried as plain numbers, scored in pure Python with the same result: `(n_rows, n_features)` rows,
scores of any size, higher is more anomalous. Features count as independent, which makes it the fastest and the hardest
to fool with one wild feature. Cost: about 4 µs a row of 8 features; state: bins × features numbers. See
`models/cards/hbos.md`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from aiops_models.detectors.numbers import column, matrix, number

# Ten bins, as published; more make a bin empty by chance in a few hundred rows.
_BINS = 10
# pyod's own defaults: what is added to a density before the logarithm, and how far outside the histogram (in bins) a
# value still counts as inside.
_ALPHA, _TOLERANCE = 0.1, 0.5
_MAX_BINS, _MAX_FEATURES = 1000, 100


class Hbos:
    """A fitted detector; `fit` needs pyod, `score` nothing.

    >>> from aiops_models.detectors.hbos import Hbos
    >>> state = {"edges": [[0.0, 1.0, 2.0]], "scores": [[-1.0, 2.0]]}
    >>> Hbos.from_state(state).score([[0.5], [1.5], [9.0]])
    [-1.0, 2.0, 2.0]
    """

    name = "hbos"

    def __init__(self, edges: list[list[float]], scores: list[list[float]], tolerance: float = _TOLERANCE) -> None:
        self.edges = edges
        self.scores = scores
        self.tolerance = tolerance
        self._worst = [max(bins) for bins in scores]

    @classmethod
    def fit(cls, rows: Sequence[Sequence[float]]) -> Hbos:
        """Fit on `(n_rows, n_features)` rows, at least 2."""
        import numpy as np
        from pyod.models.hbos import HBOS

        fitted = HBOS(n_bins=_BINS, alpha=_ALPHA, tol=_TOLERANCE).fit(np.asarray(rows, dtype=float))
        scores = -np.log2(fitted.hist_ + fitted.alpha)
        return cls(fitted.bin_edges_.T.tolist(), scores.T.tolist(), fitted.tol)

    @classmethod
    def from_state(cls, state: Any) -> Hbos:
        """Take the numbers of `state`; raise `ValueError` for what they cannot be."""
        edges = matrix(state["edges"], _MAX_FEATURES, _MAX_BINS + 1)
        scores = matrix(state["scores"], _MAX_FEATURES, _MAX_BINS)
        if len(edges) != len(scores) or any(len(e) != len(s) + 1 for e, s in zip(edges, scores, strict=True)):
            raise ValueError("edges and scores do not fit: expected one more edge than scores in each feature")
        if any(row != sorted(row) for row in edges):
            raise ValueError("edges: expected to rise")
        return cls(edges, scores, number(state.get("tolerance", _TOLERANCE)))

    def state(self) -> dict[str, Any]:
        """The numbers: `edges` (n_features, bins + 1), `scores` (n_features, bins), `tolerance` in bins."""
        return {"edges": self.edges, "scores": self.scores, "tolerance": self.tolerance}

    def score(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """The sum over features of −log2 of the density of the bin that a value falls into."""
        return [sum(map(self._bin, range(len(self.edges)), column(row, len(self.edges)))) for row in rows]

    def _bin(self, feature: int, value: float) -> float:
        edges, scores = self.edges[feature], self.scores[feature]
        at = bisect_left(edges, value)
        if at == 0:
            near = edges[0] - value <= (edges[1] - edges[0]) * self.tolerance
            return scores[0] if near else self._worst[feature]
        if at == len(edges):
            near = value - edges[-1] <= (edges[-1] - edges[-2]) * self.tolerance
            return scores[-1] if near else self._worst[feature]
        return scores[at - 1]
