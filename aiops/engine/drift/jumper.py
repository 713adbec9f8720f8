"""The Simple Jumper: capital that is bet against a claim, and follows the bet that pays.

The capital is split among a few bets. With a payoff x whose mean is at most 0 under the claim (for the positive bets;
at least 0 for the negative ones), a stake with bet b becomes `stake · (1 + b x)`. The whole is then a non-negative
supermartingale that starts at 1. Ville (1939): P(it ever reaches 1/α) ≤ α. Before each step 1 % of the capital is
spread evenly again: no bet dies out (Vovk, Petej, Nouretdinov, Ahlberg, Carlsson and Gammerman 2021, "Retrain
or not retrain: conformal test martingales for change-point detection", algorithm 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# The rate of the paper; .001 to .1 do as well there.
_JUMP: Final = 0.01
# Capital at which a claim is given up. Eight tests run at once, four of the inputs and four of the outcomes: by Ville
# the inputs raise a false alarm in at most 1 % of all baselines, however long they last, and so do the outcomes.
ALARM: Final = 400.0


class Jumper:
    """The stakes of the bets; constant time and memory.

    >>> jumper = Jumper((-1.0, 0.0, 1.0))
    >>> capital = [jumper.bet(-0.5) for _ in range(20)]
    >>> round(capital[0], 2), capital[17] > ALARM
    (1.0, True)
    """

    __slots__ = ("_bets", "capital", "stakes")

    def __init__(self, bets: Sequence[float]) -> None:
        self._bets = tuple(bets)
        self.stakes = [1.0 / len(self._bets)] * len(self._bets)
        self.capital = 1.0

    def bet(self, payoff: float) -> float:
        """Take one payoff; return the capital. `1 + bet · payoff` must not be negative for any bet."""
        even = _JUMP * self.capital / len(self._bets)
        self.stakes = [
            ((1.0 - _JUMP) * stake + even) * (1.0 + bet * payoff)
            for bet, stake in zip(self._bets, self.stakes, strict=True)
        ]
        self.capital = sum(self.stakes)
        return self.capital

    def dump(self) -> list[float]:
        """Return the stakes."""
        return list(self.stakes)

    def load(self, state: list[float]) -> None:
        """Take the stakes of a `dump`; those of other bets are refused."""
        if len(state) != len(self._bets):
            raise ValueError(f"drift: expected {len(self._bets)} stakes, got {len(state)}")
        self.stakes = [float(stake) for stake in state]
        self.capital = sum(self.stakes)
