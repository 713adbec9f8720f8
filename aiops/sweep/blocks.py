"""History in blocks of time, and counts that add up over them: what a bootstrap draws from.

Alerts of one hour depend on each other, so the unit of chance is a stretch of history and not an alert. Pair counts
belong to a block by the fault (or the judgement) that they are about, at its onset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import ceil

from msgspec import Struct

# A percentile of a bootstrap from fewer blocks is coarse; more cost time and add little.
FEWEST, MOST = 20, 100
# Lengths that people think in; the longest that leaves enough blocks is taken, as it breaks the fewest incidents.
_LENGTHS_S = (86_400.0, 43_200.0, 21_600.0, 10_800.0, 3_600.0, 1_800.0, 900.0, 300.0)


class Blocks(Struct, frozen=True):
    """Equal blocks of `length` seconds from `start` on."""

    start: float
    length: float
    count: int

    def of(self, at: float) -> int:
        """Return the block of a time; times outside belong to the first or the last.

        >>> Blocks(100.0, 10.0, 3).of(119.0), Blocks(100.0, 10.0, 3).of(1e9)
        (1, 2)
        """
        return min(self.count - 1, max(0, int((at - self.start) // self.length)))

    def counted(self, times: Iterable[float]) -> list[float]:
        """Return how many of the times lie in each block."""
        found = [0.0] * self.count
        for at in times:
            found[self.of(at)] += 1.0
        return found


def blocks_of(start: float, end: float) -> Blocks:
    """Cut a stretch of history into blocks.

    >>> blocks_of(0.0, 30 * 86_400.0).length, blocks_of(0.0, 10 * 3_600.0).length
    (86400.0, 1800.0)
    """
    span = max(end - start, 1.0)
    length = next((one for one in _LENGTHS_S if span / one >= FEWEST), span / FEWEST)
    length = max(length, span / MOST)
    return Blocks(start, length, max(1, ceil(span / length - 1e-9)))


class PairCounts(Struct):
    """Pairs of alerts by block: together in both, together in the one compared, together in truth.

    The three sums give precision, recall and F1 (Hanisch et al. 2003); weighted by block, those of a resample.
    """

    both: list[float]
    found: list[float]
    actual: list[float]

    def sums(self, weights: Sequence[float] | None = None) -> tuple[float, float, float]:
        """Return the three sums over the blocks of a draw; None: over all blocks."""
        return _sum(self.both, weights), _sum(self.found, weights), _sum(self.actual, weights)

    def f1(self, weights: Sequence[float] | None = None) -> float:
        """Return pairwise F1; 1 where there is nothing to join and nothing was joined."""
        both, found, actual = self.sums(weights)
        return 2 * both / (found + actual) if found + actual else 1.0

    def precision(self) -> float:
        """Return the share of joined pairs that belong together; 1 if none was joined."""
        found = sum(self.found)
        return sum(self.both) / found if found else 1.0

    def recall(self) -> float:
        """Return the share of pairs that belong together and were joined; 1 if there is none."""
        actual = sum(self.actual)
        return sum(self.both) / actual if actual else 1.0

    def filled(self) -> int:
        """Return the number of blocks that hold any pair."""
        return sum(1 for found, actual in zip(self.found, self.actual, strict=True) if found or actual)


def _sum(values: Sequence[float], weights: Sequence[float] | None) -> float:
    if weights is None:
        return sum(values)
    return sum(value * weight for value, weight in zip(values, weights, strict=True))


Labels = Sequence[Hashable | None]


def pair_counts(truth: Labels, found: Sequence[Hashable], block_of: Mapping[Hashable, int], count: int) -> PairCounts:
    """Count pairs by the block of their true group, of `count` blocks; None is background and left out.

    A pair across two groups counts half in the block of each: all blocks together give the whole.
    """
    cells = Counter(pair for pair in zip(truth, found, strict=True) if pair[0] is not None)
    sizes: Counter[Hashable] = Counter()
    totals: Counter[Hashable] = Counter()
    for (label, cluster), alerts in cells.items():
        sizes[cluster] += alerts
        totals[label] += alerts
    counts = PairCounts([0.0] * count, [0.0] * count, [0.0] * count)
    for (label, cluster), alerts in cells.items():
        block = block_of[label]
        counts.both[block] += alerts * (alerts - 1) / 2
        counts.found[block] += alerts * (sizes[cluster] - 1) / 2
    for label, alerts in totals.items():
        counts.actual[block_of[label]] += alerts * (alerts - 1) / 2
    return counts


def onsets(labels: Labels, places: Sequence[int]) -> dict[Hashable, int]:
    """Return the block of each group's first alert; `places` has the block of each alert."""
    first: dict[Hashable, int] = {}
    for label, place in zip(labels, places, strict=True):
        if label is not None and place < first.get(label, place + 1):
            first[label] = place
    return first
