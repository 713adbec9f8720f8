"""Incidents for the tests of views: members, streams and minutes with the least that a test names."""

from __future__ import annotations

from typing import Any

from aiops.records import Affected, Cause, Incident, Member
from aiops.views.incident_alerts import IncidentAlerts, Minute
from aiops.views.streams import Stream

START = 1_772_359_200.0


def member(name: str, entity: str, **more: Any) -> Member:
    given: dict[str, Any] = {
        "severity": "high",
        "status": "firing",
        "count": 1,
        "first_at": START,
        "last_at": START,
    } | more
    return Member(f"f-{name}-{entity}", name, entity, **given)


def stream(name: str, entity: str, place: str = "", **more: Any) -> Stream:
    given: dict[str, Any] = {"severity": 3, "first_at": START, "last_at": START + 60, "count": 1, "is_firing": True}
    given |= {"onsets": [START]} | more
    return Stream(f"f-{name}-{entity}", name, place or entity, entity, **given)


def minute(number: int, place: str, count: int, severity: int = 3, name: str = "Errors") -> Minute:
    return Minute(START // 60 * 60 + 60.0 * number, name, place, severity, count)


def incident(*members: Member, cause: str | None = None, **more: Any) -> Incident:
    given: dict[str, Any] = {
        "id": "inc-1",
        "opened_at": START,
        "first_alert_at": START,
        "last_alert_at": START + 600,
        "status": "open",
        "members": list(members),
        "stream_count": len(members),
    } | more
    if cause is not None:
        given["causes"] = [Cause(cause, 3.0, None, "high")]
    return Incident(**given)


def alerts(*streams: Stream, minutes: tuple[Minute, ...] = (), cause: str | None = None) -> IncidentAlerts:
    return IncidentAlerts(list(streams), list(minutes), cause)


def affected(workload: str, count: int, kind: str = "pod") -> Affected:
    return Affected(workload, f"{workload}-0", count, kind)
