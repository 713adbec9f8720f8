"""One measure of drift: hours or judgements, recent ones beside earlier ones, and their test."""

from __future__ import annotations

from collections import deque
from typing import Any

from aiops.engine.drift.exchangeability import Exchangeability
from aiops.engine.drift.jumper import ALARM


class Measure:
    """The sums of the last `recent` steps, those of all before, and the capital against "no change".

    >>> measure = Measure(2, Exchangeability(2, (-1.0, 0.0)))
    >>> [measure.take(part, 1.0, int(part)) for part in (0.0, 0.0, 1.0)]
    [False, False, False]
    >>> measure.recent, measure.before
    (0.5, 0.0)
    """

    __slots__ = ("_before", "_recent", "alarms", "test")

    def __init__(self, recent: int, test: Exchangeability) -> None:
        self.test = test
        self.alarms = 0
        self._recent: deque[tuple[float, float]] = deque(maxlen=recent)
        self._before = (0.0, 0.0)

    def take(self, part: float, whole: float, score: int, category: int = 0) -> bool:
        """Take a step with its score, a bin of the test; return true for an alarm."""
        if len(self._recent) == self._recent.maxlen:
            oldest = self._recent[0]
            self._before = (self._before[0] + oldest[0], self._before[1] + oldest[1])
        self._recent.append((float(part), float(whole)))
        if self.test.step(score, category) < ALARM:
            return False
        self.alarms += 1
        return True

    def restart(self) -> None:
        """Forget what was: the present is the new normal."""
        self.test.restart()
        self._recent.clear()
        self._before = (0.0, 0.0)

    @property
    def recent(self) -> float | None:
        """The part of the recent steps in their whole; None before any."""
        return _ratio(sum(part for part, _ in self._recent), sum(whole for _, whole in self._recent))

    @property
    def before(self) -> float | None:
        """The part of the steps before; None before any."""
        return _ratio(*self._before)

    def report(self) -> dict[str, Any]:
        """Return what was measured; `capital` is now, `most` the largest since the start of the test."""
        test = self.test
        return {
            "recent": self.recent,
            "before": self.before,
            "steps": test.steps,
            "capital": test.capital,
            "most": test.most,
            "alarms": self.alarms,
        }

    def dump(self) -> Any:
        """Return the state as plain data."""
        return [self.alarms, [list(one) for one in self._recent], list(self._before), self.test.dump()]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        alarms, recent, (part, whole), test = state
        self.alarms = int(alarms)
        self._recent = deque(((float(a), float(b)) for a, b in recent), self._recent.maxlen)
        self._before = (float(part), float(whole))
        self.test.load(test)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
