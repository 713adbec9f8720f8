"""The phases of a cluster: how often its pattern has returned, and if the same streams came."""

from __future__ import annotations

from typing import Final

from aiops.engine.fields import state

# A phase repeats the pattern if it has so much of the core, and no larger a share of strangers.
REPEATED: Final = 0.7
STRANGE: Final = 0.3


@state(acyclic=True)
class Phases:
    """Counts of a cluster from its first return on.

    `count` is the number of its returns, `alerts` and `strangers` those of alerts and of new streams since the first;
    `verified` grows with each phase that had the core (the streams of at least half of the phases) and hardly anything
    else, and falls with each other; `checked` is the phase that was checked last.
    """

    count: int = 0
    alerts: int = 0
    strangers: int = 0
    verified: int = 0
    checked: int = 0

    def check(self, core: int, repeated: int, present: int) -> None:
        """Take in the streams of the phase that ends: of the core, those of it that came, and all that came."""
        self.checked = self.count
        if core and repeated >= REPEATED * core and present - repeated <= STRANGE * present:
            self.verified += 1
        elif self.verified:
            self.verified -= 1
