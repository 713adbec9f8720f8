"""The pauses of one stream between the phases of its pattern: whether its next alert is due."""

from __future__ import annotations

from math import log
from typing import Final

from aiops.engine.fields import state

# Shorter pauses are intervals within a phase.
LEAST_S: Final = 60.0
# Pauses remembered, about.
MEMORY: Final = 16.0
# Variances of the logarithm: after one pause, the guess that counts as one pause more, and one too large to expect by.
FIRST_VARIANCE: Final = 0.02
START_VARIANCE: Final = 0.01
MAX_VARIANCE: Final = 0.1
# The square of the standard deviations within which an alert is on time.
ON_TIME: Final = 9.0


@state(acyclic=True)
class Pauses:
    """The mean and the variance of the logarithms of a stream's pauses.

    `due` and `elsewhere` count its alerts that were due in its pattern, and those of them that went to another cluster.
    """

    count: int = 0
    mean: float = 0.0
    variance: float = 0.0
    due: int = 0
    elsewhere: int = 0

    def follow(self, pause_s: float) -> None:
        """Take in a pause; a short one is none."""
        if pause_s < LEAST_S:
            return
        step = 1.0 / (self.count + 1.0 if self.count < MEMORY else MEMORY)
        off = log(pause_s) - self.mean
        self.mean += step * off
        self.variance += step * ((1.0 - step) * off * off - self.variance)
        self.count += 1

    def is_due(self, pause_s: float) -> bool:
        """Return True if an alert after such a pause is on time."""
        if pause_s < LEAST_S or not self.count:
            return False
        weight = self.count if self.count < MEMORY else MEMORY
        variance = FIRST_VARIANCE
        if self.count > 1:
            variance = (START_VARIANCE + weight * self.variance) / (1.0 + weight)
        return variance <= MAX_VARIANCE and (log(pause_s) - self.mean) ** 2 < ON_TIME * variance
