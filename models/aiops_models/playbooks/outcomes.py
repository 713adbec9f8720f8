"""Outcomes of playbooks: Thompson sampling over past outcomes, with recorded probabilities.

Chapelle and Li, "An Empirical Evaluation of Thompson Sampling", 2011. The posterior of a playbook's success is a Beta
distribution, sampled through the normal approximation of its log-odds: a draw is a term that adds to a score.
Randomness comes from the incident's identity alone: the same journal draws the same numbers. About 2 µs a draw.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

# A resolved incident is a success and a useless playbook a failure; "helped" is worth more than half, because people
# who wrote it down would use the playbook again.
CREDIT = {"resolved": 1.0, "helped": 0.7, "useless": 0.0}
# A playbook nobody has used counts as two successes and two failures: three good outcomes then move it by one nat.
PRIOR = 2.0
# Outcomes under the same leading alert count in full; those of other alerts are weaker evidence for this one.
ELSEWHERE = 0.3
# Draws by which the probability of first place is estimated: its error is at most .09, enough for weighting feedback.
DRAWS = 32
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

    def draw(self, incident: str, arms: Sequence[tuple[str, str]], number: int = 0) -> list[float]:
        """One draw of the log-odds of success for each (playbook, alert); the same input draws the same."""
        generator = random.Random(_seed(incident, number))
        return [mean + spread * generator.gauss(0.0, 1.0) for mean, spread in map(self.belief, arms)]

    def belief(self, arm: tuple[str, str]) -> tuple[float, float]:
        """Mean and standard deviation of the log-odds of success."""
        good, bad = self.counts(*arm)
        a, b = good + PRIOR, bad + PRIOR
        return math.log(a / b), math.sqrt(1 / a + 1 / b)

    def propensities(
        self, incident: str, arms: Sequence[tuple[str, str]], fixed: Sequence[float], weight: float
    ) -> list[float]:
        """Return each arm's probability to come first, with `weight` times a draw added to its `fixed` score."""
        wins = [0.5] * len(arms)
        for number in range(1, DRAWS + 1):
            drawn = self.draw(incident, arms, number)
            totals = [base + weight * value for base, value in zip(fixed, drawn, strict=True)]
            wins[totals.index(max(totals))] += 1.0
        return [win / (DRAWS + 0.5 * len(arms)) for win in wins]

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


def _seed(incident: str, number: int) -> int:
    return int.from_bytes(blake2b(f"{number}\0{incident}".encode(), digest_size=8).digest(), "big")
