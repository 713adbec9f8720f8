"""Tracks of a result for its timeline: the incidents, or the entities of one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aiops.notebook.alert_columns import AlertColumns
from aiops.notebook.picture import Picture
from aiops.notebook.timeline_picture import Timeline, draw
from aiops.notebook.tracks import Span, Track, span_of
from aiops.records import LABELS, Incident, parse_severity
from aiops.wording import listed, plural

# Names of alerts beside an entity.
_NAMES = 3


def most_severe(incidents: Iterable[Incident], most: int) -> list[Incident]:
    """The most severe incidents, of equals the ones with more alerts first."""
    return sorted(incidents, key=lambda one: (-parse_severity(one.severity), -len(one.alerts), one.id))[:most]


def suspect_of(incident: Incident) -> str:
    """The first suspect, with its probability where that is calibrated; empty without one."""
    if not incident.causes:
        return ""
    cause = incident.causes[0]
    return f"{cause.entity} ({cause.probability:.0%})" if cause.probability is not None else cause.entity


def of_incidents(incidents: Sequence[Incident], alerts: AlertColumns, homes: Sequence[str | None], top: int) -> Picture:
    """Draw a track for each of the `top` most severe incidents, in the order in which they opened."""
    chosen = most_severe(incidents, top)
    span = span_of(alerts.ts) if alerts.ts else Span(0.0, 60.0)
    tracks = {one.id: _incident_track(one, span) for one in sorted(chosen, key=lambda one: one.first_alert_at or 0.0)}
    for at, home in zip(alerts.ts, homes, strict=True):
        if home in tracks:
            tracks[home].count(span, (at,))
    title = f"{plural(len(alerts), 'alert')} became {plural(len(incidents), 'incident')}"
    more = len(incidents) - len(chosen)
    left_out = f"and {plural(more, 'more incident')}, none more severe than these" if more else ""
    return draw(Timeline(title, span, _total(alerts.ts, span), list(tracks.values()), alerts.changes, left_out))


def _incident_track(incident: Incident, span: Span) -> Track:
    suspect = suspect_of(incident)
    start = incident.first_alert_at or incident.opened_at or span.start
    return Track(
        label=incident.title or incident.id,
        detail=f"suspect {suspect}" if suspect else "no clear cause",
        severity=incident.severity or "warning",
        start=start,
        end=_end(incident.resolved_at, span),
        total=len(incident.alerts),
        is_open=incident.resolved_at is None or incident.resolved_at > span.end,
    )


def _end(resolved_at: float | None, span: Span) -> float:
    return span.end if resolved_at is None else min(resolved_at, span.end)


def of_entities(incident: Incident, alerts: AlertColumns, homes: Sequence[str | None], top: int) -> Picture:
    """Draw a track for each of the `top` most severe entities of an incident, by their first alert."""
    mine = [place for place, home in enumerate(homes) if home == incident.id]
    times = [alerts.ts[place] for place in mine]
    span = span_of(times) if times else Span(0.0, 60.0)
    by_entity: dict[str, list[int]] = {}
    for place in mine:
        by_entity.setdefault(alerts.entity[place] or "unknown", []).append(place)
    tracks = [_entity_track(name, places, alerts, span) for name, places in by_entity.items()]
    tracks.sort(key=lambda track: (-parse_severity(track.severity), -track.total, track.label))
    chosen = sorted(tracks[:top], key=lambda track: track.start)
    more = len(tracks) - len(chosen)
    left_out = f"and {plural(more, 'more entity', 'more entities')}, none more severe than these" if more else ""
    title = f"{incident.title or incident.id}: {plural(len(mine), 'alert')}"
    changes = [change for change in alerts.changes if span.start - 3600 <= change.ts <= span.end]
    return draw(Timeline(title, span, _total(times, span), chosen, changes, left_out))


def _entity_track(name: str, places: Sequence[int], alerts: AlertColumns, span: Span) -> Track:
    times = [alerts.ts[place] for place in places]
    names = list(dict.fromkeys(alerts.texts["name"][place] or "" for place in places))
    last = {alerts.fingerprint[place]: alerts.texts["status"][place] for place in places}
    track = Track(
        label=name,
        detail=listed(names, _NAMES),
        severity=LABELS[max(0, *(alerts.severity[place] for place in places))],
        start=min(times),
        end=max(times),
        total=len(places),
        is_open="firing" in last.values(),
    )
    track.count(span, times)
    return track


def _total(times: Sequence[float], span: Span) -> Track:
    track = Track("all alerts", "", "info", span.start, span.end, total=len(times))
    track.count(span, times)
    return track
