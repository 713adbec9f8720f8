"""A claim with stated odds, as a bet on each outcome: testing by betting (Shafer 2021).

With stated share s and outcome h (1 if it came true), the payoff s − h has a mean of at most 0 while the claim is kept.
A share that is too low is no broken claim. See also Waudby-Smith and Ramdas 2024 on means of bounded outcomes.
"""

from __future__ import annotations

from typing import Any

from aiops.engine.drift.jumper import ALARM, Jumper


class Claim:
    """Counts of outcomes and of those that came true, and the capital against the claim.

    >>> claim = Claim((0.0, 1.0))
    >>> claim.take(0.9, True), claim.take(0.9, False), claim.count, claim.held
    (False, False, 2, 1)
    """

    __slots__ = ("_bets", "_jumper", "alarms", "count", "held", "stated")

    def __init__(self, bets: tuple[float, ...]) -> None:
        """Take bets b with 1 + b (s − 1) > 0 for all stated shares s."""
        self._bets = bets
        self._jumper = Jumper(bets)
        self.count = self.held = self.alarms = 0
        # The sum of the stated shares.
        self.stated = 0.0

    def take(self, stated: float, held: bool) -> bool:
        """Take an outcome; return true for an alarm, after which the bets start anew."""
        self.count += 1
        self.held += held
        self.stated += stated
        if self._jumper.bet(stated - held) < ALARM:
            return False
        self.alarms += 1
        self._jumper = Jumper(self._bets)
        return True

    def sentence(self, what: str) -> str:
        """Describe what was stated and what came true."""
        if not self.count:
            return f"no {what} so far"
        held, stated = 100.0 * self.held / self.count, 100.0 * self.stated / self.count
        return f"{held:.0f} % of {self.count:,} {what} held, {stated:.0f} % were stated"

    def report(self) -> dict[str, Any]:
        """Return the counts as plain data, `capital` against the claim among them."""
        return {"outcomes": self.count, "hits": self.held, "capital": self._jumper.capital, "alarms": self.alarms}

    def dump(self) -> Any:
        """Return the state as plain data."""
        return [self.count, self.held, self.stated, self.alarms, self._jumper.dump()]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        count, held, stated, alarms, stakes = state
        self.count, self.held, self.stated, self.alarms = int(count), int(held), float(stated), int(alarms)
        self._jumper.load(stakes)
