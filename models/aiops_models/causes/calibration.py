"""Calibrated probabilities: an online Platt map from scores to "this is the root", per system.

The first candidate's share in a softmax over scores is mapped by `p = sigmoid(a logit(share) + b)` (Platt 1999). The
two numbers start at a = 1, b = 0 and are held there by Gaussian priors of strength 4 and .5, because how far scores can
be trusted does not carry over from one system to another; each confirmed outcome refits them (Newton steps on the last
`MAX_OUTCOMES`). Earlier statements are kept with each outcome: the calibration error is measured on predictions, never
on what was fitted. Sets of suspects are promised by counts, not by these numbers: see `promised_sets`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

# Before this many outcomes a percentage would pretend to knowledge: low, medium, high are shown.
MIN_OUTCOMES = 10
# Outcomes that the map is fitted on: enough to hold two numbers steady, few enough to follow a system that changes.
MAX_OUTCOMES = 256
PRIOR_A, STRENGTH_A = 1.0, 4.0
PRIOR_B, STRENGTH_B = 0.0, 0.5
NEWTON_STEPS = 8
MAX_STEP = 1.0
# Shares this close to 0 or 1 carry no more information; their logit would dominate the fit.
EDGE = 1e-4
BINS = 10


class Outcome(Struct, array_like=True):
    """A confirmed incident: logit of the first candidate, was it the root, and what was stated."""

    logit: float
    hit: bool
    stated: float


class Calibration:
    """The map, and how well it has done."""

    def __init__(self) -> None:
        """Start with the prior map and no outcomes."""
        self.a, self.b = PRIOR_A, PRIOR_B
        self._outcomes: deque[Outcome] = deque(maxlen=MAX_OUTCOMES)
        self.count = 0
        # Outcomes whose root was not first, and of these those whose root was nowhere among the candidates.
        self._wrong = self._absent = 0
        # The report since the last outcome: each ranking reads it, and outcomes are rare.
        self._report: dict[str, Any] | None = None

    @property
    def ready(self) -> bool:
        """Return True if probabilities may be shown."""
        return self.count >= MIN_OUTCOMES

    def probabilities(self, scores: Sequence[float]) -> list[float]:
        """Return the probability of each candidate, given all scores; the rest is for none of them.

        The map covers the first; what it leaves is shared by the others as the softmax has it, but for the part in
        which, so far, none of them was the root.
        """
        if not scores:
            return []
        first, *others = shares(scores)
        stated = _sigmoid(self.a * _logit(first) + self.b)
        rest = (1 - stated) * (1 - (self._absent + 1) / (self._wrong + 2))
        return [stated, *(rest * share / max(1 - first, EDGE) for share in others)]

    def learn(self, scores: Sequence[float], place: int | None) -> None:
        """Learn from an outcome: `place` of the root among the scores (0 is first), None if it is not there."""
        if not scores:
            return
        stated = self.probabilities(scores)
        hit = place == 0
        self._outcomes.append(Outcome(_logit(shares(scores)[0]), hit, stated[0]))
        self.count += 1
        self._wrong += not hit
        self._absent += place is None
        self._fit()
        self._report = None

    def report(self) -> dict[str, Any]:
        """Return the record of stated probabilities, over outcomes after the first `MIN_OUTCOMES`.

        `error` is the expected calibration error over ten equal bins, `floor` that of a perfect map on so few outcomes;
        both None before there are any. Of the last `kept` outcomes, `hits` are those whose root was ranked first;
        `needed` outcomes make probabilities. `last` is whether the last root was ranked first,
        and `last_stated` the probability that was stated for it, None if none was.
        """
        if self._report is None:
            self._report = self._reported()
        return dict(self._report)

    def _reported(self) -> dict[str, Any]:
        # The ring may have lost the first ones; those that were stated too early are at its left end.
        early = max(MIN_OUTCOMES - (self.count - len(self._outcomes)), 0)
        shown = list(self._outcomes)[early:]
        report: dict[str, Any] = {"outcomes": self.count, "measured_on": len(shown), "a": self.a, "b": self.b}
        report["needed"], report["kept"] = MIN_OUTCOMES, len(self._outcomes)
        report["hits"] = sum(o.hit for o in self._outcomes)
        report["error"], report["floor"] = _error(shown), _floor(shown)
        report["last"] = self._outcomes[-1].hit if self._outcomes else None
        # The last one was stated if enough outcomes came before it.
        report["last_stated"] = self._outcomes[-1].stated if self.count > MIN_OUTCOMES else None
        return report

    def dump(self) -> Any:
        """Plain data."""
        rows = [[o.logit, o.hit, o.stated] for o in self._outcomes]
        counts = [self.count, self._wrong, self._absent]
        return {"outcomes": rows, "counts": counts, "a": self.a, "b": self.b}

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._outcomes = deque((Outcome(*row[:3]) for row in state["outcomes"]), maxlen=MAX_OUTCOMES)
        self.count, self._wrong, self._absent = state["counts"]
        self.a, self.b = state["a"], state["b"]
        self._report = None

    def _fit(self) -> None:
        """Maximum a posteriori by Newton's method from the last map.

        The problem is convex and two-dimensional.
        """
        for _ in range(NEWTON_STEPS):
            ga, gb = STRENGTH_A * (self.a - PRIOR_A), STRENGTH_B * (self.b - PRIOR_B)
            haa, hab, hbb = STRENGTH_A, 0.0, STRENGTH_B
            for outcome in self._outcomes:
                p = _sigmoid(self.a * outcome.logit + self.b)
                residual, curve = p - outcome.hit, p * (1 - p)
                ga, gb = ga + residual * outcome.logit, gb + residual
                haa, hab, hbb = haa + curve * outcome.logit**2, hab + curve * outcome.logit, hbb + curve
            det = haa * hbb - hab * hab
            # Far from the optimum the curvature is nearly nothing and a full step would leave for ever.
            self.a -= min(max((hbb * ga - hab * gb) / det, -MAX_STEP), MAX_STEP)
            self.b -= min(max((haa * gb - hab * ga) / det, -MAX_STEP), MAX_STEP)


def shares(scores: Sequence[float]) -> list[float]:
    """Each candidate's share in a softmax over the scores."""
    top = max(scores, default=0.0)
    weights = [math.exp(score - top) for score in scores]
    whole = sum(weights)
    return [weight / whole for weight in weights]


def _error(outcomes: Sequence[Outcome]) -> float | None:
    if not outcomes:
        return None
    gaps = [abs(sum(o.hit for o in some) - sum(o.stated for o in some)) for some in _binned(outcomes)]
    return sum(gaps) / len(outcomes)


def _floor(outcomes: Sequence[Outcome]) -> float | None:
    """Expected error of a perfect map: E|hits - expected| of a bin is about sqrt(2 variance / pi)."""
    if not outcomes:
        return None
    variances = [sum(o.stated * (1 - o.stated) for o in some) for some in _binned(outcomes)]
    return sum(math.sqrt(2 * variance / math.pi) for variance in variances) / len(outcomes)


def _binned(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    bins: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        bins.setdefault(min(int(outcome.stated * BINS), BINS - 1), []).append(outcome)
    return list(bins.values())


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _logit(p: float) -> float:
    held = min(max(p, EDGE), 1 - EDGE)
    return math.log(held / (1 - held))
