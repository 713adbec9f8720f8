"""The rule of promotion: measured beside what serves, on confirmed outcomes, or no recommendation.

Differences are paired by incident; their interval is a bootstrap over incidents (Efron and Tibshirani 1993,
percentile), drawn by `aiops.training.paired`. The rule:

1. With fewer than `MIN_OUTCOMES` confirmed outcomes after both models learned there is no recommendation.
2. Better: the interval of the deciding measure lies above 0, and no other measure is worse.
3. Worse: the interval of any measure lies below 0.
4. As good: else, if the mean is not below the incumbent's, a model that is simpler or newer is recommended.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from aiops.wording import plural

# With fewer, one incident moves a share by more than a tenth.
MIN_OUTCOMES = 10


class Paired(Struct, frozen=True):
    """One measure of two models on the same outcomes; `low` and `high` bound the mean difference at 95 %."""

    measure: str
    cases: int
    candidate: float
    incumbent: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """Return the mean difference, above 0 if the candidate is better."""
        return self.candidate - self.incumbent


class Verdict(Struct, frozen=True):
    """True recommends a promotion, False advises against it, None is no recommendation."""

    verdict: bool | None
    reason: str


class Beside(Struct, frozen=True):
    """The other model: its name, and the advantages of the candidate that no measure shows."""

    name: str
    is_newer: bool = False
    is_simpler: bool = False


def judge(measures: Sequence[Paired], beside: Beside) -> Verdict:
    """Apply the rule; the first measure decides.

    >>> judge([Paired("top1", 20, 0.6, 0.4, 0.05, 0.35)], Beside("causes-1")).reason
    'top1 0.600 beside 0.400 of causes-1 (+0.200, 95 % 0.050 to 0.350, 20 judged outcomes): better'
    """
    cases = measures[0].cases if measures else 0
    if cases < MIN_OUTCOMES:
        seen = plural(cases, "judged outcome")
        return Verdict(None, f"{seen} that neither model learned from: no recommendation below {MIN_OUTCOMES}")
    first = measures[0]
    worse = next((one for one in measures if one.high < 0), None)
    if worse is not None:
        return Verdict(False, f"{_text(worse, beside)}: worse")
    if first.low > 0:
        return Verdict(True, f"{_text(first, beside)}: better")
    if first.difference < 0:
        return Verdict(False, f"{_text(first, beside)}: not as good")
    if beside.is_simpler or beside.is_newer:
        return Verdict(True, f"{_text(first, beside)}: as good, and {'simpler' if beside.is_simpler else 'newer'}")
    return Verdict(False, f"{_text(first, beside)}: not better, and neither simpler nor newer")


def _text(one: Paired, beside: Beside) -> str:
    return (
        f"{one.measure} {one.candidate:.3f} beside {one.incumbent:.3f} of {beside.name} ({one.difference:+.3f}, 95 % "
        f"{one.low:.3f} to {one.high:.3f}, {plural(one.cases, 'judged outcome')})"
    )
