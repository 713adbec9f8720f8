"""The course of an incident: alerts by service over time, and what else happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from msgspec import Meta, Struct

from aiops.records import LABELS, Incident
from aiops.views.course import Course
from aiops.views.incident_alerts import IncidentAlerts, Minute
from aiops.views.marks import Mark
from aiops.views.streams import Stream
from aiops.views.stretch import MINUTE_S, Stretch

# Tracks that a person compares at once; the others share one.
MAX_TRACKS = 12
# Names that are listed of the services without a track of their own.
MAX_FOLDED = 200
Count = Annotated[int, Meta(ge=0)]


class Bar(Struct, array_like=True):
    """Alerts of one severity in the bucket of time that begins at `at` (Unix seconds)."""

    at: float
    severity: str
    count: int


class Track(Struct):
    """The alerts of one service over time. `onsets` are the times at which its streams began to fire."""

    name: str
    severity: str
    alerts: Count
    entities: Count
    first_at: float
    last_at: float
    is_cause: bool = False
    bars: list[Bar] = []
    onsets: list[float] = []


class Timeline(Struct):
    """The course of an incident between `start` and `end`; times are Unix seconds.

    `first` and `last` are the whole incident's. `tracks` are services in the order in which they began to alert;
    `folded` adds up those without a track of their own, which `folded_names` lists. Bars count alerts in `bucket_s`
    seconds, from minutes: `is_counted` is False where no such counts are kept, and bars count streams that began.
    Marks may lie outside of the stretch.
    """

    incident: str
    start: float
    end: float
    first: float
    last: float
    at: float
    bucket_s: float
    is_counted: bool
    tracks: list[Track]
    folded: Track | None = None
    folded_names: list[str] = []
    folded_count: Count = 0
    changes: list[Mark] = []
    decisions: list[Mark] = []
    notifications: list[Mark] = []
    people: list[Mark] = []
    runs: list[Mark] = []


def timeline(incident: Incident, alerts: IncidentAlerts, course: Course, stretch: Stretch) -> Timeline:
    """Return the course of an incident in a stretch of time."""
    by_place: dict[str, list[Stream]] = {}
    for one in alerts.streams:
        by_place.setdefault(one.place, []).append(one)
    counted: dict[str, list[Minute]] = {}
    for minute in alerts.minutes:
        counted.setdefault(minute.place, []).append(minute)
    names = list(dict.fromkeys([*by_place, *counted]))
    tracks = [_track(name, by_place.get(name, []), counted.get(name, []), stretch) for name in names]
    for track in tracks:
        track.is_cause = track.name == alerts.cause
    return _timeline(incident, tracks, bool(alerts.minutes), course, stretch)


def _timeline(incident: Incident, tracks: list[Track], is_counted: bool, course: Course, stretch: Stretch) -> Timeline:
    tracks.sort(key=lambda one: (not one.is_cause, -LABELS.index(one.severity), -one.alerts, one.name))
    kept, rest = tracks[:MAX_TRACKS], tracks[MAX_TRACKS:]
    if len(rest) == 1:
        # A line that counts one service takes the place of the service.
        kept, rest = tracks, []
    kept.sort(key=lambda one: (not one.is_cause, one.first_at, one.name))
    found = Timeline(
        incident.id,
        stretch.start,
        stretch.end,
        stretch.first,
        stretch.last,
        stretch.at,
        stretch.bucket_s,
        is_counted,
        kept,
    )
    if rest:
        found.folded, found.folded_count = _folded(rest), len(rest)
        found.folded_names = [one.name for one in rest[:MAX_FOLDED]]
    found.changes, found.decisions, found.notifications = course.changes, course.decisions, course.notifications
    found.people, found.runs = course.people, course.runs
    return found


def _track(name: str, streams: list[Stream], minutes: list[Minute], stretch: Stretch) -> Track:
    worst = max([*(one.severity for one in streams), *(one.severity for one in minutes)], default=0)
    alerts = max(sum(one.count for one in minutes), sum(one.count for one in streams))
    onsets = sorted(at for one in streams for at in one.onsets)
    times = [one.first_at for one in streams] or [one.at for one in minutes]
    last = [one.last_at for one in streams] or [one.at for one in minutes]
    found = Track(name, LABELS[worst], alerts, len({one.entity for one in streams}), min(times), max(last))
    found.bars = _bars(minutes, stretch) if minutes else _bars_of_onsets(streams, stretch)
    found.onsets = [at for at in onsets if stretch.start <= at <= stretch.end]
    return found


def _bars(minutes: Iterable[Minute], stretch: Stretch) -> list[Bar]:
    counts: dict[tuple[float, int], int] = {}
    for one in minutes:
        if stretch.start - MINUTE_S < one.at <= stretch.end:
            key = stretch.bucket(one.at), one.severity
            counts[key] = counts.get(key, 0) + one.count
    return _listed(counts)


def _bars_of_onsets(streams: Iterable[Stream], stretch: Stretch) -> list[Bar]:
    counts: dict[tuple[float, int], int] = {}
    for one in streams:
        for at in one.onsets:
            if stretch.start <= at <= stretch.end:
                key = stretch.bucket(at), one.severity
                counts[key] = counts.get(key, 0) + 1
    return _listed(counts)


def _listed(counts: Mapping[tuple[float, int], int]) -> list[Bar]:
    return [Bar(at, LABELS[level], count) for (at, level), count in sorted(counts.items())]


def _folded(rest: list[Track]) -> Track:
    counts: dict[tuple[float, int], int] = {}
    for track in rest:
        for bar in track.bars:
            key = bar.at, LABELS.index(bar.severity)
            counts[key] = counts.get(key, 0) + bar.count
    worst = max(rest, key=lambda one: LABELS.index(one.severity)).severity
    found = Track("", worst, sum(one.alerts for one in rest), sum(one.entities for one in rest), 0.0, 0.0)
    found.first_at, found.last_at = min(one.first_at for one in rest), max(one.last_at for one in rest)
    found.bars = _listed(counts)
    return found
