"""The notification policy: which endpoint is notified of a change of an incident, and when.

An endpoint is notified of an incident once it is severe enough and has settled. After that it is notified of news: an
alert name or a service that no message named at this severity, a higher severity, another first suspect. It is notified
when the incident is reopened, acknowledged, merged or resolved. News is combined at a bounded rate and never dropped.

The policy compares a change with the rows of the outbox, in the transaction that writes them. While all that fires of
an incident is silenced, an endpoint is notified of its end alone; what it missed is news when the silence ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import msgspec
from msgspec import Struct, field

from aiops.config import DEFAULT_SETTLE_S, EndpointConfig
from aiops.engine.events import IncidentChanged
from aiops.notify.news import named_after, news_of, still_firing
from aiops.records import Severity, parse_severity
from aiops.store.outbox import OVER, Entry, NamedAlerts, NotificationHistory, OutboxTransaction, suspect
from aiops.telemetry.trace import OFF, Tracer

# News of an incident that has had `max_updates` updates goes out at most this often: four messages an hour are read,
# and nobody waits for longer than it takes to call somebody.
SLOW_EVERY_S = 900.0


class EndpointPolicy:
    """The policy of all endpoints: outbox rows from changes; `EndpointConfig` has the settings."""

    def __init__(self, endpoints: Sequence[EndpointConfig], external_url: str = "", tracer: Tracer = OFF) -> None:
        self._endpoints = list(endpoints)
        self._tracer = tracer
        self._external_url = external_url.rstrip("/")

    def replace(self, endpoints: Sequence[EndpointConfig]) -> None:
        """Use other endpoints from the next change on."""
        self._endpoints = list(endpoints)

    def entries(self, outbox: OutboxTransaction, event: IncidentChanged, now: float) -> Iterator[Entry]:
        """Return the rows for one change; called inside the transaction that writes them."""
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
                named=msgspec.json.encode(decided.named) if decided.named is not None else None,
            )

    def _decide(
        self, outbox: OutboxTransaction, endpoint: EndpointConfig, event: IncidentChanged, now: float
    ) -> Notification | None:
        """Return the notification of one endpoint; None for none."""
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
            # Never dropped: an endpoint that got the end must get the reopening. Flapping makes it less frequent.
            due_at = max(now + _settle_s(endpoint, severity), before.last_due_at + endpoint.update_every_s)
            return Notification("reopened", due_at, named=_begin(endpoint, event))
        if event.change not in ("updated", "opened"):
            # An acknowledgement stops others from being called; people make few of them.
            return Notification(event.change, now)
        return _update(endpoint, event, before, now)

    def _hold(self, outbox: OutboxTransaction, endpoint: EndpointConfig, event: IncidentChanged, now: float) -> None:
        """Withdraw what waits when a silence begins; what is still true is news when the silence ends."""
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
        # An incident without a message, or with an end as the last one, needs no end.
        if before.changes == 0 or before.last_change in OVER:
            return None
        if endpoint.send_resolved:
            return _ended(endpoint, event, before, now)
        outbox.supersede(endpoint.name, incident, event.version, now)
        return _left(endpoint, event, before, now)

    def _link(self, incident: str) -> str | None:
        return f"{self._external_url}/incidents/{quote(incident, safe='')}" if self._external_url else None


class Notification(Struct):
    """A message: its change, the time from which it is due, its news, and the alerts known after it."""

    change: str
    due_at: float
    news: list[str] = field(default_factory=list)
    named: NamedAlerts | None = None


def _first(endpoint: EndpointConfig, event: IncidentChanged, severity: Severity, now: float) -> Notification | None:
    """Return an opening: the first message of an incident, in any state that has not ended."""
    if event.incident.status in OVER or severity < parse_severity(endpoint.min_severity) or _is_held(event):
        return None
    return Notification("opened", now + _settle_s(endpoint, severity), named=_begin(endpoint, event))


def _ended(endpoint: EndpointConfig, event: IncidentChanged, before: NotificationHistory, now: float) -> Notification:
    """Return an end, with the news that it overtook; a merge needs none, as the other incident has it."""
    if event.change != "resolved":
        return Notification(event.change, now)
    least = int(parse_severity(endpoint.min_severity))
    news = news_of(event, before, least)
    lines = news.lines if news is not None else []
    return Notification(event.change, now, [*lines, *still_firing(event.incident, least)])


def _left(
    endpoint: EndpointConfig, event: IncidentChanged, before: NotificationHistory, now: float
) -> Notification | None:
    """Return the news of an end for an endpoint without ends: new alerts, while something still fires."""
    least = int(parse_severity(endpoint.min_severity))
    news = news_of(event, before, least) if event.incident.firing_count else None
    if event.change != "resolved" or news is None or news.level is None or _is_held(event):
        return None
    return Notification("updated", now, news.lines, named_after(before.named, event.named, least))


def _is_held(event: IncidentChanged) -> bool:
    """Return True if all that fires is silenced; acknowledgements and notes are sent in any case."""
    return bool(event.incident.silenced_by) and event.change != "acknowledged" and "note" not in event.what


def _begin(endpoint: EndpointConfig, event: IncidentChanged) -> NamedAlerts:
    return named_after(NamedAlerts(), event.named, int(parse_severity(endpoint.min_severity)))


def _update(
    endpoint: EndpointConfig, event: IncidentChanged, before: NotificationHistory, now: float
) -> Notification | None:
    least = int(parse_severity(endpoint.min_severity))
    news = news_of(event, before, least)
    if "note" in event.what:
        # A person must act now, however many messages the incident had before.
        lines = [*event.incident.explanation[-1:], *(news.lines if news is not None else [])]
        return Notification("updated", now, lines, named_after(before.named, event.named, least))
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
    return Notification("updated", due_at, news.lines, named_after(before.named, event.named, least))


def _settle_s(endpoint: EndpointConfig, severity: Severity) -> float:
    return endpoint.settle_s.get(severity.label, DEFAULT_SETTLE_S[severity.label])
