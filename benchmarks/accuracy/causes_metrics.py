"""Metric series around an incident as facts: what left its local normal, how far, and on which side.

Median of the samples after the onset against the median of the last calm samples before it, in units of
`max(local IQR, .25 long-run IQR, share of the median)`; two-sided. Calm is what lies outside earlier incidents: a
detector that holds its baseline while it fires sees the same. Nothing after the incident's own window is read.
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
# Where fewer series pass it, so many of the largest deviations count from `LEANING` on; the engine's detector has no
# such rule, and neither have the facts of the record.
LEAST, LEANING = 0, 1.0
# Samples of "before": an hour of PetShop's five-minute samples, a dozen of Nezha's minutes. One setting for both.
BEFORE = 12
MIN_BEFORE = 3
# What lies further back than a day says nothing of now.
STALE_S = 86_400.0
Samples = list[tuple[float, float]]
Series = dict[tuple[str, str], tuple[Samples, Metric]]


def metric_facts(path: Path, incidents: Sequence[Incident]) -> dict[str, list[AlertFact]]:
    """Facts by incident id."""
    series = series_of(path)
    faults = [(incident.opened_at or 0.0, incident.resolved_at or 0.0) for incident in incidents]
    calm = {
        key: [sample for sample in samples if not any(start <= sample[0] < end for start, end in faults)]
        for key, (samples, _) in series.items()
    }
    found: dict[str, list[AlertFact]] = {}
    for incident in incidents:
        facts = [_fact(key, samples, calm[key], one, incident) for key, (samples, one) in series.items()]
        found[incident.id] = _abnormal([fact for fact in facts if fact is not None])
    return found


def _abnormal(facts: list[AlertFact]) -> list[AlertFact]:
    """Return the facts beyond the threshold; the `LEAST` largest from `LEANING` on, where they are fewer."""
    sizes = [abs(fact.magnitude or 0.0) for fact in facts]
    if sum(size >= THRESHOLD for size in sizes) >= LEAST:
        return [fact for fact, size in zip(facts, sizes, strict=True) if size >= THRESHOLD]
    bound = sorted(sizes, reverse=True)[:LEAST][-1] if sizes else 0.0
    return [fact for fact, size in zip(facts, sizes, strict=True) if size >= max(bound, LEANING)]


def series_of(path: Path) -> Series:
    """Return (entity, metric) -> its samples in the order of the file, and one record of it."""
    series: Series = {}
    for record in read([path], Rejections()):
        if isinstance(record, Metric):
            stat = record.labels.get("stat")
            name = f"{record.name} {stat}" if stat else record.name
            samples, _ = series.setdefault((record.entity, name), ([], record))
            samples.append((record.ts, record.value))
    return series


def _fact(key: tuple[str, str], samples: Samples, calm: Samples, one: Metric, incident: Incident) -> AlertFact | None:
    onset, end = incident.opened_at or 0.0, incident.resolved_at or 0.0
    after = _between(samples, onset, end)
    before = _between(calm, onset - STALE_S, onset)[-BEFORE:]
    if len(before) < MIN_BEFORE:
        # Two of the sets hold nothing but the minutes of faults: earlier faults elsewhere are their only normal.
        before = _between(samples, 0.0, onset)[-BEFORE:]
    if len(before) < MIN_BEFORE or not len(after):
        return None
    entity, name = key
    z = _score(before, after, _between(samples, 0.0, end), name)
    return AlertFact(entity, name, 2, 1, onset, onset, one.labels.get("service"), "metric", magnitude=z)


def _between(samples: Samples, start: float, end: float) -> np.ndarray:
    first, last = (bisect_left(samples, (at, -np.inf)) for at in (start, end))
    return np.array([value for _, value in samples[first:last]])


def _score(before: np.ndarray, after: np.ndarray, so_far: np.ndarray, name: str) -> float:
    centre = float(np.median(before))
    scale = max(_iqr(before), 0.25 * _iqr(so_far), _share(name) * abs(centre))
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
