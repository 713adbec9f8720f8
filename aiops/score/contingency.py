"""Counts of (incident, cluster) pairs, from which all grouping measures follow in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from msgspec import Struct


class Contingency(Struct):
    """The number of alerts in each pair of incident `i` and cluster `k`.

    `cells` holds c[i, k] for labelled alerts only; `incident_sizes` n[i] and `cluster_sizes` s[k] go with it. If
    background counts, s[k] includes the background alerts of the cluster and `total` includes all of them. Otherwise
    they are left out entirely.
    """

    cells: dict[tuple[str, Hashable], int]
    incident_sizes: dict[str, int]
    cluster_sizes: dict[Hashable, int]
    total: int
    background: int

    @property
    def labelled(self) -> int:
        """Return the number of alerts that belong to an incident."""
        return sum(self.incident_sizes.values())


def contingency(
    truth: Sequence[str | None], predicted: Sequence[Hashable], count_background: bool = False
) -> Contingency:
    """Count two parallel sequences in O(n).

    `truth` is None for background. Raise ValueError if lengths differ.

    >>> table = contingency(["a", "a", None], [1, 2, 2], count_background=True)
    >>> table.cells, table.cluster_sizes, table.total
    ({('a', 1): 1, ('a', 2): 1}, {1: 1, 2: 2}, 3)
    """
    if len(truth) != len(predicted):
        raise ValueError(f"expected as many clusters as labels, got {len(predicted)} and {len(truth)}")
    incident_sizes: Counter[str] = Counter()
    cluster_sizes: Counter[Hashable] = Counter()
    cells: dict[tuple[str, Hashable], int] = {}
    background = 0
    for (label, cluster), count in Counter(zip(truth, predicted, strict=True)).items():
        if label is None:
            background += count
            if not count_background:
                continue
        else:
            cells[label, cluster] = count
            incident_sizes[label] += count
        cluster_sizes[cluster] += count
    total = len(truth) if count_background else len(truth) - background
    return Contingency(cells, dict(incident_sizes), dict(cluster_sizes), total, background)
