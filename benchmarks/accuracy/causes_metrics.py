"""Metric series around an incident as facts: what left its local normal, how far, and on which side.

Median of the minutes after the onset against the median of the minutes before it, in units of
`max(local IQR, .25 global IQR, share of the median)`; two-sided.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aiops.archive import Rejections, read
from aiops.ports import AlertFact
from aiops.records import Incident, Metric

# From how many scales on a series counts as anomalous.
THRESHOLD = 3.0
Series = tuple[list[float], list[float], Metric]


def metric_facts(path: Path, incidents: Sequence[Incident], *, sparse: bool) -> dict[str, list[AlertFact]]:
    """Facts by incident id. `sparse`: samples every five minutes instead of every minute, so longer windows."""
    series = _series(path)
    before_s, after_s = (3600.0, 1200.0) if sparse else (1500.0, 300.0)
    found: dict[str, list[AlertFact]] = {}
    for incident in incidents:
        onset = incident.opened_at or 0.0
        facts = [_fact(key, one, onset, before_s, after_s) for key, one in series.items()]
        found[incident.id] = [fact for fact in facts if fact is not None]
    return found


def _series(path: Path) -> dict[tuple[str, str], Series]:
    series: dict[tuple[str, str], Series] = {}
    for record in read([path], Rejections()):
        if isinstance(record, Metric):
            stat = record.labels.get("stat")
            name = f"{record.name} {stat}" if stat else record.name
            times, values, _ = series.setdefault((record.entity, name), ([], [], record))
            times.append(record.ts)
            values.append(record.value)
    return series


def _fact(key: tuple[str, str], one: Series, onset: float, before_s: float, after_s: float) -> AlertFact | None:
    times, values, record = one
    start, middle, end = (bisect_left(times, at) for at in (onset - before_s, onset, onset + after_s))
    before, after = np.array(values[start:middle]), np.array(values[middle:end])
    if len(before) < 3 or not len(after):
        return None
    z = _score(before, after, np.array(values), key[1])
    if abs(z) < THRESHOLD:
        return None
    entity, name = key
    return AlertFact(entity, name, 2, 1, onset, onset, record.labels.get("service"), "metric", magnitude=z)


def _score(before: np.ndarray, after: np.ndarray, whole: np.ndarray, name: str) -> float:
    centre = float(np.median(before))
    scale = max(_iqr(before), 0.25 * _iqr(whole), _share(name) * abs(centre))
    move = float(np.median(after)) - centre
    if scale <= 0:
        return 0.0 if move == 0 else float(np.copysign(10.0, move))
    return move / scale


def _iqr(values: np.ndarray) -> float:
    low, high = np.percentile(values, [25, 75])
    return float(high - low)


def _share(name: str) -> float:
    """The smallest change that matters, as a share of the median."""
    lowered = name.lower()
    if "availab" in lowered or "success" in lowered:
        return 0.001
    return 0.01 if "latency" in lowered else 0.02
