"""Arrivals made by hand, for tests of one stage."""

from __future__ import annotations

from aiops.engine.arrival import Arrival
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.dedup.stream import Stream, Verdict
from aiops.engine.detect.rate_anomaly import Surprise
from aiops.engine.detect.stage import Detect
from aiops.records import Alert


def observe(dedup: Dedup, alert: Alert) -> Verdict:
    """The verdict on an alert that comes at its own time."""
    arrival = Arrival()
    arrival.now = alert.ts
    arrival.begin(alert, alert.ts)
    arrival.stream = dedup.stream(alert)
    dedup.observe(arrival)
    return arrival.verdict


def measure(detect: Detect, ts: float, key: str, entity: str, name: str, severity: int) -> Surprise:
    """The surprise of an alert; `key` is its stream, and the entity without a number its workload."""
    arrival, stream = Arrival(), Stream()
    stream.fingerprint, stream.entity, stream.name = key, entity, name
    stream.workload = entity.partition("-")[0]
    arrival.now, arrival.stream, arrival.severity = ts, stream, severity
    detect.measure(arrival)
    return arrival.surprise
