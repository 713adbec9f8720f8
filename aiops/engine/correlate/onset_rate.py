"""The rate at which something new begins in this system, learned from the stream.

Continuing is weighed against it.

A cluster continues, in nats, by `-ln(rate * m) - 2 ln(1 + s / (3 max(m, 5 s)))`: the odds of one more alert after a
silence of `s` seconds, with a mean gap of `m` between its active seconds, against the rate at which new stories begin.
The rate is counted where it can be known without labels: the alert that ends a silence of the whole system begins
something new as far as nothing explains it, and a surge that cuts a cluster does. Openings are not counted: each piece
of a story that fell apart would make the next piece more likely.

Where alerts come like chance (hardly any gap far below the mean, as in a Poisson stream), closeness is no evidence, and
the rate moves towards that of the alerts themselves. Gaps below a tenth of the mean: 9.5 % of a Poisson stream, 30 %
and more of the recorded streams.

A stream that ticks like a clock has no such gaps at all, and a storm of some minutes may look like chance: neither is.

Cost: a few additions an alert. Memory: eight numbers.
"""

from __future__ import annotations

from math import exp, log
from typing import Any, Final

# Before anything is known: one new thing in ten minutes. An hour is a little worse on dense streams; either is
# forgotten within the first hours.
START_S: Final = 600.0
# Systems change from week to week.
MEMORY_S = 5 * 86_400.0
# After so long a silence of the whole system the next alert is likely something new.
QUIET_S: Final = 120.0
# Gaps remembered, about.
GAPS: Final = 256.0
# A stream is bursty when this share of its gaps is shorter than a tenth of the mean, and like chance below the other.
CHANCE_SHARE: Final = 0.15
BURSTY_SHARE: Final = 0.25
# Hardly any such gap is a clock's beat, as of one sender that reports a list: 256 gaps of a Poisson stream show fewer
# than 6 % once in fifty times.
BEAT_SHARE: Final = 0.03
LEAST_SHARE: Final = 0.06
# Faster than once a second is a storm, unless it has been so for this long: then it is a large estate.
DENSE_GAP_S: Final = 1.0
DENSE_S: Final = 600.0
# The mean gap between a cluster's active seconds before the second, and the least that is trusted, in seconds.
START_GAP_S: Final = 15.0
MIN_GAP_S: Final = 1.0
# Silence counts from three times this on: alerts are evaluated every few seconds at best.
SILENCE_FLOOR_S: Final = 5.0
SILENCE_WEIGHT: Final = 2.0


class Onsets:
    """The learned rate at which something new begins (1/s).

    >>> onsets = Onsets()
    >>> onsets.observe(0.0)
    >>> onsets.observe(600.0)
    >>> onsets.silence_ended(-20.0)
    >>> round(1 / onsets.rate())
    600
    """

    __slots__ = ("bursty", "dense_from", "elapsed_s", "found", "gap_s", "is_alone", "last", "quiet_s")

    def __init__(self, is_alone: bool = True) -> None:
        """Start with no rate.

        `is_alone`: no dependency graph shows what is near, and time must recognise chance.
        """
        self.is_alone = is_alone
        self.found = 1.0
        self.elapsed_s = START_S
        self.last = -1.0
        self.quiet_s = 0.0
        self.gap_s = 0.0
        self.bursty = 0.5
        self.dense_from = -1.0

    def observe(self, ts: float) -> None:
        """Advance the time to the next alert; `ts` must not decrease."""
        if self.last < 0.0:
            self.last = ts
            return
        gap = self.quiet_s = ts - self.last
        self.last = ts
        if gap > 0.0:
            kept = exp(-gap / MEMORY_S)
            self.found *= kept
            self.elapsed_s = self.elapsed_s * kept + gap
        if self.gap_s > 0.0:
            self.bursty += ((1.0 if gap < 0.1 * self.gap_s else 0.0) - self.bursty) / GAPS
            self.gap_s += (gap - self.gap_s) / GAPS
        else:
            self.gap_s = gap
        if self.gap_s >= DENSE_GAP_S:
            self.dense_from = -1.0
        elif self.dense_from < 0.0:
            self.dense_from = ts

    def silence_ended(self, margin: float) -> None:
        """Count the alert that ended a silence.

        It is new as far as `margin`, the best score above the threshold, is low.
        """
        if self.quiet_s >= QUIET_S:
            self.found += 1.0 / (1.0 + exp(margin if margin < 50.0 else 50.0))

    def began(self) -> None:
        """Count something that began for certain, as with a surge."""
        self.found += 1.0

    def rate(self) -> float:
        """New things a second, from the state after the last `observe`."""
        rate = self.found / self.elapsed_s
        share = self._chance()
        if share <= 0.0 or self.gap_s <= 0.0 or rate * self.gap_s >= 1.0:
            return rate
        return float(rate ** (1.0 - share) * (1.0 / self.gap_s) ** share)

    def is_measured(self) -> bool:
        """Return true if the rate rests on this stream more than on what is assumed at the start."""
        return self.elapsed_s >= 2.0 * START_S

    def _chance(self) -> float:
        """Return how much the stream is like chance, 0 to 1."""
        if not self.is_alone:
            return 0.0
        if self.dense_from >= 0.0 and self.last - self.dense_from < DENSE_S:
            return 0.0
        below = (BURSTY_SHARE - self.bursty) / (BURSTY_SHARE - CHANCE_SHARE)
        above = (self.bursty - BEAT_SHARE) / (LEAST_SHARE - BEAT_SHARE)
        return max(0.0, min(1.0, below, above))

    def dump(self) -> Any:
        """The numbers, in the order of `load`."""
        first = [self.found, self.elapsed_s, self.last, self.quiet_s]
        return [*first, self.gap_s, self.bursty, self.dense_from]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.found, self.elapsed_s, self.last, self.quiet_s, self.gap_s, self.bursty, self.dense_from = state


def goes_on(rate: float, gap_s: float, silent_s: float) -> float:
    """Return how much likelier one more alert of a cluster is than something new, in nats.

    >>> round(goes_on(1 / 600, 3.0, 5.0), 1), round(goes_on(1 / 600, 3.0, 300.0), 1)
    (4.7, -0.8)
    """
    mean = gap_s if gap_s > MIN_GAP_S else MIN_GAP_S
    floor = mean if mean > SILENCE_FLOOR_S else SILENCE_FLOOR_S
    return -log(rate * mean) - SILENCE_WEIGHT * log(1.0 + silent_s / (3.0 * floor))
