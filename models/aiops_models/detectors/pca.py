"""Outliers by principal components (Shyu et al. 2003): distances from the joint movement of features.

The rows are standardised; the score is the sum of distances to the eigenvectors, each over its share of variance, so
that a departure in a direction that hardly ever varies counts most. It sees combinations that are odd although each
value is common. Fitted aside by pyod, carried as plain numbers. Cost: about 12 µs a row of 8 features; state: features²
numbers. See `models/cards/pca.md`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aiops_models.detectors.numbers import column, matrix, vector

_MAX_FEATURES = 100
# Directions with a smaller share of the variance are constant but for rounding; dividing by them would be all noise.
_MIN_SHARE = 1e-4


class Pca:
    """A fitted detector; `fit` needs pyod, `score` nothing.

    >>> from aiops_models.detectors.pca import Pca
    >>> state = {"means": [0.0, 0.0], "scales": [1.0, 1.0], "components": [[1.0, 0.0]], "shares": [0.5]}
    >>> Pca.from_state(state).score([[1.0, 0.0], [1.0, 3.0]])
    [0.0, 6.0]
    """

    name = "pca"

    def __init__(
        self, means: list[float], scales: list[float], components: list[list[float]], shares: list[float]
    ) -> None:
        self.means = means
        self.scales = scales
        self.components = components
        self.shares = shares

    @classmethod
    def fit(cls, rows: Sequence[Sequence[float]]) -> Pca:
        """Fit on `(n_rows, n_features)` rows, at least 2, not all alike; raise `ValueError` where they are."""
        import numpy as np
        from pyod.models.pca import PCA

        values = np.asarray(rows, dtype=float)
        if not values.std(axis=0).any():
            raise ValueError("expected rows that differ: there is no variance to take components of")
        # A direction without variance makes pyod divide by zero; it is left out in the second fit.
        with np.errstate(divide="ignore", invalid="ignore"):
            whole = PCA(svd_solver="full").fit(values)
        kept = int((whole.explained_variance_ratio_ > _MIN_SHARE).sum())
        fitted = PCA(n_components=kept, svd_solver="full").fit(values)
        return cls(
            fitted.scaler_.mean_.tolist(),
            fitted.scaler_.scale_.tolist(),
            fitted.selected_components_.tolist(),
            fitted.selected_w_components_.tolist(),
        )

    @classmethod
    def from_state(cls, state: Any) -> Pca:
        """Take the numbers of `state`; raise `ValueError` for what they cannot be."""
        means = vector(state["means"], _MAX_FEATURES)
        scales = vector(state["scales"], _MAX_FEATURES)
        components = matrix(state["components"], _MAX_FEATURES, _MAX_FEATURES)
        shares = vector(state["shares"], _MAX_FEATURES)
        if len(scales) != len(means) or any(len(component) != len(means) for component in components):
            raise ValueError("means, scales and components: expected the same number of features")
        if len(shares) != len(components) or min(*shares, *scales) <= 0.0:
            raise ValueError("shares and scales: expected positive numbers, a share for each component")
        return cls(means, scales, components, shares)

    def state(self) -> dict[str, Any]:
        """Return `means`, `scales` (n_features), `components` (k, n_features), `shares` (k) of the variance."""
        return {"means": self.means, "scales": self.scales, "components": self.components, "shares": self.shares}

    def score(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """Return the sum over components of the distance to the eigenvector over its share of variance.

        It is at least 0.
        """
        return [self._distance(column(row, len(self.means))) for row in rows]

    def _distance(self, row: Sequence[float]) -> float:
        point = [(v - mean) / scale for v, mean, scale in zip(row, self.means, self.scales, strict=True)]
        return sum(
            math.dist(point, component) / share for component, share in zip(self.components, self.shares, strict=True)
        )
