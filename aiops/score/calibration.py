"""Calibration: the agreement of stated probabilities with outcomes.

Expected calibration error (Naeini et al. 2015; Guo et al. 2017): over equal bins of probability, sum of n_b/n · |share
that came true - mean probability|. A perfectly calibrated source does not score 0 on a finite sample. The error is
therefore shown with its floor: the result of chance alone (Bröcker and Smith 2007 show it as bars).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, pi, sqrt

from msgspec import Struct

# The papers use ten bins; their figures can be compared.
BINS = 10
# Above this many in a bin the exact distribution is not worth its cost: the normal one is off by less than .001.
EXACT_UP_TO = 400


class Calibration(Struct):
    """`error` and `floor` from 0 to 1, lower is better; `brier` is the mean squared error, 0 to 1."""

    cases: int
    error: float
    floor: float
    brier: float


def calibration(probabilities: Sequence[float], outcomes: Sequence[float], bins: int = BINS) -> Calibration | None:
    """Score stated probabilities against outcomes (1 or 0.

    A tie may count in part); return None without cases.

    Raise ValueError for lengths that differ and for numbers outside 0 to 1.

    >>> calibration([0.9, 0.9], [1.0, 0.0])
    Calibration(cases=2, error=0.4, floor=0.162, brier=0.41)
    """
    _check(probabilities, outcomes)
    cases = len(probabilities)
    if not cases:
        return None
    binned: dict[int, list[tuple[float, float]]] = {}
    for probability, outcome in zip(probabilities, outcomes, strict=True):
        binned.setdefault(min(int(probability * bins), bins - 1), []).append((probability, outcome))
    gaps = [abs(fsum(outcome - probability for probability, outcome in members)) for members in binned.values()]
    floors = [expected_gap([probability for probability, _ in members]) for members in binned.values()]
    brier = fsum((outcome - probability) ** 2 for probability, outcome in zip(probabilities, outcomes, strict=True))
    return Calibration(cases, round(fsum(gaps) / cases, 12), round(fsum(floors) / cases, 12), round(brier / cases, 12))


def _check(probabilities: Sequence[float], outcomes: Sequence[float]) -> None:
    if len(probabilities) != len(outcomes):
        raise ValueError(f"expected as many outcomes as probabilities, got {len(outcomes)} and {len(probabilities)}")
    for number in (*probabilities, *outcomes):
        if not 0.0 <= number <= 1.0:
            raise ValueError(f"expected numbers from 0 to 1, got {number!r}")


def expected_gap(probabilities: Sequence[float]) -> float:
    """Return E|hits - sum of probabilities| of independent events that come true as often as probability.

    Exact from the Poisson binomial distribution, O(n²), up to `EXACT_UP_TO` events, else sqrt(2·variance/pi).

    >>> expected_gap([0.5])
    0.5
    """
    centre = fsum(probabilities)
    if len(probabilities) > EXACT_UP_TO:
        return sqrt(2 * fsum(probability * (1 - probability) for probability in probabilities) / pi)
    distribution = [1.0]
    for probability in probabilities:
        shifted = [0.0, *(mass * probability for mass in distribution)]
        distribution = [miss * (1 - probability) + hit for miss, hit in zip([*distribution, 0.0], shifted, strict=True)]
    return fsum(mass * abs(hits - centre) for hits, mass in enumerate(distribution))
