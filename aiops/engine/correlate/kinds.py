"""The learned likelihood ratio of two kinds of alerts that never fire together, for placed alerts.

Amid unrelated alerts, kinds that never come together are evidence against a join; where each fault strikes all services
with all kinds, they are none: see `learned_ratio`. That kinds go together is no evidence for a join, as the restarts of
twelve services are of the same kinds. Kinds of which too little was seen, and an alert's own kind, are neither.
"""

from __future__ import annotations

from typing import Final

from aiops.engine.correlate.learned_ratio import LearnedRatio

NEVER: Final = 0
TOGETHER: Final = 1
# Nothing is known of the pair.
UNKNOWN: Final = -1
# An NPMI nearer to 0 is too little to know.
UNKNOWN_NPMI: Final = 0.05
# Nats, before scaling: less and faults amid one unrelated alert a minute take more of these in (at -1.5 F1 -.01).
PRIOR: tuple[float, ...] = (-2.5, 0.0)
# Among decoys, before any is known.
START_SHARES: tuple[float, ...] = (0.55, 0.45)
# As likely evidence as not before anything is seen.
START_ODDS: Final = 0.0


class KindRatio(LearnedRatio):
    """Learns the log likelihood ratio of a pair of kinds; `ratios` has that of `NEVER` and of `TOGETHER`."""

    def __init__(self) -> None:
        super().__init__(PRIOR, START_SHARES, START_ODDS)


def class_of(npmi: float) -> int:
    """Return the class of two kinds; `UNKNOWN` near an NPMI of 0, where nothing much was measured.

    >>> class_of(-0.15), class_of(0.0), class_of(0.3)
    (0, -1, 1)
    """
    if npmi < -UNKNOWN_NPMI:
        return NEVER
    return UNKNOWN if npmi < UNKNOWN_NPMI else TOGETHER
