"""One row of numbers for a detector, and what they are called."""

from __future__ import annotations

import math

from msgspec import Struct

NAMES = ("log_alerts", "log_types", "log_streams", "worst", "mean_severity", "log_surprise", "worst_surprise", "firsts")


class Row(Struct, gc=False, frozen=True, array_like=True):
    """One entity in one window of record time that ended at `at` (Unix seconds)."""

    at: float
    entity: str
    alerts: int
    types: int
    streams: int
    worst: int  # the highest severity
    severities: int  # their sum
    nats: float  # the surprise of all streams
    peak: float  # the largest surprise of a stream
    firsts: int  # alerts of streams in their first bin

    def values(self) -> list[float]:
        """Return the features in the order of `NAMES`.

        Counts and nats are ln(1 + x): no unit drowns the others.
        """
        return [
            math.log1p(self.alerts),
            math.log1p(self.types),
            math.log1p(self.streams),
            float(self.worst),
            self.severities / self.alerts,
            math.log1p(max(0.0, self.nats)),
            math.log1p(self.peak),
            math.log1p(self.firsts),
        ]
