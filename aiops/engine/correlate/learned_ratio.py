"""A likelihood ratio in nats that is learned without labels: pairs of one story against others.

What a class of pairs shows (a distance in the graph, kinds that fire together) depends on the system. So the ratios of
an expert are not taken as they are. They are scaled by the classes of pairs with clusters that have ended (decoys):
where all pairs are of one class, that class is no evidence. And they are averaged with "it is no evidence", by the
Bayes factor of the two over the pairs of new streams with the cluster that time alone gives them.

Cost: some 2 µs an alert that is a sample, one in eight once `FULL` are known. Memory: `MAX_DECOYS` × `MAX_NAMES` names.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import exp, log
from typing import Any, Final

# What the expert's shares of classes among decoys weigh, in pairs.
START_WEIGHT: Final = 20.0
# The odds never become worse or better than e^±8: a graph may be mended, and a system changes.
MAX_ODDS: Final = 8.0
# So many of the samples are allowed to be strangers: overlapping stories, noise.
STRANGERS: Final = 0.5
MEMORY: Final = 2000.0
MAX_DECOYS: Final = 32
MAX_NAMES: Final = 8
# Until so many samples each alert is one, then one in eight.
FULL: Final = 256.0
EVERY: Final = 8


class LearnedRatio:
    """Learns the log likelihood ratio of a class of pairs; `ratios` has one a class.

    `prior` are the expert's ratios in nats, `shares` those of the classes among decoys, and `odds` how far the expert
    is believed before anything is seen, in nats.
    """

    def __init__(self, prior: tuple[float, ...], shares: tuple[float, ...], odds: float) -> None:
        self.decoys: deque[list[str]] = deque(maxlen=MAX_DECOYS)
        self.shares = [START_WEIGHT * share for share in shares]
        self.odds = odds
        self.samples = 0.0
        self.turn = 0
        self._likelihoods = [exp(each) for each in prior]
        self._mean = 1.0
        self.ratios = [0.0] * len(prior)
        self._fit()

    def over(self, names: Iterable[str]) -> None:
        """Remember what a story that has ended was of."""
        found = list(dict.fromkeys(names))[:MAX_NAMES]
        if found:
            self.decoys.append(found)

    def decoy(self) -> list[str] | None:
        """Return a story that has ended to compare the next alert with; None where it is no sample.

        Alerts are counted here: their numbers count other records as well, as of labels, which must change nothing.
        """
        if not self.decoys:
            return None
        number = self.turn
        self.turn += 1
        if self.samples >= FULL and number % EVERY:
            return None
        return self.decoys[number // EVERY % len(self.decoys)]

    def sample(self, active: int, decoy: int) -> None:
        """Learn from the classes of one alert with the cluster that time gives it and with a decoy."""
        self.samples += 1.0
        self.shares[decoy] += 1.0
        if sum(self.shares) > MEMORY:
            self.shares = [each / 2.0 for each in self.shares]
        found = self.odds + log((1.0 - STRANGERS) * self._likelihoods[active] / self._mean + STRANGERS)
        self.odds = max(-MAX_ODDS, min(MAX_ODDS, found))
        self._fit()

    def _fit(self) -> None:
        total = sum(self.shares)
        self._mean = sum(each * share for each, share in zip(self._likelihoods, self.shares, strict=True)) / total
        trust = 1.0 / (1.0 + exp(-self.odds))
        self.ratios = [log(trust * each / self._mean + 1.0 - trust) for each in self._likelihoods]

    def dump(self) -> Any:
        """The state, in the order of `load`."""
        return [[list(each) for each in self.decoys], list(self.shares), self.odds, self.samples, self.turn]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        decoys, shares, self.odds, self.samples, self.turn = state
        self.decoys.clear()
        self.decoys.extend(list(each) for each in decoys)
        self.shares = list(shares)
        self._fit()
