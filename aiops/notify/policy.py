"""The notification policy: which endpoint is notified of a change of an incident, when, and what is new in it.

An endpoint is notified of an incident once it is severe enough and has settled; then of what is new to it: an alert
name or a service that was not named to it at this severity, a higher severity, another first suspect; and when the
incident is reopened, acknowledged, merged or resolved. News is put together at a bounded rate and is never dropped. All
that is compared with is in the rows of the outbox, which are written in the transaction of the change. While all that
fires of an incident is silenced, an endpoint is notified of its end alone; what it missed is compared afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from aiops.config import DEFAULT_SETTLE_S, EndpointConfig
from aiops.engine.events import IncidentChanged
from aiops.notify.news import news_of, spoken, still_firing
from aiops.records import Severity, parse_severity
from aiops.store.outbox import OVER, Entry, NamedAlerts, NotificationHistory, OutboxTransaction, suspect
from aiops.telemetry.trace import OFF, Tracer

# News of an incident that has had `max_updates` updates goes out at most this often: four messages an hour are read,
# and nobody waits for longer than it takes to call somebody.
SLOW_EVERY_S = 900.0


class EndpointPolicy:
    """Makes outbox rows of changes, for all endpoints. See `EndpointConfig` for what can be set."""

    def __init__(self, endpoints: Sequence[EndpointConfig], external_url: str = "", tracer: Tracer = OFF) -> None:
        self._endpoints = list(endpoints)
        self._tracer = tracer
        self._external_url = external_url.rstrip("/")

    def replace(self, endpoints: Sequence[EndpointConfig]) -> None:
        """Use other endpoints from the next change on."""
        self._endpoints = list(endpoints)

    def entries(self, outbox: OutboxTransaction, event: IncidentChanged, now: float) -> Iterator[Entry]:
        """The rows for one change; called inside the transaction that writes them."""
        body = b""
        for endpoint in self._endpoints:
            decided = self._decide(outbox, endpoint, event, now)
            if decided is None:
                continue
            body = body or msgspec.json.encode(event.incident)
            yield Entry(
                endpoint=endpoint.name,
                incident=event.incident.id,
                version=event.version,
                change=decided.change,
                body=body,
                at=event.at,
                due_at=decided.due_at,
                link=self._link(event.incident.id),
                severity=int(parse_severity(event.incident.severity)),
                cause=suspect(event.incident),
                traceparent=self._tracer.kept((event.incident.id, event.version)),
                news=decided.news,
                named=msgspec.json.encode(decided.spoken) if decided.spoken is not None else None,
            )

    def _decide(
        self, outbox: OutboxTransaction, endpoint: EndpointConfig, event: IncidentChanged, now: float
    ) -> Notification | None:
        """What to tell one endpoint, and from when on; None for nothing."""
        before = outbox.history(endpoint.name, event.incident.id, event.version)
        severity = parse_severity(event.incident.severity)
        if before.changes == 0:
            return _first(endpoint, event, severity, now)
        if event.change in OVER:
            return self._end(outbox, endpoint, event, before, now)
        if _is_held(event):
            self._hold(outbox, endpoint, event, now)
            return None
        if event.change == "reopened" or (before.last_change in OVER and event.incident.status not in OVER):
            # Never dropped: who was told that it is over must hear that it is not. One that flaps is told less often.
            due_at = max(now + _settle_s(endpoint, severity), before.last_due_at + endpoint.update_every_s)
            return Notification("reopened", due_at, spoken=_begin(endpoint, event))
        if event.change not in ("updated", "opened"):
            # An acknowledgement stops others from being called; people make few of them.
            return Notification(event.change, now)
        return _update(endpoint, event, before, now)

    def _hold(self, outbox: OutboxTransaction, endpoint: EndpointConfig, event: IncidentChanged, now: float) -> None:
        """Take back what waits when a silence begins: what is still true of it is news when the silence ends."""
        if "silenced" in event.what:
            incident = event.incident.id
            outbox.cancel_settling(endpoint.name, incident, now)
            outbox.supersede(endpoint.name, incident, event.version, now)

    def _end(
        self,
        outbox: OutboxTransaction,
        endpoint: EndpointConfig,
        event: IncidentChanged,
        before: NotificationHistory,
        now: float,
    ) -> Notification | None:
        incident = event.incident.id
        if outbox.cancel_settling(endpoint.name, incident, now):
            before = outbox.history(endpoint.name, incident, event.version)
        # What was never told, or was told to be over, needs no end.
        if before.changes == 0 or before.last_change in OVER:
            return None
        if endpoint.send_resolved:
            return _ended(endpoint, event, before, now)
        outbox.supersede(endpoint.name, incident, event.version, now)
        return _left(endpoint, event, before, now)

    def _link(self, incident: str) -> str | None:
        return f"{self._external_url}/incidents/{quote(incident, safe='')}" if self._external_url else None


class Notification(Struct):
    """A message: which change it tells from when on, what is new in it, and what the endpoint knows after it."""

    change: str
    due_at: float
    news: list[str] = field(default_factory=list)
    spoken: NamedAlerts | None = None


def _first(endpoint: EndpointConfig, event: IncidentChanged, severity: Severity, now: float) -> Notification | None:
    """The first that an endpoint hears of an incident is that it opened, whatever happened to it before."""
    if event.incident.status in OVER or severity < parse_severity(endpoint.min_severity) or _is_held(event):
        return None
    return Notification("opened", now + _settle_s(endpoint, severity), spoken=_begin(endpoint, event))


def _ended(endpoint: EndpointConfig, event: IncidentChanged, before: NotificationHistory, now: float) -> Notification:
    """An end, with the news that it overtook. One that is merged needs none: the other incident has it."""
    if event.change != "resolved":
        return Notification(event.change, now)
    least = int(parse_severity(endpoint.min_severity))
    news = news_of(event, before, least)
    lines = news.lines if news is not None else []
    return Notification(event.change, now, [*lines, *still_firing(event.incident, least)])


def _left(
    endpoint: EndpointConfig, event: IncidentChanged, before: NotificationHistory, now: float
) -> Notification | None:
    """What an endpoint that wants no ends must hear of one: alerts that it does not know, while something fires on."""
    least = int(parse_severity(endpoint.min_severity))
    news = news_of(event, before, least) if event.incident.firing_count else None
    if event.change != "resolved" or news is None or news.level is None or _is_held(event):
        return None
    return Notification("updated", now, news.lines, spoken(before.spoken, event.named, least))


def _is_held(event: IncidentChanged) -> bool:
    """Whether all that fires is silenced. What people did, or must do, goes out all the same."""
    return bool(event.incident.silenced_by) and event.change != "acknowledged" and "note" not in event.what


def _begin(endpoint: EndpointConfig, event: IncidentChanged) -> NamedAlerts:
    return spoken(NamedAlerts(), event.named, int(parse_severity(endpoint.min_severity)))


def _update(
    endpoint: EndpointConfig, event: IncidentChanged, before: NotificationHistory, now: float
) -> Notification | None:
    least = int(parse_severity(endpoint.min_severity))
    news = news_of(event, before, least)
    if "note" in event.what:
        # Somebody must do something now, however much was told of the incident before.
        lines = [*event.incident.explanation[-1:], *(news.lines if news is not None else [])]
        return Notification("updated", now, lines, spoken(before.spoken, event.named, least))
    if news is None:
        return None
    every_s = endpoint.update_every_s
    if before.updates >= endpoint.max_updates:
        every_s = max(every_s, SLOW_EVERY_S)
    settled = now if news.level is None else now + _settle_s(endpoint, Severity(news.level))
    due_at = max(settled, before.last_due_at + every_s)
    if news.rises:
        # There are few steps to the top, and each of them may be what somebody has to get up for.
        due_at = min(due_at, now + _settle_s(endpoint, parse_severity(event.incident.severity)))
    if before.waiting_due_at is not None:
        # It takes the place of what waits, and must not be a reason to wait longer.
        due_at = min(due_at, before.waiting_due_at)
    return Notification("updated", due_at, news.lines, spoken(before.spoken, event.named, least))


def _settle_s(endpoint: EndpointConfig, severity: Severity) -> float:
    return endpoint.settle_s.get(severity.label, DEFAULT_SETTLE_S[severity.label])
