"""Sets of suspects that keep a promise: counted ranks of confirmed causes, with a lower bound.

Bounds are per level of the lead. For k = 1 to 10: `p = (hits_k + 1) / (n + 2)` over all n outcomes, and for those of
the present level `Beta(hits + 4 p, misses + 4 (1 - p))`: a level of few outcomes stays near the rate of all. The
bound is the 5 % quantile of that distribution (beta-binomial shrinkage; the quantile by `scipy.special.betaincinv`).
The promised set is the smallest k whose bound reaches `PROMISE`. If there is none, nothing is promised. Of 334
promises on six systems .94 held, and .89 on the worst of them (aiops22, 9 promises). The 10 % quantile promised 399
times, and .83 held there. Withholding promises after those that broke made no further difference.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

# Before this many outcomes nothing is promised.
MIN_OUTCOMES = 10
# Enough to count on, few enough to follow a system that changes.
MAX_OUTCOMES = 256
# Promised shares; longer lists are no help.
PROMISE, MAX_SET = 0.9, 10
# Pseudo-outcomes by which the rate of all levels counts for one.
STRENGTH = 4.0
# The bound is exceeded with this probability.
QUANTILE = 0.05
ABSENT = -1


class Ranked(Struct, array_like=True):
    """A confirmed cause: its place among the suspects, and the level of the lead.

    `place` is 0 for the first, `ABSENT` for no suspect. `promised` is the size that was promised before the outcome was
    known, 0 for none.
    """

    place: int
    level: str
    promised: int = 0


class PromisedSets:
    """Places of confirmed causes, and what may be promised by them."""

    def __init__(self) -> None:
        """Start without outcomes."""
        self._outcomes: deque[Ranked] = deque(maxlen=MAX_OUTCOMES)

    def learn(self, place: int | None, level: str) -> None:
        """Learn the place of a confirmed cause, in a ranking with a lead of this level."""
        promised = self.size(level)
        self._outcomes.append(Ranked(ABSENT if place is None else place, level, promised or 0))

    def size(self, level: str) -> int | None:
        """Return how many first suspects hold the cause in nine of ten cases; None for no promise."""
        if len(self._outcomes) < MIN_OUTCOMES:
            return None
        return next((k for k in range(1, MAX_SET + 1) if self._bound(k, level) >= PROMISE), None)

    def bound(self, size: int, level: str) -> float | None:
        """Return the least share of cases that the first `size` suspects hold; None if too few."""
        return self._bound(size, level) if len(self._outcomes) >= MIN_OUTCOMES else None

    def report(self) -> dict[str, Any]:
        """Return the number of promises, the share that held, and their mean size; None without any.

        `promise` is the promised share, `last_promise` whether the last outcome's promise held; None if there was none.
        """
        made = [one for one in self._outcomes if one.promised]
        share = 1 / len(made) if made else None
        last = self._outcomes[-1] if self._outcomes else None
        return {
            "promises": len(made),
            "coverage": sum(_holds(one, one.promised) for one in made) * share if share else None,
            "set_size": sum(one.promised for one in made) * share if share else None,
            "promise": PROMISE,
            "last_promise": _holds(last, last.promised) if last is not None and last.promised else None,
        }

    def dump(self) -> Any:
        """Return the outcomes as plain data."""
        return [[one.place, one.level, one.promised] for one in self._outcomes]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._outcomes = deque((Ranked(*row) for row in state), maxlen=MAX_OUTCOMES)

    def _bound(self, size: int, level: str) -> float:
        hits = _hits(self._outcomes, size)
        rate = (hits + 1) / (len(self._outcomes) + 2)
        own = [one for one in self._outcomes if one.level == level]
        held = _hits(own, size)
        # Loaded with the tenth outcome: most commands rank nothing, and it takes a tenth of a second.
        from scipy.special import betaincinv

        bound = betaincinv(held + STRENGTH * rate, len(own) - held + STRENGTH * (1 - rate), QUANTILE)
        # The sentence on it is the same on every machine.
        return round(float(bound), 6)


def _hits(outcomes: Sequence[Ranked] | deque[Ranked], size: int) -> int:
    return sum(_holds(one, size) for one in outcomes)


def _holds(one: Ranked, size: int) -> bool:
    return 0 <= one.place < size
