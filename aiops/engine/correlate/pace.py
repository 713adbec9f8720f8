"""The pace of one cluster, and the two signs that something new begins: a surge, and old age.

A cluster that lives by time alone would take in the next fault as well. A **surge** is far more alerts in ten seconds
than the cluster's own pace explains: `x` expected `mu`, with a log-likelihood ratio of `(x ln(x/mu) - (x - mu)) / phi`
for Poisson counts that vary `phi` times as much as chance, set against the odds that something begins in those ten
seconds. A cluster that is too young or too small for a pace of its own takes the surge as its ramp. **Old age**: in its
life something new was to be expected, at the learned rate of onsets.

Cost: an exponential and some twenty additions an alert. Memory: eight numbers a cluster.
"""

from __future__ import annotations

from math import exp, log
from typing import Final

from aiops.engine.correlate.onset_rate import START_GAP_S
from aiops.engine.fields import state

# The surge counter of `Cluster` fades with this time constant.
SURGE_S: Final = 10.0
# Younger clusters are still ramping up, and smaller ones have no pace: a surge of theirs re-bases the pace.
MIN_AGE_S: Final = 150.0
MIN_ALERTS: Final = 40
# A surge is at least so many times the pace and so many alerts more: a quick test before the likelihood.
FACTOR: Final = 1.5
EXTRA: Final = 3.0
# In nats, what a surge may fall short of the odds of something new: both ways of being wrong cost a page.
LENIENCE: Final = 4.0
# A known stream that returns after so long a silence is the old story in its next round.
RETURN_S: Final = 180.0
# Pauses longer than this are no part of the active time, over which the pace is taken.
MAX_PAUSE_S: Final = 40.0
# Counts vary twice as much as chance until measured; worth ten counts of ten seconds.
START_DISPERSION: Final = 2.0
START_WEIGHT: Final = 10.0
LEVEL_MEMORY_S: Final = 3600.0
MAX_LEVEL_WEIGHT: Final = 200.0
# Something new was to be expected in the life of a cluster: with a probability of one half (1 - e^-.7).
MAX_ONSETS: Final = 0.7
# The mean gap never reacts more slowly than to its last twenty.
MIN_STEP: Final = 0.05


@state(acyclic=True)
class Pace:
    """The rate of alerts of a cluster, since `base_at`.

    `gap_s` is the mean gap between its active seconds; `level` and `spread` are mean and variance of the count of about
    ten seconds, `weight` the amount of data behind them.
    """

    base_at: float
    base_count: int = 0
    active_s: float = 0.0
    gap_s: float = START_GAP_S
    ticks: int = 0
    level: float = 0.0
    spread: float = 0.0
    weight: float = 0.0

    def follow(self, before: float, ts: float, count: float) -> None:
        """Take in an alert at `ts`.

        `before` is the time of the one before, `count` the surge counter without it.
        """
        gap = ts - before
        self.base_count += 1
        if gap <= 0.0:
            return
        if int(ts) != int(before):
            self.ticks += 1
            step = 1.0 / (self.ticks + 1)
            self.gap_s += (gap - self.gap_s) * (step if step > MIN_STEP else MIN_STEP)
        self.active_s += gap if gap < MAX_PAUSE_S else MAX_PAUSE_S
        share = gap / SURGE_S if gap < SURGE_S else 1.0
        self.weight = self.weight * exp(-gap / LEVEL_MEMORY_S) + share
        step = share / (self.weight if self.weight < MAX_LEVEL_WEIGHT else MAX_LEVEL_WEIGHT)
        off = count - self.level
        self.level += step * off
        self.spread += step * (off * off - self.spread)

    def surges(self, count: float, ts: float, rate: float, returns: bool) -> bool:
        """Return True if an alert at `ts` begins something new.

        `count` alerts came in about the last ten seconds before it. `returns`: a stream that the cluster knows, after a
        long silence. This may re-base the pace.
        """
        if ts - self.base_at < MIN_AGE_S:
            return False
        seen = count + 1.0
        expected = SURGE_S * self.base_count / (self.active_s if self.active_s > SURGE_S else SURGE_S)
        if seen <= FACTOR * expected + EXTRA:
            return False
        measured = self.spread / self.level * self.weight if self.level > 0.0 else 0.0
        dispersion = (measured + START_DISPERSION * START_WEIGHT) / (self.weight + START_WEIGHT)
        gain = (seen * log(seen / expected) - (seen - expected)) / (dispersion if dispersion > 1.0 else 1.0)
        if gain <= -log(rate * SURGE_S) - LENIENCE:
            return False
        if self.base_count < MIN_ALERTS or returns:
            self.base_at, self.base_count, self.active_s = ts, 0, 0.0
            self.level, self.spread, self.weight = count, 0.0, 0.0
            return False
        return True
