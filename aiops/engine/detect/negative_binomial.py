"""The exact tail of a count: negative binomial, from one alert to thousands.

A Poisson count whose rate has a Gamma distribution (Gelman et al., Bayesian Data Analysis, 2.6). Pure Python, and cheap
for the most frequent cases: one alert costs two logarithms, a small count its own number of terms.
"""

from __future__ import annotations

import math
from typing import Final

# Beyond this many nats a tail is certain for all purposes, and exp(-nats) would leave the range of floats.
MAX_NATS: Final = 700.0
# The longest sum of the tail series; what is cut is added as a geometric series, which it nearly is that far out.
_MAX_TERMS: Final = 300
# Up to this count the body is summed exactly, which costs a few terms an alert; a larger count is always a tail.
_MAX_BODY: Final = 5000


def tail_nats(count: int, shape: float, mean: float) -> float:
    """Return −ln P(N ≥ count) of a negative binomial with this mean and shape; it is ≥ 0.

    For counts up to 5,000 exact to .5 %; above, a tail heavier than shape .2 is off by up to a third of 2 nats.

    >>> round(math.exp(-tail_nats(1, 1e9, 0.5)), 4)
    0.3935
    >>> tail_nats(0, 1.0, 3.0)
    0.0
    """
    if count <= 0:
        return 0.0
    if count == 1:
        # By far the most common question: 1 − P(N = 0), without loss of digits.
        at_least_one = -math.expm1(-shape * math.log1p(mean / shape))
        return -math.log(at_least_one) if at_least_one > 0.0 else MAX_NATS
    q = mean / (mean + shape)
    log_zero = -shape * math.log1p(mean / shape)
    if count <= min(_MAX_BODY, 8.0 * mean / min(1.0, shape) + 2.0):
        below = _below(count, shape, q, log_zero)
        if below < 0.999:
            return -math.log1p(-below)
    return min(MAX_NATS, -_log_tail(count, shape, q, log_zero))


def _below(count: int, shape: float, q: float, log_zero: float) -> float:
    """Return P(N < count).

    It sums as many terms as alerts came in, from 0 up, or down from the mass if 0 underflows.
    """
    if log_zero > -MAX_NATS:
        total = term = math.exp(log_zero)
        for k in range(count - 1):
            term *= q * (k + shape) / (k + 1)
            total += term
        return min(1.0, total)
    k = count - 1
    start = _log_term(k, shape, q, log_zero)
    if start < -MAX_NATS:
        # So far from the mass that the term underflows: all of it is below a large count, none below a small one.
        return 1.0 if k > shape * q / (1.0 - q) else 0.0
    total = term = math.exp(start)
    while k > 0 and term > total * 1e-12:
        term *= k / (q * (k - 1 + shape))
        k -= 1
        total += term
    return min(1.0, total)


def _log_term(k: int, shape: float, q: float, log_zero: float) -> float:
    return math.lgamma(k + shape) - math.lgamma(shape) - math.lgamma(k + 1.0) + log_zero + k * math.log(q)


def _log_tail(count: int, shape: float, q: float, log_zero: float) -> float:
    """Return ln P(N ≥ count) for a count above the mean.

    It is the first term times a series with shrinking ratio.
    """
    total = term = 1.0
    k = count
    ratio = q
    for _ in range(_MAX_TERMS):
        ratio = q * (k + shape) / (k + 1)
        term *= ratio
        total += term
        k += 1
        if term < total * 1e-10:
            break
    else:
        total += term * ratio / (1.0 - ratio) if ratio < 1.0 else 0.0
    return min(0.0, _log_term(count, shape, q, log_zero) + math.log(total))
