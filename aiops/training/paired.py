"""Two models on the same outcomes: a frame of paired decisions, and intervals of the differences.

The bootstrap draws incidents with replacement and keeps both decisions of each (Efron and Tibshirani 1993, percentile).
Its seed is fixed: equal decisions give equal intervals.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from aiops.lifecycle import Paired
from aiops.trainers import Judged

DRAWS, SEED = 2_000, 17
# Percentiles of a 95 % interval.
LOW, HIGH = 2.5, 97.5


def frame_of(candidate: Sequence[Judged], incumbent: Sequence[Judged]) -> pd.DataFrame:
    """Return the decisions that both made: a row an outcome, columns (measure, side)."""
    sides = {"candidate": candidate, "incumbent": incumbent}
    parts = {
        side: pd.DataFrame([one.measures for one in found], index=[one.id for one in found], dtype=float)
        for side, found in sides.items()
    }
    joined = pd.concat(parts, axis=1, join="inner")
    # Selecting a measure is what follows.
    return joined.swaplevel(axis=1) if len(joined) else pd.DataFrame()


def paired(frame: pd.DataFrame, deciding: str) -> list[Paired]:
    """Return all measures with their intervals, the deciding one first; empty without any outcome."""
    if frame.empty:
        return []
    names = sorted(frame.columns.get_level_values(0).unique(), key=lambda name: (name != deciding, name))
    drawn = np.random.default_rng(SEED).integers(0, len(frame), size=(DRAWS, len(frame)))
    return [_measured(frame, name, drawn) for name in names]


def _measured(frame: pd.DataFrame, name: str, drawn: np.ndarray) -> Paired:
    sides = frame[name]
    difference = (sides["candidate"] - sides["incumbent"]).to_numpy()
    low, high = np.percentile(difference[drawn].mean(axis=1), [LOW, HIGH])
    return Paired(
        name,
        len(frame),
        round(float(sides["candidate"].mean()), 6),
        round(float(sides["incumbent"].mean()), 6),
        round(float(low), 6),
        round(float(high), 6),
    )
