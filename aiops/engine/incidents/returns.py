"""The returns of a cluster's pattern: its own alerts fire again after it was quiet.

A crash loop, a flapping dependency or a batch job that fails every hour is one trouble, however often it pauses. Its
pauses give its rhythm: once it has returned, its incident stays open for as long as such a pause may last. A stream
that is new to the cluster counts only if the cluster knows its alert name at its place.

Cost: one comparison an episode; a walk over the members only after `QUIET_S` of silence. Memory: `MAX_TIMES` times.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import Final

from aiops.engine.fields import state

# A cluster is quiet when nothing of it fires by its own account and no alert of it came for this long. Alerts of one
# burst come a minute apart at most (evaluation and scrape intervals of 15 to 60 s), and restarts that back off pause
# for five minutes. A shorter silence is a gap in a burst.
QUIET_S: Final = 180.0
# Returns whose times are kept: a page lists no more, and a rhythm is that of the latest.
MAX_TIMES: Final = 20
# The latest pauses that give the typical one: a rhythm that changes (a back-off that doubles) is followed within a few.
RECENT: Final = 8
# An incident stays open over so many of its pauses. Pauses of crash loops and retries vary by a factor of two, and a
# back-off doubles them; an end that is announced too early is announced again, one that comes late costs little.
PATIENCE: Final = 2.5


@state(acyclic=True)
class Returns:
    """The returns of a pattern: their number, their times (engine time), and the pause before each.

    `times` and `pauses` are those of the latest `MAX_TIMES`; `count` counts all.
    """

    times: list[float]
    pauses: list[float]
    count: int = 0

    def add(self, at: float, pause: float) -> None:
        """Count a return at a time, after a pause."""
        self.count += 1
        self.times.append(at)
        self.pauses.append(pause)
        if len(self.times) > MAX_TIMES:
            del self.times[0]
            del self.pauses[0]

    def typical_s(self) -> float | None:
        """Return the median time between two returns; None before the second return."""
        times = self.times[-RECENT - 1 :]
        if len(times) < 2:
            return None
        return median([later - earlier for earlier, later in pairwise(times)])

    def patience_s(self) -> float:
        """Return how long a pause may last before the pattern has ended.

        The last pause counts if it is longer than usual: a back-off doubles.
        """
        return PATIENCE * max(median(self.pauses[-RECENT:]), self.pauses[-1]) if self.pauses else 0.0

    def take(self, other: Returns) -> None:
        """Take in the returns of a cluster that was merged into this one; what returned together counts once."""
        forgotten = max(self.count - len(self.times), other.count - len(other.times))
        times: list[float] = []
        pauses: list[float] = []
        ours = zip(self.times, self.pauses, strict=True)
        theirs = zip(other.times, other.pauses, strict=True)
        for at, pause in sorted([*ours, *theirs]):
            if times and at - times[-1] < QUIET_S:
                continue
            times.append(at)
            pauses.append(pause)
        self.count = forgotten + len(times)
        self.times, self.pauses = times[-MAX_TIMES:], pauses[-MAX_TIMES:]

    def set_back(self, now: float) -> None:
        """Move times ahead of `now` to `now`: engine time was set back."""
        self.times = [min(at, now) for at in self.times]


def no_returns() -> Returns:
    """Return the returns of a pattern that has not returned."""
    returns = Returns()
    returns.times, returns.pauses = [], []
    return returns
