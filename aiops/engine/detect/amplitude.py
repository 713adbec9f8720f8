"""The amplitude of a sample: its distance from the last 300, in robust scales.

The centre is their median. The scale is the larger one of two estimates of a deviation, from the quarters and from the
outer twentieths: a series that is at rest most of the time and at work for the rest of it has a scale of its work. A
small share of the median is the least: a flat series must not alert at its first flicker.

Cost: .6 µs a sample (two binary searches in a sorted array). Memory: 4.8 KB a series.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from typing import Any

from aiops.engine.detect.baseline import FLAT, MAX_MAGNITUDE

# Samples that a new one is compared with; 100 do worse, 1,000 as well.
_WINDOW = 300
# Fewer have no twentieths.
_LEAST = 20
# Deviations of a normal distribution between its quarters, and between its outer twentieths.
_QUARTERS, _TWENTIETHS = 1.349, 3.290


class Amplitude:
    """The last samples of one series, by time and by size; `share` of their median is the least scale."""

    __slots__ = ("_next", "_ordered", "_recent", "share")

    def __init__(self, share: float) -> None:
        self.share = share
        self._recent: array[float] = array("d")
        self._ordered: array[float] = array("d")
        self._next = 0

    @property
    def is_full(self) -> bool:
        """Return True once there are as many samples as a new one is compared with."""
        return len(self._recent) >= _WINDOW

    def see(self, value: float) -> float:
        """Return the signed distance of a sample from those before it, and keep it; 0 while there are too few.

        >>> amplitude = Amplitude(0.02)
        >>> [amplitude.see(value) for value in (9.0, 11.0) * 10][-1]
        0.0
        >>> round(amplitude.see(16.0), 1)
        4.0
        """
        distance = self._distance(value) if len(self._ordered) >= _LEAST else 0.0
        if len(self._recent) < _WINDOW:
            self._recent.append(value)
        else:
            del self._ordered[bisect_left(self._ordered, self._recent[self._next])]
            self._recent[self._next] = value
            self._next = (self._next + 1) % _WINDOW
        insort(self._ordered, value)
        return distance

    def _distance(self, value: float) -> float:
        ordered = self._ordered
        last = len(ordered) - 1
        centre = 0.5 * (ordered[last >> 1] + ordered[(last + 1) >> 1])
        scale = max(
            (ordered[3 * last // 4] - ordered[last // 4]) / _QUARTERS,
            (ordered[19 * last // 20] - ordered[last // 20]) / _TWENTIETHS,
            self.share * abs(centre),
        )
        gap = value - centre
        if scale <= 0.0:
            return FLAT if gap > 0.0 else -FLAT if gap < 0.0 else 0.0
        return max(-MAX_MAGNITUDE, min(MAX_MAGNITUDE, gap / scale))

    def dump(self) -> Any:
        """The state, as what msgspec can encode: the samples from the oldest on."""
        return [*self._recent[self._next :], *self._recent[: self._next]]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._recent, self._next = array("d", state), 0
        self._ordered = array("d", sorted(state))
