"""Calibration of scores by rank: the share of past scores that were at least as large.

A conformal p-value over a sliding ring of scores (Vovk, Gammerman and Shafer 2005, chapter 2; Laxhammar and Falkman
2014) is uniform whatever the scores are, as long as the ring and the new score are exchangeable. It cannot be smaller
than 1 / (size + 1), so beyond the largest scores the tail is continued by an exponential (peaks over threshold,
Pickands 1975).
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from typing import Any, Final

# The exponential tail starts at the largest twentieth of the ring: 51 of 1,024 scores, enough to take a median from.
_TAIL_SHARE: Final = 0.05
# Fewer scores than this are no evidence about a tail; until then a score in nats is used as it is.
MIN_RING: Final = 128
# The tail may be up to five times longer than the model predicts, never shorter: a ring that has seen nothing but quiet
# must not make the next score look more certain than the model itself is.
_MIN_SLOPE, _MAX_SLOPE = 0.2, 1.0


class Ring:
    """The last `size` scores, sorted as well; memory 16 bytes a score, `add` and `tail` about 0.5 µs.

    Scores are nats, whose tail has a natural slope of 1, unless `nats` is False: then they have units of their own and
    the slope is that of the ring alone.

    >>> ring = Ring(256)
    >>> for i in range(256):
    ...     ring.add(-math.log((i + 0.5) / 256))
    >>> round(ring.tail(math.log(2)), 2), ring.tail(20.0) < 1e-7
    (0.5, True)
    """

    __slots__ = ("_order", "_sorted", "nats", "size")

    def __init__(self, size: int, nats: bool = True) -> None:
        self.size = size
        self.nats = nats
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, score: float) -> None:
        """Take in a score; the oldest leaves once the ring is full."""
        if len(self._order) >= self.size:
            oldest = self._order.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]
        self._order.append(score)
        insort(self._sorted, score)

    def tail(self, score: float) -> float:
        """The probability, in (0, 1], that a score is at least `score`; 1 for an empty ring."""
        known = self._sorted
        above = len(known) - bisect_left(known, score)
        if above >= len(known) * _TAIL_SHARE or len(known) < MIN_RING:
            return (above + 1) / (len(known) + 1)
        return self._beyond(score)

    def _beyond(self, score: float) -> float:
        known = self._sorted
        peaks = max(8, int(len(known) * _TAIL_SHARE))
        start = known[-peaks]
        median_excess = known[-(peaks // 2)] - start
        slope = math.log(2) / median_excess if median_excess > 0.0 else _MAX_SLOPE
        if self.nats:
            slope = min(_MAX_SLOPE, max(_MIN_SLOPE, slope))
        elif median_excess <= 0.0:
            slope = 0.0
        return (peaks + 1) / (len(known) + 1) * math.exp(-slope * max(0.0, score - start))

    def dump(self) -> list[float]:
        """The scores, oldest first."""
        return list(self._order)

    def load(self, state: list[Any]) -> None:
        """Take the scores of a `dump`; more than fit are dropped from the old end."""
        self._order = deque(float(score) for score in state[-self.size :])
        self._sorted = sorted(self._order)
