"""The pace of one cluster, and the two signs that something new begins: a surge, and old age.

A cluster that lives by time alone would take in the next fault as well. A **surge** is far more alerts in ten seconds
than the cluster's own pace explains: `x` expected `mu`, with a log-likelihood ratio of `(x ln(x/mu) - (x - mu)) / phi`
for Poisson counts that vary `phi` times as much as chance, set against the odds that something begins in those ten
seconds. A cluster that is too young or too small for a pace of its own takes the surge as its ramp. **Old age**: in its
life something new was to be expected, at the learned rate of onsets.

Cost: an exponential and some twenty additions an alert. Memory: nine numbers a cluster.
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
# Counts vary twice as much as chance until measured; the guess is worth a hundred active seconds.
START_DISPERSION: Final = 2.0
START_WEIGHT_S: Final = 100.0
# A level below this is too few counts to divide by.
MIN_LEVEL: Final = 0.1
# A pause counts as so many mean gaps at most, and no less than so many of these seconds: it must not become the rhythm.
MAX_GAPS: Final = 10.0
GAP_FLOOR_S: Final = 5.0
# Something new was to be expected in the life of a cluster: with a probability of .6 (1 - e^-.9). At .7 faults that
# start up slowly are cut (Kubernetes -.016), at 1.1 overlapping ones fall together.
MAX_ONSETS: Final = 0.9
# The mean gap never reacts more slowly than to its last twenty.
MIN_STEP: Final = 0.05


@state(acyclic=True)
class Pace:
    """The rate of alerts of a cluster, since `base_at`; `since` is the start of its present phase.

    `gap_s` is the mean gap between its active seconds. `area` and `power` are the integrals, over `active_s`, of the
    count of about ten seconds and of its square: exact, as a count that is only looked at when an alert comes is seen
    in its troughs. `turns` are the ten-second spans in which streams of the cluster fired, one each.
    """

    base_at: float
    since: float
    base_count: int = 0
    active_s: float = 0.0
    gap_s: float = START_GAP_S
    ticks: int = 0
    area: float = 0.0
    power: float = 0.0
    turns: int = 0

    def follow(self, before: float, ts: float, count: float) -> None:
        """Take in an alert at `ts`.

        `before` is the time of the one before, `count` the surge counter at that time. What passed before the present
        phase is no part of the pace.
        """
        gap = ts - before
        self.base_count += 1
        if gap <= 0.0 or before < self.since:
            return
        if int(ts) != int(before):
            self.ticks += 1
            step = 1.0 / (self.ticks + 1)
            most = MAX_GAPS * (self.gap_s if self.gap_s > GAP_FLOOR_S else GAP_FLOOR_S)
            self.gap_s += ((gap if gap < most else most) - self.gap_s) * (step if step > MIN_STEP else MIN_STEP)
        active = gap if gap < MAX_PAUSE_S else MAX_PAUSE_S
        self.active_s += active
        kept = exp(-active / SURGE_S)
        self.area += count * SURGE_S * (1.0 - kept)
        self.power += count * count * 0.5 * SURGE_S * (1.0 - kept * kept)

    def begin(self, ts: float) -> None:
        """Begin a new phase: the cluster's pattern has returned, and its age and its pace count from here."""
        self.since = ts
        self._rebase(ts)

    def parted(self) -> Pace:
        """Return what a part of the cluster knows of its pace: the mean gap, and the age."""
        part = Pace()
        part.base_at, part.since, part.gap_s, part.ticks = self.base_at, self.since, self.gap_s, self.ticks
        return part

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`."""
        self.base_at, self.since = min(self.base_at, now), min(self.since, now)

    def usual(self) -> float:
        """Return the number of alerts in ten seconds at this pace."""
        return SURGE_S * self.base_count / (self.active_s if self.active_s > SURGE_S else SURGE_S)

    def surges(self, count: float, ts: float, rate: float, returns: bool) -> bool:
        """Return True if an alert at `ts` begins something new.

        `count` alerts came in about the last ten seconds before it. `returns`: a stream that the cluster knows, after a
        long silence. This may re-base the pace.
        """
        if ts - self.base_at < MIN_AGE_S or not self.base_count:
            return False
        seen = count + 1.0
        expected = self.usual()
        if seen <= FACTOR * expected + EXTRA:
            return False
        gain = (seen * log(seen / expected) - (seen - expected)) / self._dispersion()
        if gain <= -log(rate * SURGE_S) - LENIENCE:
            return False
        if self.base_count < MIN_ALERTS or returns:
            self._rebase(ts)
            return False
        return True

    def _dispersion(self) -> float:
        """Return the variance of the count per mean, at least 1; an exponential kernel halves it."""
        level = self.area / self.active_s if self.active_s > 0.0 else 0.0
        spread = self.power / self.active_s - level * level if self.active_s > 0.0 else 0.0
        guess = START_WEIGHT_S * (level if level > MIN_LEVEL else MIN_LEVEL)
        measured = 2.0 * spread * self.active_s if spread > 0.0 else 0.0
        found = (measured + START_DISPERSION * guess) / (level * self.active_s + guess)
        return found if found > 1.0 else 1.0

    def _rebase(self, ts: float) -> None:
        self.base_at, self.base_count, self.active_s, self.area, self.power = ts, 0, 0.0, 0.0, 0.0
