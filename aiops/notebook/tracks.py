"""Tracks of a timeline: counts of alerts in bins of time, for incidents or for the entities of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

# Bins over the whole width: about four pixels each.
BINS = 120
# Of all alerts, the share at each end that may be cut off where it alone would stretch the time.
_TAIL = 0.001
# With fewer alerts than this none is cut off: one of a few is no outlier.
_FEW = 50


@dataclass(slots=True)
class Span:
    """The shown stretch of time in Unix seconds."""

    start: float
    end: float

    def bin_of(self, at: float) -> int | None:
        """The bin of a time; None outside."""
        if not self.start <= at <= self.end:
            return None
        return min(BINS - 1, int((at - self.start) / (self.end - self.start) * BINS))

    def share(self, at: float) -> float:
        """Position of a time, 0 at the start and 1 at the end; times outside are at the edge."""
        return min(1.0, max(0.0, (at - self.start) / (self.end - self.start)))


@dataclass(slots=True)
class Track:
    """One row: a label, what is beside it, and its alerts by time."""

    label: str
    detail: str
    severity: str
    start: float
    end: float
    total: int = 0
    is_open: bool = False
    bins: list[int] = field(default_factory=lambda: [0] * BINS)

    def count(self, span: Span, times: Iterable[float]) -> None:
        """Count alerts into the bins."""
        for at in times:
            place = span.bin_of(at)
            if place is not None:
                self.bins[place] += 1


def span_of(times: Sequence[float]) -> Span:
    """The stretch that holds the times; a few absurd ones far outside do not stretch it.

    >>> span = span_of([*map(float, range(2_000)), 1e9])
    >>> span.start, span.end < 3_000
    (0.0, True)
    """
    ordered = sorted(times)
    cut = max(1, int(len(ordered) * _TAIL)) if len(ordered) >= _FEW else 0
    low, high = ordered[cut], ordered[-1 - cut]
    slack = 0.2 * (high - low)
    start = ordered[0] if ordered[0] >= low - slack else low
    end = ordered[-1] if ordered[-1] <= high + slack else high
    return Span(start, end if end > start else start + 60.0)
