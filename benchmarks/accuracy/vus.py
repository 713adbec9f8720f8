"""VUS-PR: the area under precision and recall, over all thresholds and over widths of a buffer around each window.

Paparrizos et al. 2022, "Volume Under the Surface: A New Accuracy Evaluation Measure for Time-Series Anomaly Detection".
Around a labelled window, labels fall with the square root of the distance, over half the buffer; recall counts how much
of the label mass was found, times the share of windows that were touched at all. No threshold is chosen. 0 to 1; a
detector that knows nothing has about the share of labelled samples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Samples of the widest buffer, and the step between widths: eleven of the 101 widths are within .002 of all of them.
MAX_BUFFER, STEP = 100, 10
THRESHOLDS = 250

Edges = Sequence[tuple[int, int]]


def vus_pr(scores: Sequence[float], edges: Edges) -> float:
    """Return the volume for scores and the first and last sample of each window; 0 without a window."""
    if not edges:
        return 0.0
    values = np.asarray(scores, dtype=float)
    ordered = -np.sort(-values)
    cuts = ordered[np.linspace(0, len(values) - 1, THRESHOLDS).astype(int)]
    predicted = values[None, :] >= cuts[:, None]
    counts = predicted.sum(axis=1)
    return float(np.mean([_area(predicted, counts, edges, width) for width in range(0, MAX_BUFFER + 1, STEP)]))


def _area(predicted: np.ndarray, counts: np.ndarray, edges: Edges, width: int) -> float:
    samples = predicted.shape[1]
    hard, soft = np.zeros(samples), np.zeros(samples)
    for first, last in edges:
        hard[first : last + 1] = 1.0
        soft = np.maximum(soft, _label(samples, first, last, width))
    true = predicted @ soft
    touched = np.mean([predicted[:, max(0, a - width // 2) : b + width // 2 + 1].any(axis=1) for a, b in edges], axis=0)
    recall = np.minimum(true / (0.5 * (hard.sum() + soft.sum())), 1.0) * touched
    precision = true / counts
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _label(samples: int, first: int, last: int, width: int) -> np.ndarray:
    places = np.arange(samples)
    distance = np.maximum(0, np.maximum(first - places, places - last))
    inside = distance <= width // 2
    return np.where(inside, np.sqrt(np.maximum(0.0, 1.0 - distance / max(1, width))), 0.0)
