"""Off-policy evaluation: the value of another policy, from logged decisions and probabilities.

A decision has candidates, the probability with which the logging policy put each one first, the one that was first, and
the reward of that one. The average reward is the value of the logging policy alone. Each estimate weighs the rewards by
w = π(first)/μ(first), the probability under the wanted policy over the logged one:

- IPS: the mean of w·r. Unbiased, and wide where μ is small (Horvitz and Thompson, 1952).
- self-normalised IPS: Σ w·r / Σ w. A small bias for less variance (Swaminathan and Joachims, "The Self-Normalized
  Estimator for Counterfactual Learning", 2015); its error is that of the linearised ratio.
- doubly robust: the mean of Σ_a π(a)·q(a) + w·(r − q(first)), with q a model of the reward from earlier decisions only.
  Right if either the probabilities or the model is (Dudík, Langford and Li, "Doubly Robust Policy Evaluation and
  Learning", 2011).

Intervals are 95 %, by Student's t with the effective sample size (Σw)²/Σw² (Kish, 1965) as degrees of freedom plus one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

# A mean of fewer rewards has an interval from nearly 0 to nearly 1, and its error is no longer close to normal.
MIN_EFFECTIVE = 20.0
# The share of the wanted policy's choices that are missing in the log: their reward may be anything from 0 to 1, so
# an estimate would be off by up to this much.
MAX_UNSEEN = 0.05
# Rewards before a playbook has any: one half, which counts as four decisions, as in the suggester's own prior of 2 : 2.
PRIOR, PRIOR_WEIGHT = 0.5, 4.0
# Where all of n rewards are alike, up to 3/n of the next may still differ: no interval is narrower (Hanley and
# Lippman-Hand, "If nothing goes wrong, is everything all right?", 1983).
RULE_OF_THREE = 3.0
_NORMAL_975 = 1.959964


class Decision(Struct, gc=False):
    """One logged decision.

    `candidates`, `propensities` (0 to 1, they sum to 1) and `scores` (without the random part) are parallel. `first` is
    the position of the candidate that was first, `reward` (0 to 1) what came of it. `context` is what rewards are
    learned by, such as the leading alert.
    """

    id: str
    context: str
    candidates: list[str]
    propensities: list[float]
    scores: list[float]
    first: int
    reward: float


# The probability of each candidate to come first; less than 1 in sum if the policy would choose another.
Policy = Callable[[Decision], Sequence[float]]


class Estimate(Struct):
    """A value (0 to 1) with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float


class Evaluation(Struct):
    """The value of a policy on logged decisions.

    `effective` is the effective sample size, `unseen` the share of the policy's choices that were never possible in the
    log. `estimates` is empty if the log has too little of it, with the reason in `refused`. `gain` is the paired
    difference to the logging policy (doubly robust).
    """

    decisions: int
    effective: float
    unseen: float
    logged: float
    estimates: list[Estimate] = []
    gain: Estimate | None = None
    refused: str = ""


def logging(decision: Decision) -> Sequence[float]:
    """Return the probabilities of the policy that logged the decision."""
    return decision.propensities


def greedy(decision: Decision) -> Sequence[float]:
    """Return 1 for the candidate with the best score without the random part, the first of equal ones."""
    best = max(range(len(decision.scores)), key=lambda place: (decision.scores[place], -place))
    return [float(place == best) for place in range(len(decision.scores))]


def evaluate(decisions: Sequence[Decision], policy: Policy) -> Evaluation:
    """Estimate the value of a policy; refuse where too little of it is in the log."""
    wanted = [policy(decision) for decision in decisions]
    weights = [
        chances[decision.first] / decision.propensities[decision.first]
        for decision, chances in zip(decisions, wanted, strict=True)
    ]
    made = Evaluation(len(decisions), effective_size(weights), _unseen(decisions, wanted), _mean(_rewards(decisions)))
    made.refused = _refusal(made)
    if not made.refused:
        terms = doubly_robust_terms(decisions, wanted, weights)
        made.estimates = [
            _by_mean("IPS", [w * one.reward for w, one in zip(weights, decisions, strict=True)], made.effective),
            self_normalised(weights, _rewards(decisions), made.effective),
            _by_mean("doubly robust", terms, made.effective),
        ]
        gains = [term - one.reward for term, one in zip(terms, decisions, strict=True)]
        made.gain = _by_mean("gain", gains, made.effective, lowest=-1.0)
    return made


def effective_size(weights: Sequence[float]) -> float:
    """Return the number of equally weighted decisions that are worth as much (Kish).

    >>> effective_size([1.0, 1.0, 1.0, 0.0])
    3.0
    """
    squares = math.fsum(weight * weight for weight in weights)
    return math.fsum(weights) ** 2 / squares if squares else 0.0


def self_normalised(weights: Sequence[float], rewards: Sequence[float], effective: float) -> Estimate:
    """Return the ratio estimate, with the error of the linearised ratio."""
    total = math.fsum(weights)
    value = math.fsum(w * r for w, r in zip(weights, rewards, strict=True)) / total
    error = math.sqrt(math.fsum((w * (r - value)) ** 2 for w, r in zip(weights, rewards, strict=True))) / total
    return _interval("self-normalised IPS", value, error, effective)


def doubly_robust_terms(
    decisions: Sequence[Decision], wanted: Sequence[Sequence[float]], weights: Sequence[float]
) -> list[float]:
    """Return a term for each decision; their mean is the estimate.

    The reward model has seen the decisions before only, so a term is unbiased even if the model is wrong.
    """
    model = RewardModel()
    terms = []
    for decision, chances, weight in zip(decisions, wanted, weights, strict=True):
        guesses = [model.guess(name, decision.context) for name in decision.candidates]
        # What the policy would choose beside the candidates has no model: the prior, as for a new playbook.
        outside = max(0.0, 1.0 - math.fsum(chances)) * PRIOR
        direct = math.fsum(chance * guess for chance, guess in zip(chances, guesses, strict=True)) + outside
        terms.append(direct + weight * (decision.reward - guesses[decision.first]))
        model.learn(decision.candidates[decision.first], decision.context, decision.reward)
    return terms


class RewardModel:
    """Mean rewards by (candidate, context), drawn towards the candidate's own, and that towards one half."""

    def __init__(self) -> None:
        self._here: dict[tuple[str, str], list[float]] = {}
        self._all: dict[str, list[float]] = {}

    def guess(self, name: str, context: str) -> float:
        """Return the expected reward, 0 to 1."""
        good, count = self._all.get(name, (0.0, 0.0))
        overall = (good + PRIOR_WEIGHT * PRIOR) / (count + PRIOR_WEIGHT)
        good, count = self._here.get((name, context), (0.0, 0.0))
        return (good + PRIOR_WEIGHT * overall) / (count + PRIOR_WEIGHT)

    def learn(self, name: str, context: str, reward: float) -> None:
        """Count a reward."""
        for counts in (self._all.setdefault(name, [0.0, 0.0]), self._here.setdefault((name, context), [0.0, 0.0])):
            counts[0] += reward
            counts[1] += 1.0


def _refusal(made: Evaluation) -> str:
    if not made.decisions:
        return "no decision has both a suggestion and an outcome of it"
    if made.unseen > MAX_UNSEEN:
        return (
            f"in {made.unseen:.0%} of its choices it takes a playbook that never had a chance to come first in the log "
            f"(at most {MAX_UNSEEN:.0%})"
        )
    if made.effective < MIN_EFFECTIVE:
        return f"the log is worth {made.effective:.1f} decisions of this policy (at least {MIN_EFFECTIVE:.0f})"
    return ""


def _unseen(decisions: Sequence[Decision], wanted: Sequence[Sequence[float]]) -> float:
    """Return the share of the wanted choices to which the log gave no chance."""
    if not decisions:
        return 0.0
    seen = (
        math.fsum(chance for chance, logged in zip(chances, decision.propensities, strict=True) if logged > 0.0)
        for decision, chances in zip(decisions, wanted, strict=True)
    )
    return max(0.0, 1.0 - math.fsum(seen) / len(decisions))


def _by_mean(name: str, terms: Sequence[float], effective: float, lowest: float = 0.0) -> Estimate:
    mean = _mean(terms)
    spread = math.fsum((term - mean) ** 2 for term in terms) / max(1, len(terms) - 1)
    return _interval(name, mean, math.sqrt(spread / len(terms)), effective, lowest)


def _interval(name: str, value: float, error: float, effective: float, lowest: float = 0.0) -> Estimate:
    reach = max(student_975(effective - 1.0) * error, RULE_OF_THREE / effective)
    value = min(1.0, max(lowest, value))
    return Estimate(name, value, max(lowest, value - reach), min(1.0, value + reach))


def student_975(freedom: float) -> float:
    """Return the 97.5 % quantile of Student's t, from 5 degrees of freedom on within .01.

    Expansion around the normal quantile: Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.5.

    >>> round(student_975(10), 2), round(student_975(1e9), 2)
    (2.23, 1.96)
    """
    z = _NORMAL_975
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _rewards(decisions: Sequence[Decision]) -> list[float]:
    return [decision.reward for decision in decisions]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0
