"""The novelty of a sample against every value seen before, and against its time of day.

A sample's gap is its distance to the nearest value ever seen, over the range of all values: a spike higher than any
before scores, the hundredth spike of the same height does not, and neither does noise, however wild. A second gap is
taken over what is left after the usual value of this time of day (the median of the last week), which finds what is
wrong only now: noon looking like night. The larger of the two counts, the second at half weight, and only when it is
the largest of the last 100 samples: one anomaly is reported once.

The idea that what matters is novelty against prototypes, never forgotten and not a likelihood under a window, is that
of adaptive resonance (Carpenter and Grossberg 1987), whose ARTime leads the Numenta benchmark; in one dimension the
nearest prototype is a binary search. Benchmark: `python -m benchmarks.accuracy.nab`.

Cost: about 3 µs a sample. Memory: at most `_MAX_PLACES` numbers for each gap, 336 for the week: about 14 KB a series.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import deque
from typing import Any

# A value nearer than this share of the range to one already kept adds nothing: 500 places cover the range.
_GRAIN = 0.002
# The range may have grown since places were kept. They are then finer than needed, and are thinned.
_MAX_PLACES = 1024
# One glitch must not blind the detector for ever by stretching the range: the range counts at most as 20 deviations.
_MAX_RANGE = 20.0
# The score of leaving a series that was constant; any scale is arbitrary there.
_CONSTANT = 50.0
# The day in 48 half hours, a week of each: enough to take a median from, short enough to follow the seasons.
_SLOTS, _DAYS, _DAY_S = 48, 7, 86_400
# What the daily gap weighs: unusual for the hour is less of an anomaly than never seen. .3 to .7 do as well.
_DAILY_WEIGHT = 0.5
# Samples in which a lower score than the largest one is the same anomaly; 50 to 200 do as well.
_QUIET = 100
# Below this many samples everything is new.
_WARM = 50


class Places:
    """The values seen, no two nearer than the grain; `gap` is O(log places).

    >>> places = Places()
    >>> [round(places.gap(value), 2) for value in (0.0, 10.0, 4.0, 4.0, 20.0)]
    [0.0, 50.0, 0.4, 0.0, 1.0]
    """

    __slots__ = ("count", "mean", "spread", "values")

    def __init__(self) -> None:
        self.values: array[float] = array("d")
        self.count = 0
        self.mean = 0.0
        self.spread = 0.0  # Σ (value − mean)², by Welford's recurrence

    def gap(self, value: float) -> float:
        """The distance from `value` to the nearest place, over the range.

        Then `value` is a place as well. 0 to 50.
        """
        values = self.values
        gap = 0.0
        at = bisect_left(values, value)
        if self.count:
            above = values[at] - value if at < len(values) else math.inf
            below = value - values[at - 1] if at else math.inf
            distance = min(above, below)
            span = values[-1] - values[0]
            if distance > 0.0:
                scale = min(span, _MAX_RANGE * math.sqrt(self.spread / self.count))
                gap = min(_CONSTANT, distance / scale) if scale > 0.0 else _CONSTANT
            if distance > _GRAIN * span:
                self._keep(at, value)
        else:
            values.append(value)
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self.spread += step * (value - self.mean)
        return gap

    def _keep(self, at: int, value: float) -> None:
        self.values.insert(at, value)
        if len(self.values) <= _MAX_PLACES:
            return
        grain = _GRAIN * (self.values[-1] - self.values[0])
        kept = array("d", self.values[:1])
        for place in self.values[1:-1]:
            if place - kept[-1] > grain:
                kept.append(place)
        kept.append(self.values[-1])
        self.values = kept

    def dump(self) -> Any:
        """The state, as what msgspec can encode."""
        return [list(self.values), self.count, self.mean, self.spread]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        values, self.count, self.mean, self.spread = state
        self.values = array("d", values)


class Day:
    """The usual value of each half hour of the day (UTC): the median of its means in the last seven days."""

    __slots__ = ("count", "means", "slot", "total", "usual")

    def __init__(self) -> None:
        self.means: dict[int, array[float]] = {}
        self.slot = -1
        self.total = 0.0
        self.count = 0
        self.usual: float | None = None

    def rest(self, ts: float, value: float) -> float:
        """Return the rest of `value` after the usual one; 0 on the first day."""
        slot = int(ts % _DAY_S) * _SLOTS // _DAY_S
        if slot != self.slot:
            self._turn(slot)
        self.total += value
        self.count += 1
        return 0.0 if self.usual is None else value - self.usual

    def _turn(self, slot: int) -> None:
        if self.count:
            held = self.means.setdefault(self.slot, array("d"))
            held.append(self.total / self.count)
            if len(held) > _DAYS:
                del held[0]
        self.slot, self.total, self.count = slot, 0.0, 0
        self.usual = None
        if slot in self.means:
            ordered = sorted(self.means[slot])
            middle = len(ordered) >> 1
            self.usual = ordered[middle] if len(ordered) & 1 else 0.5 * (ordered[middle - 1] + ordered[middle])

    def dump(self) -> Any:
        """The state, as what msgspec can encode."""
        means = [[slot, list(held)] for slot, held in self.means.items()]
        return [means, self.slot, self.total, self.count, self.usual]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        means, self.slot, self.total, self.count, self.usual = state
        self.means = {slot: array("d", held) for slot, held in means}


class Novelty:
    """The detector of one series; `score` once a sample, in time order."""

    __slots__ = ("_daily", "_day", "_places", "_recent", "level", "seen", "side")

    def __init__(self) -> None:
        self.seen = 0
        self.level = 0.0  # of the last sample, whether or not it was reported before
        self.side = 1  # of the last score: 1 above what is usual, -1 below
        self._places = Places()
        self._daily = Places()
        self._day = Day()
        # Sample numbers and scores, falling: the first is the largest of the last `_QUIET` samples.
        self._recent: deque[tuple[int, float]] = deque()

    def score(self, ts: float, value: float) -> float:
        """0 to 50, 0 for what is not news.

        Shares of the range seen: .02 is worth an alert. `value` must be finite.
        """
        gap = self._places.gap(value)
        rest = self._day.rest(ts, value)
        daily = _DAILY_WEIGHT * self._daily.gap(rest)
        self.side = 1 if (rest if daily > gap else value - self._places.mean) > 0.0 else -1
        self.seen += 1
        if self.seen <= _WARM:
            return 0.0
        self.level = max(gap, daily)
        return self._news(self.level)

    def _news(self, score: float) -> float:
        recent = self._recent
        while recent and recent[0][0] < self.seen - _QUIET:
            recent.popleft()
        news = not recent or score > recent[0][1]
        while recent and recent[-1][1] <= score:
            recent.pop()
        recent.append((self.seen, score))
        return score if news else 0.0

    def dump(self) -> Any:
        """The state, as what msgspec can encode."""
        return [self.seen, self._places.dump(), self._daily.dump(), self._day.dump(), list(self._recent), self.side]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.seen = state[0]
        self._places.load(state[1])
        self._daily.load(state[2])
        self._day.load(state[3])
        self._recent = deque((number, score) for number, score in state[4])
        self.side = state[5]
