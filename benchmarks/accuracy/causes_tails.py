"""How far all metrics of an entity together are in their tails, per incident: a row of the ablation.

Each series is scaled by the median and the interquartile range of up to `CALM` samples before the onset, outside
faults. pyod's ECOD (Li et al. 2022) is fitted on those rows of an entity and scores the rows of the incident. `o` is
what their median exceeds the median calm row by. The evidence of an entity is `ln(1 + o) / ln(1 + max o)`, 0 to 1.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pyod.models.ecod import ECOD

from aiops.records import Incident
from benchmarks.accuracy.causes_data import PLACES, incidents_of
from benchmarks.accuracy.causes_metrics import Samples, series_of

CALM = 60
MIN_CALM = 8


def tails(root: Path, name: str) -> dict[str, dict[str, float]]:
    """Return incident -> entity -> its evidence; entities with too few calm samples have none."""
    folder = root / PLACES[name]
    incidents, series = incidents_of(folder), series_of(folder / "metrics.jsonl.gz")
    faults = [(one.opened_at or 0.0, one.resolved_at or 0.0) for one in incidents]
    own: dict[str, list[Samples]] = {}
    for (entity, _), (samples, _) in series.items():
        own.setdefault(entity, []).append(samples)
    return {one.id: _evidence(own, faults, one) for one in incidents}


def _evidence(own: dict[str, list[Samples]], faults: Sequence[tuple[float, float]], one: Incident) -> dict[str, float]:
    found = {entity: _excess(samples, faults, one) for entity, samples in own.items()}
    most = max(found.values(), default=0.0)
    return {entity: math.log1p(value) / math.log1p(most) for entity, value in found.items() if value > 0}


def _excess(own: Sequence[Samples], faults: Sequence[tuple[float, float]], one: Incident) -> float:
    onset, end = one.opened_at or 0.0, one.resolved_at or 0.0
    times = sorted({at for samples in own for at, _ in samples if at < end})
    calm = [at for at in times if at < onset and not any(start <= at < stop for start, stop in faults)][-CALM:]
    during = [at for at in times if at >= onset]
    if len(calm) < MIN_CALM or not during:
        return 0.0
    before, after = _rows(own, calm), _rows(own, during)
    low, centre, high = np.percentile(before, [25, 50, 75], axis=0)
    scale = np.maximum(high - low, 0.02 * np.abs(centre)) + 1e-9
    model = ECOD()
    model.fit((before - centre) / scale)
    usual = float(np.median(model.decision_scores_))
    return max(float(np.median(model.decision_function((after - centre) / scale))) - usual, 0.0)


def _rows(own: Sequence[Samples], times: Sequence[float]) -> np.ndarray:
    """Return the value of each series at each time: its latest, or its first before there is one."""
    return np.array([[_at(samples, at) for samples in own] for at in times])


def _at(samples: Samples, at: float) -> float:
    return samples[max(bisect_left(samples, (at, math.inf)) - 1, 0)][1]
