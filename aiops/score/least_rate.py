"""The least rate that outcomes permit, by a bound that may be read after each of them.

It is that of a confidence sequence by the method of mixtures (H. Robbins, "Statistical methods related to the law of
the iterated logarithm", Annals of Mathematical Statistics 41, 1970): a rate p is excluded once the mean likelihood of
the outcomes under Beta(9, 1) is 1/alpha times that under p. A bound for a fixed number of outcomes must not be read so.
`alpha` is divided by the five things of which a run without a person may need a bound: four kinds of suspects, and the
decisions that nothing else refuses.
"""

from __future__ import annotations

from math import inf, lgamma, log
from typing import Final

# Enough for a bound of .95, few enough to follow a system that changes.
MAX_OUTCOMES: Final = 256
# The mixture has its mean where a run is decided by default, at .9.
HITS, MISSES = 9.0, 1.0
ALPHA: Final = 0.05 / 5
# Below, no bound is of use, and none is stated.
MIN_OUTCOMES: Final = 10


def lower(hits: int, misses: int) -> float:
    """Return the lower bound of a rate.

    >>> lower(65, 0), lower(30, 0), lower(95, 5)
    (0.901891, 0.816782, 0.841199)
    """
    mixed = _beta(hits + HITS, misses + MISSES) - _beta(HITS, MISSES)
    low, high = 0.0, hits / max(hits + misses, 1)
    for _ in range(40):
        rate = (low + high) / 2
        likely = (hits * log(rate) if hits else 0.0) + (misses * log(1 - rate) if misses else 0.0) if rate else -inf
        if mixed - likely >= -log(ALPHA):
            low = rate
        else:
            high = rate
    return round(low, 6)


def _beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
