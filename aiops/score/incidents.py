"""Measures of detection: the share of incidents reported, the delay, and the noise reduction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor

from msgspec import Struct


class Detection(Struct):
    """The detection of labelled incidents.

    `recall` is the share (0 to 1) of labelled incidents with at least one alert in a reported incident. `own_recall` is
    the share that is the largest part of at least one reported incident (background counted as one part); a single
    incident that swallows everything cannot win it. Delays are in seconds, of the found ones; None if there was none.
    """

    incidents: int
    recall: float
    own_recall: float
    seconds_p50: float | None
    seconds_p95: float | None


def detection(
    truth: Sequence[str | None],
    reported: Sequence[str | None],
    seen_at: Sequence[float],
    started: Mapping[str, float],
) -> Detection:
    """Score the final assignment of alerts.

    `truth`, `reported` (None: in no reported incident) and `seen_at` (Unix seconds since it was in it) are parallel.
    `started` holds the onset of each labelled incident; its keys are the denominator. The time to incident is from the
    onset to the first time that one of its alerts was in a reported incident, not below 0.

    >>> detection(["a", "a", "b"], ["i1", "i1", None], [12.0, 15.0, 20.0], {"a": 10.0, "b": 20.0})
    Detection(incidents=2, recall=0.5, own_recall=0.5, seconds_p50=2.0, seconds_p95=2.0)
    """
    first: dict[str, float] = {}
    parts: dict[str, dict[str | None, int]] = {}
    for label, incident, at in zip(truth, reported, seen_at, strict=True):
        if incident is None:
            continue
        share = parts.setdefault(incident, {})
        share[label] = share.get(label, 0) + 1
        if label in started and label is not None:
            first[label] = min(at, first.get(label, at))
    delays = sorted(max(0.0, first[label] - started[label]) for label in first)
    count = len(started)
    return Detection(
        incidents=count,
        recall=len(first) / count if count else 1.0,
        own_recall=len(_owned(parts) & started.keys()) / count if count else 1.0,
        seconds_p50=quantile(delays, 0.5),
        seconds_p95=quantile(delays, 0.95),
    )


def _owned(parts: Mapping[str, Mapping[str | None, int]]) -> set[str]:
    owners: set[str] = set()
    for share in parts.values():
        largest = max(share.values())
        owners.update(label for label, size in share.items() if size == largest and label is not None)
    return owners


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Interpolate linearly between the closest ranks (type 7 of Hyndman and Fan 1996).

    Return None of nothing.

    >>> quantile([1.0, 2.0, 4.0], 0.75)
    3.0
    """
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def noise_reduction(alerts: int, incidents: int) -> float:
    """Return the share of alerts that nobody reads one by one, `1 - incidents/alerts`; 0 without alerts.

    >>> noise_reduction(1000, 4)
    0.996
    """
    return 1.0 - incidents / alerts if alerts else 0.0
