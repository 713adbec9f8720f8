"""Averages of rates over a hierarchy of incident ids, and the ROC area of a sensitivity sweep.

One scan can make up most alerts of a data set, and one kind of attack most incidents. Averaging instances into stages,
stages into types and types into one figure weighs all types equally (AlertBERT, Karner et al. 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import fsum

from msgspec import Struct


class IncidentRates(Struct):
    """The rates at which one incident's alerts were joined.

    `tnr` is None if nothing lies outside the incident.
    """

    incident: str
    alerts: int
    tpr: float
    tnr: float | None


class Rates(Struct):
    """Averaged rates; None if no incident has the rate."""

    tpr: float | None
    tnr: float | None


def mean(values: Sequence[float]) -> float | None:
    """Return the mean, or None of nothing.

    >>> mean([1.0, 0.5]), mean([])
    (0.75, None)
    """
    return fsum(values) / len(values) if values else None


def macro(rates: Iterable[IncidentRates]) -> Rates:
    """Average ids `type.stage.instance` from the right, level by level.

    An id without a dot is a type of its own.

    Incidents of several data sets that were scored separately may be combined here, as the published protocol does with
    its networks: a pair of alerts of two networks is never counted.

    >>> several = [IncidentRates("scan.0.1", 9, 1.0, 1.0), IncidentRates("scan.0.2", 9, 0.0, 1.0),
    ...            IncidentRates("leak.0.3", 2, 1.0, None)]
    >>> macro(several)
    Rates(tpr=0.75, tnr=1.0)
    """
    by_id = list(rates)
    tpr = _level_by_level([(rate.incident, rate.tpr) for rate in by_id])
    tnr = _level_by_level([(rate.incident, rate.tnr) for rate in by_id if rate.tnr is not None])
    return Rates(tpr, tnr)


def by_type(rates: Iterable[IncidentRates]) -> dict[str, Rates]:
    """Return the same averages for each first component of the ids, sorted by it."""
    types: dict[str, list[IncidentRates]] = {}
    for rate in rates:
        types.setdefault(rate.incident.split(".", 1)[0], []).append(rate)
    return {name: macro(types[name]) for name in sorted(types)}


def _level_by_level(values: list[tuple[str, float]]) -> float | None:
    level = [(tuple(name.split(".")), value) for name, value in values]
    depth = max((len(path) for path, _ in level), default=0)
    while depth:
        depth -= 1
        groups: dict[tuple[str, ...], list[float]] = {}
        for path, value in level:
            groups.setdefault(path[:depth] if len(path) > depth else path, []).append(value)
        level = [(path, fsum(members) / len(members)) for path, members in groups.items()]
    return level[0][1] if level else None


def roc_area(points: Iterable[tuple[float, float]]) -> float:
    """Return the area under (TNR, TPR) points of a sweep, 0 to 1, as the published protocol does.

    Only points that no other point beats in both rates count. The curve is level to the left of the first point and
    falls to 0 right of the last one: the part that the sweep did not reach earns nothing. 0 without points.

    >>> roc_area([(1.0, 1.0)]), roc_area([(0.5, 1.0), (1.0, 0.5), (0.4, 0.4)])
    (1.0, 0.875)
    """
    left_tnr = area = 0.0
    left_tpr: float | None = None
    for tnr, tpr in _front(points):
        area += (tnr - left_tnr) * (tpr if left_tpr is None else (tpr + left_tpr) / 2)
        left_tnr, left_tpr = tnr, tpr
    return area


def _front(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points that no other beats in both rates, by falling TPR, then rising TNR."""
    front: list[tuple[float, float]] = []
    best_tpr = -1.0
    for _, same_tnr in groupby(sorted(set(points), reverse=True), key=lambda point: point[0]):
        column = list(same_tnr)
        front += [point for point in column if point[1] >= best_tpr]
        best_tpr = max(best_tpr, column[0][1])
    return sorted(front, key=lambda point: (-point[1], point[0]))
