"""Who is told of a change of an incident, and when.

An endpoint hears of an incident once it is severe enough and has settled; then of what a person would act on: it got
worse, there is a first suspect, it was reopened, acknowledged, merged, or is over. Everything else is on the page.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from urllib.parse import quote

import msgspec

from aiops.config import DEFAULT_SETTLE_S, EndpointConfig
from aiops.engine.events import IncidentChanged
from aiops.records import Incident, Severity, parse_severity
from aiops.store.outbox import OVER, Entry, OutboxTable, Told, told
from aiops.trace import OFF, Tracer


class Announcer:
    """Makes outbox rows of changes, for all endpoints. See `EndpointConfig` for what can be set."""

    def __init__(
        self, outbox: OutboxTable, endpoints: Sequence[EndpointConfig], external_url: str = "", tracer: Tracer = OFF
    ) -> None:
        self._outbox = outbox
        self.endpoints = list(endpoints)
        self._tracer = tracer
        self._external_url = external_url.rstrip("/")

    def entries(self, connection: sqlite3.Connection, event: IncidentChanged, now: float) -> Iterator[Entry]:
        """The rows for one change; called inside the transaction that writes them."""
        body = b""
        for endpoint in self.endpoints:
            decided = self._decide(connection, endpoint, event, now)
            if decided is None:
                continue
            change, due_at = decided
            body = body or msgspec.json.encode(event.incident)
            yield Entry(
                endpoint=endpoint.name,
                incident=event.incident.id,
                version=event.version,
                change=change,
                body=body,
                at=event.at,
                due_at=due_at,
                link=self._link(event.incident.id),
                severity=int(parse_severity(event.incident.severity)),
                cause=_suspect(event.incident),
                traceparent=self._tracer.kept((event.incident.id, event.version)),
            )

    def _decide(
        self, connection: sqlite3.Connection, endpoint: EndpointConfig, event: IncidentChanged, now: float
    ) -> tuple[str, float] | None:
        """What to tell one endpoint, and from when on; None for nothing."""
        before = told(connection, endpoint.name, event.incident.id)
        severity = parse_severity(event.incident.severity)
        if before.changes == 0:
            return _first(endpoint, event, severity, now)
        if event.change in OVER:
            if self._outbox.cancel_settling(connection, endpoint.name, event.incident.id, now):
                before = told(connection, endpoint.name, event.incident.id)
            # What was never told, or was told to be over, needs no end.
            return None if before.changes == 0 or before.last_change in OVER else (event.change, now)
        if event.change == "reopened":
            # Never dropped: who was told that it is over must hear that it is not. One that flaps is told less often.
            return event.change, max(now + _settle_s(endpoint, severity), before.last_due_at + endpoint.update_every_s)
        if event.change not in ("updated", "opened"):
            # An acknowledgement stops others from being called; people make few of them.
            return event.change, now
        if before.updates >= endpoint.max_updates:
            return None
        return _update(endpoint, event.incident, severity, before, now)

    def _link(self, incident: str) -> str | None:
        return f"{self._external_url}/incidents/{quote(incident, safe='')}" if self._external_url else None


def _first(
    endpoint: EndpointConfig, event: IncidentChanged, severity: Severity, now: float
) -> tuple[str, float] | None:
    """The first that an endpoint hears of an incident is that it opened, whatever happened to it before."""
    if event.incident.status in OVER or severity < parse_severity(endpoint.min_severity):
        return None
    return "opened", now + _settle_s(endpoint, severity)


def _update(
    endpoint: EndpointConfig, incident: Incident, severity: Severity, before: Told, now: float
) -> tuple[str, float] | None:
    if severity > before.severity:
        return "updated", now + _settle_s(endpoint, severity)
    if before.cause is None and _suspect(incident) is not None:
        return "updated", max(now, before.last_due_at + endpoint.update_every_s)
    return None


def _settle_s(endpoint: EndpointConfig, severity: Severity) -> float:
    return endpoint.settle_s.get(severity.label, DEFAULT_SETTLE_S[severity.label])


def _suspect(incident: Incident) -> str | None:
    return incident.causes[0].entity if incident.causes else None
