"""The rate at which something new begins in this system, learned from the stream.

Continuing is weighed against it (see `scoring.pace` and `scoring.quiet`).

The rate is counted where it can be known without labels: the alert that ends a silence of the whole system begins
something new as far as nothing explains it, and a surge that cuts a cluster does. Openings are not counted: each piece
of a story that fell apart would make the next piece more likely.

Where alerts come like chance (hardly any gap far below the mean, as in a Poisson stream), closeness is no evidence, and
the rate moves towards that of the alerts themselves. Gaps below a tenth of the mean: 9.5 % of a Poisson stream, 30 %
and more of the recorded streams.

A stream that ticks like a clock has no such gaps at all, and a storm of some minutes may look like chance: neither is.

Cost: a few additions an alert. Memory: some fifteen numbers.
"""

from __future__ import annotations

from math import exp
from typing import Any, Final

# Before anything is known: one new thing in ten minutes. An hour is a little worse on dense streams; either is
# forgotten within the first hours.
START_S: Final = 600.0
# Systems change from week to week.
MEMORY_S = 5 * 86_400.0
# After so long a silence of the whole system the next alert is likely something new.
QUIET_S: Final = 120.0
# Gaps remembered, about; the guess that half of them are short weighs as much as some.
GAPS: Final = 256.0
START_GAPS: Final = 16.0
# After so many mean gaps without any, which chance brings once in e^10, the alerts are bursty; once the mean is known.
LULL: Final = 20.0
LULL_STEP: Final = 0.25
MIN_GAPS: Final = 8.0
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
# What a young cluster is worth where alerts come like chance: the share of gaps below a tenth of the mean, less that of
# chance, and never less than this: at one unrelated alert an hour, .1 puts 2.8 % of them together, this 1.5 %.
CHANCE_BELOW: Final = 0.095
MIN_TRUST: Final = 0.02
# What begins while stories continue ends no silence and is not counted. So the rate moves so far, in logarithms,
# towards the rate during silences: at 0 stories amid an alert a minute take in much of the noise, at a fifth they
# fall apart.
SILENT_SHARE: Final = 0.1
# The rate never falls to nothing by what is undone.
LEAST_FOUND: Final = 0.2
# However quiet an estate is, what its place distinguishes is weighed against one new thing in this time. At two hours,
# stories of spaced streams fall apart by .002 of F1 more, which a session gap does not do.
LEAST_RATE: Final = 1.0 / 14400.0
# The exponent of the tail of silences before any was seen, and what that guess weighs, in silences.
START_TAIL: Final = 1.0
TAIL_WEIGHT: Final = 20.0
# One sender with pauses of one length must not bend it for all: recorded systems lie between these.
MIN_TAIL: Final = 0.5
MAX_TAIL: Final = 2.0
# The mean gap between a cluster's active seconds before the second, and the least that is trusted, in seconds.
START_GAP_S: Final = 15.0
MIN_GAP_S: Final = 1.0
# Silence counts from three times this on: alerts are evaluated every few seconds at best.
SILENCE_FLOOR_S: Final = 5.0


class Onsets:
    """The learned rate at which something new begins (1/s).

    >>> onsets = Onsets()
    >>> onsets.observe(0.0)
    >>> onsets.observe(600.0)
    >>> _ = onsets.silence_ended(-20.0)
    >>> round(1 / onsets.rate())
    600
    """

    __slots__ = (
        "bursty",
        "came",
        "dense_from",
        "elapsed_s",
        "ended",
        "found",
        "gap_s",
        "gaps",
        "is_alone",
        "last",
        "quiet_s",
        "silent_s",
        "strangers",
        "tail_lengths",
        "tails",
    )

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
        # Of alerts that nothing explains: the last one, and the gaps before them.
        self.came = -1.0
        # Of silences: what began as they ended, and how long they lasted beyond the least.
        self.ended = self.silent_s = 0.0
        self.gaps = 0.0
        self.dense_from = -1.0
        self.strangers = 0.0
        self.tails = self.tail_lengths = 0.0

    def observe(self, ts: float) -> None:
        """Advance the time to the next alert; `ts` must not decrease."""
        if self.last < 0.0:
            self.last = ts
            return
        gap = self.quiet_s = ts - self.last
        self.last = ts
        if gap > 0.0:
            kept = exp(-gap / MEMORY_S)
            self.found = max(LEAST_FOUND, self.found * kept)
            self.tails *= kept
            self.tail_lengths *= kept
            self.strangers *= kept
            self.ended *= kept
            self.silent_s *= kept
            if gap > QUIET_S:
                self.silent_s += gap - QUIET_S
            self.elapsed_s = self.elapsed_s * kept + gap

    def unexplained(self, ts: float) -> None:
        """Take in the gap before an alert that nothing explains but closeness.

        What comes because a pattern has returned is no sign of chance.
        """
        gap = ts - self.came if self.came >= 0.0 else 0.0
        self.came = ts
        if self.gap_s <= 0.0:
            self.gap_s = gap
            return
        if gap > LULL * self.gap_s and self.gaps >= MIN_GAPS:
            self.bursty += LULL_STEP * (1.0 - self.bursty)
        self.gaps += 1.0
        memory = self.gaps + START_GAPS if self.gaps + START_GAPS < GAPS else GAPS
        self.bursty += ((1.0 if gap < 0.1 * self.gap_s else 0.0) - self.bursty) / memory
        self.gap_s += (gap - self.gap_s) / (self.gaps + 1.0 if self.gaps + 1.0 < GAPS else GAPS)
        if self.gap_s >= DENSE_GAP_S:
            self.dense_from = -1.0
        elif self.dense_from < 0.0:
            self.dense_from = ts

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back."""
        self.last, self.came = min(self.last, now), min(self.came, now)
        self.dense_from = min(self.dense_from, now)

    def silence_ended(self, margin: float) -> float:
        """Count the alert that ended a silence, and return how much it counted.

        It is new as far as `margin`, the best score above the threshold, is low.
        """
        if self.quiet_s < QUIET_S:
            return 0.0
        new = 1.0 / (1.0 + exp(margin if margin < 50.0 else 50.0))
        self.found += new
        self.ended += new
        return new

    def withdraw(self, counted: float) -> None:
        """Undo what counted as new and was the return of something old."""
        self.found = max(LEAST_FOUND, self.found - counted)
        self.ended = max(0.0, self.ended - counted)

    def began(self) -> None:
        """Count something that began for certain, as with a surge."""
        self.found += 1.0

    def stranger(self, share: float) -> None:
        """Count an alert that is far from all open clusters, as far as that is evidence: `share`, 0 to 1."""
        self.strangers += share

    def silence_broken(self, length: float, belongs: float) -> None:
        """Learn from a silence of a cluster that an alert ended.

        `length` is ln(silence / the least that counts), at least 0; `belongs` how likely the alert is the cluster's.
        """
        self.tails += belongs
        self.tail_lengths += belongs * length

    def tail(self) -> float:
        """Return the exponent of the tail of silences within clusters: a Pareto tail's likeliest one."""
        found = (TAIL_WEIGHT + self.tails) / (TAIL_WEIGHT / START_TAIL + self.tail_lengths)
        return max(MIN_TAIL, min(MAX_TAIL, found))

    def trust(self) -> float:
        """Return what a young cluster is worth, from .02 where alerts come like chance to 1."""
        found = (self.bursty - CHANCE_BELOW) / (1.0 - CHANCE_BELOW)
        return found if found > MIN_TRUST else MIN_TRUST

    def rate(self) -> float:
        """New things a second that look like anything else, from the state after the last `observe`."""
        return self._beside_chance(self._found())

    def rate_of_all(self) -> float:
        """New things a second, with those that their place distinguishes."""
        seen = self._found()
        return self._beside_chance((seen if seen > LEAST_RATE else LEAST_RATE) + self.strangers / self.elapsed_s)

    def _found(self) -> float:
        """Return the rate of what was counted, moved towards the rate during silences."""
        seen = self.found / self.elapsed_s
        silent = self.ended / (self.silent_s + START_S)
        return seen if seen >= silent else float(seen ** (1.0 - SILENT_SHARE) * silent**SILENT_SHARE)

    def _beside_chance(self, rate: float) -> float:
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
        first = [self.found, self.elapsed_s, self.last, self.quiet_s, self.gap_s, self.bursty, self.dense_from]
        return [*first, self.strangers, self.tails, self.tail_lengths, self.came, self.gaps, self.ended, self.silent_s]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.found, self.elapsed_s, self.last, self.quiet_s, self.gap_s, self.bursty, self.dense_from = state[:7]
        self.strangers, self.tails, self.tail_lengths, self.came, self.gaps, self.ended, self.silent_s = state[7:]
