"""A conformal martingale in constant memory: a test that scores come in no particular order.

Scores come as bins. The rank of a score among all since the start, with ties broken by a number in (0, 1), is a
p-value. Exchangeable scores make these independent and uniform, whatever the scores are (Vovk, Gammerman and Shafer
2005, proposition 2.8). It is exact, as a bin is itself a score, and the counts of the bins hold the whole past. A
category has its own past (Mondrian, section 4.5 there), such as an hour of the day. The p-values are bet against by a
`Jumper`, with payoff p − ½.
"""

from __future__ import annotations

from typing import Any, Final

from aiops.engine.drift.jumper import Jumper

_MASK: Final = (1 << 64) - 1


class Exchangeability:
    """The counts of the bins by category, and the capital bet so far.

    A step takes some microseconds with `bins` of 64. Negative bets win by scores that are larger than before, positive
    ones by smaller scores.
    """

    def __init__(self, bins: int, bets: tuple[float, ...], seed: int = 0) -> None:
        """`seed` distinguishes the tie breaks of tests that run side by side."""
        self._bins, self._bets, self._seed = bins, bets, seed
        self.restart()

    def restart(self) -> None:
        """Forget the past, and start with a capital of 1."""
        self._counts: dict[int, list[int]] = {}
        self._jumper = Jumper(self._bets)
        self.steps = 0
        # The largest capital since the start.
        self.most = 1.0

    @property
    def capital(self) -> float:
        """The capital, 1 at the start."""
        return self._jumper.capital

    def step(self, score: int, category: int = 0) -> float:
        """Take the bin of a score, 0 to `bins` − 1; return the capital."""
        counts = self._counts.get(category)
        if counts is None:
            counts = self._counts[category] = [0] * self._bins
        self.steps += 1
        above, equal = sum(counts[score + 1 :]), counts[score]
        p = (above + _between(self._seed + self.steps) * (equal + 1)) / (sum(counts) + 1)
        counts[score] += 1
        capital = self._jumper.bet(p - 0.5)
        self.most = max(self.most, capital)
        return capital

    def dump(self) -> Any:
        """Return the state as plain data."""
        return [self.steps, self.most, self._jumper.dump(), [[key, each] for key, each in self._counts.items()]]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`; raise `ValueError` for one of other bins."""
        self.steps, self.most = int(state[0]), float(state[1])
        self._jumper.load(state[2])
        self._counts = {int(key): [int(one) for one in counts] for key, counts in state[3]}
        if any(len(counts) != self._bins for counts in self._counts.values()):
            raise ValueError(f"drift: expected counts of {self._bins} bins")


def _between(number: int) -> float:
    """Return a number in (0, 1) that looks random: splitmix64 of a counter (Steele et al. 2014).

    The engine has no randomness: equal records give equal numbers.
    """
    mixed = (number * 0x9E3779B97F4A7C15) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((mixed ^ (mixed >> 31)) + 0.5) / 2.0**64
