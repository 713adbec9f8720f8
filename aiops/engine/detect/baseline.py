"""A local, two-sided, robust comparison of a series now with just before.

Now is the median of the last 5 minutes, before the median of the 25 slots that precede them; the difference is measured
in a robust scale, which is the largest of the local interquartile range, a quarter of the long-run one, and a small
share of the median (a flat series must not alert at its first flicker). A whole day as the baseline makes
nearly everything alert during an incident; the local one finds what changed with it.

Samples are folded into slots of one minute (their mean), so cost and memory do not depend on the sampling rate: about
3 µs a sample, about 4 KB a series.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, insort
from collections import deque
from typing import Any

_SLOT_S = 60.0
_AFTER = 5  # slots of "now": 5 minutes; a series sampled more rarely has its last sample there
_BEFORE = 25  # slots of "before": 25 minutes, or 25 samples of a slower series
# Fewer slots than this give no interquartile range worth the name.
_MIN_BEFORE = 8
# Every 11th closed slot enters the long-run ring: at one slot a minute, 128 of them cover a day.
_LONG, _STRIDE = 128, 11
# The share of the long-run range that is normal at any time of the day.
_LONG_SHARE = 0.25
# What a series that was exactly constant scores when it moves: clearly an anomaly, not an infinite one.
FLAT = 10.0
# No metric is further from normal than this in any sense that matters.
MAX_MAGNITUDE = 1e6
# Shares of the median below which a change is irrelevant, by words in the metric's name.
_SHARE = 0.02
_SHARES = {
    0.001: ("availab", "success", "uptime", "hit_ratio", "hit_rate"),
    0.01: ("latency", "duration", "response_time", "lat_", "_p50", "_p9"),
}


def share_of(name: str) -> float:
    """The share of the median that counts as a change for this kind of metric.

    >>> share_of("node_cpu"), share_of("Availability"), share_of("request_latency_p99")
    (0.02, 0.001, 0.01)
    """
    lowered = name.lower()
    for share, words in _SHARES.items():
        if any(word in lowered for word in words):
            return share
    return _SHARE


def median(ordered: list[float]) -> float:
    """The median of a sorted list that is not empty."""
    middle = len(ordered) >> 1
    return ordered[middle] if len(ordered) & 1 else 0.5 * (ordered[middle - 1] + ordered[middle])


def _range(ordered: list[float]) -> float:
    """Interquartile range of a sorted list, by the nearest ranks."""
    last = len(ordered) - 1
    return ordered[(3 * last + 2) // 4] - ordered[(last + 2) // 4]


class Baseline:
    """The slots of the last half hour of one series, and a thin sample of its last day."""

    __slots__ = (
        "_after",
        "_before",
        "_closed",
        "_count",
        "_long",
        "_long_range",
        "_ordered",
        "_slot",
        "_total",
        "share",
    )

    def __init__(self, share: float) -> None:
        self.share = share
        self._slot = -1
        self._total = 0.0
        self._count = 0
        self._after: deque[tuple[int, float]] = deque()
        self._before: deque[float] = deque()
        self._ordered: list[float] = []
        self._long: array[float] = array("d")
        self._long_range = 0.0
        self._closed = 0

    def add(self, ts: float, value: float, frozen: bool) -> bool:
        """Put a sample into its slot; True when that closed a slot. `frozen` keeps "before" as it is.

        A late sample counts in the open slot.
        """
        slot = int(ts // _SLOT_S)
        if slot <= self._slot:
            self._total += value
            self._count += 1
            return False
        closed = self._slot >= 0
        if closed:
            self._close(slot, frozen)
        self._slot, self._total, self._count = slot, value, 1
        return closed

    def set_back(self, ts: float) -> None:
        """Let no slot lie ahead of the one of `ts`."""
        latest = int(ts // _SLOT_S)
        self._slot = min(self._slot, latest)
        self._after = deque((min(slot, latest), value) for slot, value in self._after)

    def _close(self, slot: int, frozen: bool) -> None:
        value = self._total / self._count
        self._closed += 1
        if self._closed % _STRIDE == 0:
            self._sample(value)
        self._after.append((self._slot, value))
        while self._after and self._after[0][0] <= slot - _AFTER:
            leaving = self._after.popleft()[1]
            if not frozen:
                self._settle(leaving)

    def _sample(self, value: float) -> None:
        if len(self._long) >= _LONG:
            del self._long[0]
        self._long.append(value)
        if len(self._long) >= _MIN_BEFORE:
            self._long_range = _LONG_SHARE * _range(sorted(self._long))

    def _settle(self, value: float) -> None:
        if len(self._before) >= _BEFORE:
            oldest = self._before.popleft()
            del self._ordered[bisect_left(self._ordered, oldest)]
        self._before.append(value)
        insort(self._ordered, value)

    def magnitude(self, value: float | None = None) -> float:
        """Return the signed distance of the present (or of `value`) from before, in robust scales.

        It is 0 while there is too little to compare.
        """
        if len(self._before) < _MIN_BEFORE:
            return 0.0
        if value is None:
            value = median(sorted([self._total / self._count, *(held for _, held in self._after)]))
        centre = median(self._ordered)
        scale = max(_range(self._ordered), self._long_range, self.share * abs(centre))
        gap = value - centre
        if scale <= 0.0:
            return math.copysign(FLAT, gap) if gap else 0.0
        return max(-MAX_MAGNITUDE, min(MAX_MAGNITUDE, gap / scale))

    def dump(self) -> Any:
        """The state, as what msgspec can encode."""
        after = [[slot, value] for slot, value in self._after]
        return [self._slot, self._total, self._count, after, list(self._before), list(self._long), self._closed]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._slot, self._total, self._count, after, before, long, self._closed = state
        self._after = deque((slot, value) for slot, value in after)
        self._before = deque(before)
        self._ordered = sorted(before)
        self._long = array("d", long)
        self._long_range = _LONG_SHARE * _range(sorted(long)) if len(long) >= _MIN_BEFORE else 0.0
