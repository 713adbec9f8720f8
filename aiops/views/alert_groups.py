"""The alerts of an incident by name: their text, where, how often, and the labels of all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil
from typing import Annotated

from msgspec import Meta, Struct

from aiops.records import LABELS
from aiops.views.incident_alerts import IncidentAlerts
from aiops.views.streams import Stream

# Nobody reads more on one page; the API has the same bounds, and the counts are of all.
MAX_GROUPS, MAX_ROWS, MIN_ROWS = 30, 12, 1
# Rows of all groups together, as far as each has its least.
ALL_ROWS = 36
# Labels lifted to the header: those that name the site. A tool that sends a hundred would fill the screen.
MAX_COMMON = 12
# Bars of a spark.
MAX_BARS = 60
# Labels that repeat what stands beside them.
_SHOWN_ELSEWHERE = frozenset(("alertname", "severity"))

Count = Annotated[int, Meta(ge=0)]


class AlertRow(Struct):
    """One stream: the same alert on one entity.

    `labels` are those that not all streams of the name have. `ended_at` is None while it fires, and if it is not known.
    """

    fingerprint: str
    alert_id: str
    entity: str
    service: str | None
    severity: str
    count: Count
    is_firing: bool
    first_at: float
    last_at: float
    message: str | None = None
    labels: dict[str, str] = {}
    url: str | None = None
    silenced_by: str | None = None
    silenced_until: float | None = None
    ended_at: float | None = None
    message_at: float | None = None


class AlertGroup(Struct):
    """All streams of one alert name, firing ones first, then the most severe.

    `message`, `url` and `runbook_url` are the newest. `labels` are those that all its streams have, without the
    incident's. `rows` are the first streams; `more` counts the others, `more_firing` those of them that fire. `counts`
    are its alerts over time. `ended_at` is the end of the last one, None while one fires.
    """

    name: str
    severity: str
    count: Count
    streams: Count
    entities: Count
    firing: Count
    first_at: float
    last_at: float
    message: str | None = None
    url: str | None = None
    runbook_url: str | None = None
    sources: list[str] = []
    labels: dict[str, str] = {}
    rows: list[AlertRow] = []
    more: Count = 0
    counts: list[int] = []
    more_firing: Count = 0
    ended_at: float | None = None
    message_at: float | None = None


class AlertGroups(Struct):
    """The alerts of an incident by name.

    `common` are labels that all streams have. `stream_count` counts the incident's streams; `described` those that
    are known one by one, which the groups are made of. `more` counts groups that are left out.
    """

    groups: list[AlertGroup]
    common: dict[str, str]
    kinds: Count
    stream_count: Count
    described: Count
    more: Count = 0


def alert_groups(alerts: IncidentAlerts, stream_count: int) -> AlertGroups:
    """Group the streams of an incident by name: firing ones first, then the most severe and frequent."""
    streams = alerts.streams
    by_name: dict[str, list[Stream]] = {}
    for stream in streams:
        by_name.setdefault(stream.name, []).append(stream)
    common = _common(streams)
    ordered = sorted(by_name.values(), key=_rank)
    most = max(MIN_ROWS, min(MAX_ROWS, ALL_ROWS // max(1, len(ordered))))
    groups = [_group(own, common, most) for own in ordered[:MAX_GROUPS]]
    _count(groups, alerts)
    lifted = dict(list(common.items())[:MAX_COMMON])
    count = max(stream_count, len(streams))
    return AlertGroups(groups, lifted, len(by_name), count, len(streams), max(0, len(ordered) - MAX_GROUPS))


def _rank(own: list[Stream]) -> tuple[bool, int, int, str]:
    """Return the place of a name: an ended alert, however severe, comes after those that still fire."""
    firing = [one for one in own if one.is_firing]
    return not firing, -max(one.severity for one in firing or own), -_alerts(own), own[0].name


def _group(own: list[Stream], common: dict[str, str], most: int) -> AlertGroup:
    shared = _common(own)
    rows = sorted(own, key=lambda one: (not one.is_firing, -one.severity, -one.count, one.entity))[:most]
    newest = max(own, key=lambda one: (one.message is not None, _message_at(one)))
    linked = max(own, key=lambda one: (one.url is not None, one.last_at))
    return AlertGroup(
        name=own[0].name,
        severity=LABELS[max(one.severity for one in own)],
        count=_alerts(own),
        streams=len(own),
        entities=len({one.entity for one in own}),
        firing=sum(one.is_firing for one in own),
        first_at=min(one.first_at for one in own),
        last_at=max(one.last_at for one in own),
        message=newest.message,
        url=linked.url,
        runbook_url=next((one.runbook_url for one in own if one.runbook_url), None),
        sources=sorted({one.source for one in own if one.source}),
        labels={name: value for name, value in shared.items() if common.get(name) != value},
        rows=[_row(one, shared) for one in rows],
        more=len(own) - len(rows),
        more_firing=sum(one.is_firing for one in own) - sum(one.is_firing for one in rows),
        ended_at=None if any(one.is_firing for one in own) else max(one.ended_at or 0.0 for one in own) or None,
        message_at=_message_at(newest) if newest.message is not None else None,
    )


def _count(groups: list[AlertGroup], alerts: IncidentAlerts) -> None:
    """Set the alerts over time of each group, from the first alert to the last one."""
    first = min((one.first_at for one in alerts.streams), default=0.0)
    last = max((one.last_at for one in alerts.streams), default=0.0)
    step = 60.0 * max(1, ceil((last - first) / 60.0 / MAX_BARS))
    start = first // 60 * 60
    length = int((last - start) // step) + 1
    by_name = {group.name: group for group in groups}
    totals: dict[str, int] = {}
    for group in groups:
        group.counts = [0] * length if alerts.minutes else []
    for one in alerts.minutes:
        totals[one.name] = totals.get(one.name, 0) + one.count
        found = by_name.get(one.name)
        if found is not None:
            place = int((one.at - start) / step)
            if 0 <= place < length:
                found.counts[place] += one.count
    for group in groups:
        group.count = max(group.count, totals.get(group.name, 0))


def _row(one: Stream, shared: dict[str, str]) -> AlertRow:
    return AlertRow(
        fingerprint=one.fingerprint,
        alert_id=one.alert_id,
        entity=one.entity,
        service=one.service,
        severity=LABELS[one.severity],
        count=one.count,
        is_firing=one.is_firing,
        first_at=one.first_at,
        last_at=one.last_at,
        message=one.message,
        labels={
            name: value
            for name, value in one.labels.items()
            if name not in shared and name not in _SHOWN_ELSEWHERE and value != one.entity
        },
        url=one.url,
        silenced_by=one.silenced_by,
        silenced_until=one.silenced_until,
        ended_at=one.ended_at,
        message_at=_message_at(one) if one.message is not None else None,
    )


def _message_at(one: Stream) -> float:
    return one.message_at if one.message_at is not None else one.last_at


def _alerts(own: Iterable[Stream]) -> int:
    return sum(one.count for one in own)


def _common(streams: Sequence[Stream]) -> dict[str, str]:
    """Return the labels that all streams have, in the order of the first."""
    labelled = [one.labels for one in streams]
    if not labelled or not all(labelled):
        return {}
    first, *others = labelled
    found = {name: value for name, value in first.items() if name not in _SHOWN_ELSEWHERE}
    for labels in others:
        if not found:
            break
        different = [name for name, value in found.items() if labels.get(name) != value]
        for name in different:
            del found[name]
    return found
