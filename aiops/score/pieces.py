"""Plain measures of a grouping: pieces of an incident, and alerts that are strangers in their cluster."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from msgspec import Struct


class Pieces(Struct):
    """Pieces and foreign alerts; background alerts are left out.

    `pieces` is the mean number of clusters that hold alerts of one incident; 1 is best. `foreign` is the share (0 to 1)
    of alerts in a cluster that an alert of another incident began; 0 is best. Both are None without labels.
    """

    pieces: float | None
    foreign: float | None


def pieces(truth: Sequence[str | None], predicted: Sequence[Hashable]) -> Pieces:
    """Measure the final clusters of alerts in input order; `truth` is None for background.

    >>> pieces(["a", "b", "b", None], [1, 1, 2, 2])
    Pieces(pieces=1.5, foreign=0.3333333333333333)
    """
    began: dict[Hashable, str] = {}
    clusters: dict[str, set[Hashable]] = {}
    labelled = foreign = 0
    for label, cluster in zip(truth, predicted, strict=True):
        if label is None:
            continue
        labelled += 1
        foreign += began.setdefault(cluster, label) != label
        clusters.setdefault(label, set()).add(cluster)
    if not labelled:
        return Pieces(None, None)
    return Pieces(sum(map(len, clusters.values())) / len(clusters), foreign / labelled)
