"""Arrivals made by hand, for tests of one stage."""

from __future__ import annotations

from aiops.engine.arrival import Arrival
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.dedup.stream import Verdict
from aiops.records import Alert


def observe(dedup: Dedup, alert: Alert) -> Verdict:
    """The verdict on an alert that comes at its own time."""
    arrival = Arrival()
    arrival.now = alert.ts
    arrival.begin(alert, alert.ts)
    arrival.stream = dedup.stream(alert)
    dedup.observe(arrival)
    return arrival.verdict
