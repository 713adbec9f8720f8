"""The learned likelihood ratio of a distance in the dependency graph, for one story against two.

A graph may be right, partial, wrong, or so dense that everything is near: see `learned_ratio`. What has no place in
the graph gets 0.
"""

from __future__ import annotations

from typing import Final

from aiops.engine.correlate.hops import MAX_HOPS
from aiops.engine.correlate.learned_ratio import LearnedRatio

# Distances, and all that is beyond them.
FAR: Final = MAX_HOPS + 1
# Nats by hops, before scaling: a fault shows at what depends on it, and at what that uses.
PRIOR: tuple[float, ...] = (1.0, 1.0, 0.5, -2.0, -4.0, -7.0)
# A distance to a decoy, before any is known: most of a large graph is far.
START_SHARES: tuple[float, ...] = (0.1, 0.1, 0.2, 0.2, 0.2, 0.2)
# The graph is believed at odds of e² before anything is seen.
START_ODDS: Final = 2.0


class DistanceRatio(LearnedRatio):
    """Learns the log likelihood ratio of a distance; `ratios` has one a distance, 0 to `FAR` hops.

    >>> ratio = DistanceRatio()
    >>> for _ in range(50):
    ...     ratio.sample(0, FAR)
    >>> [round(each, 1) for each in ratio.ratios][:2], round(ratio.ratios[FAR])
    ([2.4, 2.4], -6)
    """

    def __init__(self) -> None:
        super().__init__(PRIOR, START_SHARES, START_ODDS)
