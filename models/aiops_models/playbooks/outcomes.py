"""Outcomes of playbooks: Thompson sampling over past outcomes, with recorded probabilities.

Chapelle and Li, "An Empirical Evaluation of Thompson Sampling", 2011. The posterior of a playbook's success is a Beta
distribution, sampled through the normal approximation of its log-odds: a draw is a term that adds to a score. A draw
is a hash of incident and playbook, so the same journal draws the same numbers, and a playbook keeps its draw while the
incident grows. Because the draws are normal, the probability to come first is an integral, and not estimated: feedback
can be evaluated off-policy (`aiops playbooks evaluate`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from statistics import NormalDist
from typing import Any

# A resolved incident is a success and a useless playbook a failure; "helped" is worth more than half, because people
# who wrote it down would use the playbook again.
CREDIT = {"resolved": 1.0, "helped": 0.7, "useless": 0.0}
# A playbook nobody has used counts as two successes and two failures: three good outcomes then move it by one nat.
PRIOR = 2.0
# Outcomes under the same leading alert count in full; those of other alerts are weaker evidence for this one.
ELSEWHERE = 0.3
# Where the distribution function of each candidate's score is evaluated, in standard deviations from its mean. The
# points of all candidates are joined, so a narrow one is resolved as finely as a wide one; the error of a probability
# is below .002 (tests/models/test_playbook_outcomes.py).
STEPS = tuple(step / 4 for step in range(-20, 21))
# A decision is weighed by one over its probability; below this, one decision would outweigh all others.
MIN_CHANCE = 1e-6
# (playbook, alert) pairs kept, oldest out first: ten alerts for each of 500 playbooks.
MAX_ARMS = 5_000
# Decisions kept for evaluating feedback off-policy; feedback comes within days, not after this many incidents.
MAX_DECISIONS = 2_000


class Outcomes:
    """Counts of outcomes by (playbook, leading alert), and the decisions with their propensities."""

    def __init__(self) -> None:
        self._arms: dict[tuple[str, str], list[float]] = {}
        self._totals: dict[str, list[float]] = {}
        self.decisions: dict[str, dict[str, Any]] = {}

    def learn(self, playbook: str, alert: str, outcome: str) -> None:
        """Count an outcome; one that is not in `CREDIT` is left out."""
        credit = CREDIT.get(outcome)
        if credit is None:
            return
        for counts in (self._arm(playbook, alert), self._totals.setdefault(playbook, [0.0, 0.0])):
            counts[0] += credit
            counts[1] += 1.0 - credit

    def _arm(self, playbook: str, alert: str) -> list[float]:
        key = (playbook, alert)
        counts = self._arms.pop(key, None) or [0.0, 0.0]
        self._arms[key] = counts
        if len(self._arms) > MAX_ARMS:
            del self._arms[next(iter(self._arms))]
        return counts

    def counts(self, playbook: str, alert: str) -> tuple[float, float]:
        """Successes and failures that bear on using `playbook` for `alert`, without the prior."""
        here = self._arms.get((playbook, alert), [0.0, 0.0])
        total = self._totals.get(playbook, [0.0, 0.0])
        good, bad = (here[side] + ELSEWHERE * max(0.0, total[side] - here[side]) for side in (0, 1))
        return good, bad

    def known(self, playbooks: Sequence[str]) -> bool:
        """Return True if any of the playbooks has an outcome."""
        return any(playbook in self._totals for playbook in playbooks)

    def belief(self, arm: tuple[str, str]) -> tuple[float, float]:
        """Mean and standard deviation of the log-odds of success."""
        good, bad = self.counts(*arm)
        a, b = good + PRIOR, bad + PRIOR
        return math.log(a / b), math.sqrt(1 / a + 1 / b)

    def record(self, incident: str, alert: str, propensities: Mapping[str, float], first: str) -> None:
        """Record the decision for an incident; a later one for the same incident replaces it."""
        self.decisions.pop(incident, None)
        self.decisions[incident] = {"alert": alert, "first": first, "propensities": dict(propensities)}
        if len(self.decisions) > MAX_DECISIONS:
            del self.decisions[next(iter(self.decisions))]

    def dump(self) -> dict[str, Any]:
        """All of it, as what msgspec can encode."""
        return {
            "arms": [[playbook, alert, *counts] for (playbook, alert), counts in self._arms.items()],
            "totals": {playbook: list(counts) for playbook, counts in self._totals.items()},
            "decisions": [[incident, decision] for incident, decision in self.decisions.items()],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Take the state of a `dump`."""
        self._arms = {(playbook, alert): [good, bad] for playbook, alert, good, bad in state["arms"]}
        self._totals = {playbook: list(counts) for playbook, counts in state["totals"].items()}
        self.decisions = {incident: dict(decision) for incident, decision in state["decisions"]}


def first_chances(means: Sequence[float], spreads: Sequence[float]) -> list[float]:
    """Return the probability of each of some independent normal variables to be the largest.

    It is the integral of the density of one times the distribution functions of the others, in steps. About 0.1 ms for
    five.

    >>> [round(chance, 3) for chance in first_chances([0.0, 0.0, -9.0], [1.0, 1.0, 1.0])]
    [0.5, 0.5, 0.0]
    """
    points = sorted({mean + step * spread for mean, spread in zip(means, spreads, strict=True) for step in STEPS})
    below = [
        [0.5 * math.erfc((mean - point) / (spread * math.sqrt(2))) for point in points]
        for mean, spread in zip(means, spreads, strict=True)
    ]
    wins = [0.0] * len(means)
    for place in range(len(points) - 1):
        middle = [(each[place] + each[place + 1]) / 2 for each in below]
        for one, each in enumerate(below):
            mass = each[place + 1] - each[place]
            if mass > 0.0:
                wins[one] += mass * math.prod(middle[:one]) * math.prod(middle[one + 1 :])
    total = math.fsum(wins)
    return [max(MIN_CHANCE, win / total) for win in wins]


def standard_normal(incident: str, playbook: str) -> float:
    """Return a standard normal number made of two names: a hash through the inverse distribution."""
    digest = blake2b(f"{incident}\0{playbook}".encode(), digest_size=8).digest()
    return NormalDist().inv_cdf(((int.from_bytes(digest, "big") >> 11) + 0.5) / (1 << 53))
