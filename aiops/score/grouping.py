"""Measures of a grouping against labelled incidents, all from contingency counts.

With c[i, k] the alerts of incident i in cluster k, n[i] the size of an incident, s[k] of a cluster and N of everything:

- pairwise, over unordered pairs of different alerts of which at least one is labelled: tp = sum C(c[i,k], 2),
  predicted positive = pairs in one cluster, actual positive = pairs of one incident (Hanisch et al. 2003).
  A pair of two background alerts is neither right nor wrong, and is left out.
- B-cubed (Bagga and Baldwin 1998; Amigó et al. 2009), mean over labelled alerts: precision
  c[i,k]/s[k], recall c[i,k]/n[i].
- adjusted Rand index (Hubert and Arabie 1985) in its pair form
  2(tp·tn - fn·fp) / ((tp+fn)(fn+tn) + (tp+fp)(fp+tn)), over the same pairs.
- purity (Zhao and Karypis 2001): sum over clusters with labelled alerts of max c[i,k], over the sum of their s[k].
- per incident (AlertBERT, Karner et al. 2026; ordered pairs (x, y) with x in the incident and y anything, y = x too):
  tp = sum c², fn = sum c·(n-c), fp = sum c·(s-c), tn = sum c·(N-s-n+c); TPR = tp/(tp+fn), TNR = tn/(tn+fp).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from math import comb, fsum

from msgspec import Struct

from aiops.score.contingency import Contingency, contingency
from aiops.score.hierarchy import IncidentRates, macro, mean


class Grouping(Struct):
    """The agreement of clusters with incidents, as shares of which 1 is best.

    All lie from 0 to 1, `adjusted_rand` from -0.5 to 1. A share without a case is 1: precision if no pair was joined,
    recall if no pair should have been. `tnr` is None if no alert lies outside an incident. `tpr` and `tnr` are plain
    means over incidents; `hierarchical_tpr` and `_tnr` average ids of the form `type.stage.instance` from the right
    (see `hierarchy`).
    """

    alerts: int
    background: int
    incidents: int
    clusters: int
    pairwise_precision: float
    pairwise_recall: float
    pairwise_f1: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed_f1: float
    adjusted_rand: float
    purity: float
    tpr: float
    tnr: float | None
    hierarchical_tpr: float
    hierarchical_tnr: float | None
    per_incident: list[IncidentRates]


def grouping(truth: Sequence[str | None], predicted: Sequence[Hashable], count_background: bool = False) -> Grouping:
    """Score clusters against incidents; `truth` holds an incident's id or None for background.

    Without background, its alerts are removed before anything is measured. With it, joining an incident's alert with
    background is an error too. O(n) time, memory in the number of distinct (incident, cluster) pairs.

    >>> result = grouping(["a", "a", "b", "b"], [1, 1, 1, 2])
    >>> round(result.pairwise_precision, 3), result.pairwise_recall, result.purity
    (0.333, 0.5, 0.75)
    """
    table = contingency(truth, predicted, count_background)
    tp, fp, fn, tn = pair_counts(table)
    precision, recall = _share(tp, tp + fp), _share(tp, tp + fn)
    bcubed_precision, bcubed_recall = _bcubed(table)
    rates = _incident_rates(table)
    tpr = mean([rate.tpr for rate in rates])
    tree = macro(rates)
    return Grouping(
        alerts=len(truth),
        background=table.background,
        incidents=len(table.incident_sizes),
        clusters=len(table.cluster_sizes),
        pairwise_precision=precision,
        pairwise_recall=recall,
        pairwise_f1=harmonic_mean(precision, recall),
        bcubed_precision=bcubed_precision,
        bcubed_recall=bcubed_recall,
        bcubed_f1=harmonic_mean(bcubed_precision, bcubed_recall),
        adjusted_rand=adjusted_rand(tp, fp, fn, tn),
        purity=_purity(table),
        tpr=1.0 if tpr is None else tpr,
        tnr=mean([rate.tnr for rate in rates if rate.tnr is not None]),
        hierarchical_tpr=1.0 if tree.tpr is None else tree.tpr,
        hierarchical_tnr=tree.tnr,
        per_incident=rates,
    )


def pair_counts(table: Contingency) -> tuple[int, int, int, int]:
    """Return (tp, fp, fn, tn) over unordered pairs of different alerts with at least one labelled.

    >>> pair_counts(contingency(["a", "a", "b"], [1, 1, 1]))
    (1, 2, 0, 0)
    """
    labelled_of: dict[Hashable, int] = {}
    for (_, cluster), count in table.cells.items():
        labelled_of[cluster] = labelled_of.get(cluster, 0) + count
    tp = sum(comb(count, 2) for count in table.cells.values())
    together = sum(
        comb(table.cluster_sizes[cluster], 2) - comb(table.cluster_sizes[cluster] - labelled, 2)
        for cluster, labelled in labelled_of.items()
    )
    same_incident = sum(comb(size, 2) for size in table.incident_sizes.values())
    pairs = comb(table.total, 2) - comb(table.total - table.labelled, 2)
    return tp, together - tp, same_incident - tp, pairs - together - same_incident + tp


def harmonic_mean(precision: float, recall: float) -> float:
    """Return F1 of two shares; 0 if both are 0.

    >>> harmonic_mean(1.0, 0.5), harmonic_mean(0.0, 0.0)
    (0.6666666666666666, 0.0)
    """
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def adjusted_rand(tp: float, fp: float, fn: float, tn: float) -> float:
    """Return the adjusted Rand index (Hubert and Arabie 1985) of pair counts, which may be weighted.

    1 for perfect agreement (also without a pair to judge), about 0 for a random grouping.
    """
    if not fp and not fn:
        return 1.0
    return 2 * (tp * tn - fn * fp) / ((tp + fn) * (fn + tn) + (tp + fp) * (fp + tn))


def _bcubed(table: Contingency) -> tuple[float, float]:
    labelled = table.labelled
    if not labelled:
        return 1.0, 1.0
    # fsum rounds once: the order of the alerts cannot show in the last digits.
    precision = fsum(count * count / table.cluster_sizes[cluster] for (_, cluster), count in table.cells.items())
    recall = fsum(count * count / table.incident_sizes[incident] for (incident, _), count in table.cells.items())
    return precision / labelled, recall / labelled


def _purity(table: Contingency) -> float:
    largest: dict[Hashable, int] = {}
    for (_, cluster), count in table.cells.items():
        largest[cluster] = max(largest.get(cluster, 0), count)
    return _share(sum(largest.values()), sum(table.cluster_sizes[cluster] for cluster in largest))


def _incident_rates(table: Contingency) -> list[IncidentRates]:
    """Return the rates of each incident, sorted by id."""
    sums = {incident: [0, 0] for incident in sorted(table.incident_sizes)}
    for (incident, cluster), count in table.cells.items():
        sums[incident][0] += count * count
        sums[incident][1] += count * (table.cluster_sizes[cluster] - count)
    rates = []
    for incident, (tp, fp) in sums.items():
        size = table.incident_sizes[incident]
        outside = size * (table.total - size)
        tnr = (outside - fp) / outside if outside else None
        rates.append(IncidentRates(incident, size, tp / (size * size), tnr))
    return rates
