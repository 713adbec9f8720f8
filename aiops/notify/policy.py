"""The notification policy: which endpoint is notified of a change of an incident, and when.

An endpoint is notified of an incident once it is severe enough and has settled. After that it is notified of news: an
alert name or a service that no message named at this severity, a higher severity, another likely cause. It is notified
when the incident is reopened, acknowledged, merged or resolved. News is combined at a bounded rate and never dropped.

An incident that returns continues: while it is open for the endpoint, its returns are no news. If the endpoint got
its end, the first return is notified as one (`returned`), which wakes nobody; only what is worse reopens it.

The policy compares a change with the rows of the outbox, in the transaction that writes them. While all that fires of
an incident is silenced, an endpoint is notified of its end alone; what it missed is news when the silence ends.

With routes, an incident opens where its firing alerts lead; its end is sent wherever it was opened. In a mute interval
openings and updates wait for the end of it. An opening that is inhibited is held until it no longer is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from urllib.parse import quote

import msgspec
from msgspec import Struct, field, structs

from aiops.config import EndpointConfig
from aiops.engine.events import IncidentChanged, Mention
from aiops.notify.inhibition import NOTHING_INHIBITED, Inhibition, Target, is_quiet, of_event
from aiops.notify.news import News, named_after, news_of, still_firing
from aiops.notify.routes import Destination, Routes, stand_ins
from aiops.records import LABELS, Severity, parse_severity
from aiops.store.held import HELD_UNTIL, Hold
from aiops.store.outbox import MOVED, OVER, RETURNED, SETTLING, Entry, NamedAlerts, NotificationHistory
from aiops.store.outbox_transaction import OutboxTransaction
from aiops.telemetry.trace import OFF, Tracer
from aiops.verdict.sentence import suspect
from aiops.wording import came_back

# News of an incident that has had `max_updates` updates goes out at most this often: four messages an hour are read,
# and nobody waits for longer than it takes to call somebody.
SLOW_EVERY_S = 900.0
# The news of a message that calls a person again; texts of sinks read it.
ESCALATED = "escalated: "


class EndpointPolicy:
    """The policy of all endpoints: outbox rows from changes; `EndpointConfig` has the settings."""

    def __init__(
        self,
        endpoints: Sequence[EndpointConfig],
        external_url: str = "",
        tracer: Tracer = OFF,
        routes: Routes | None = None,
        inhibition: Inhibition = NOTHING_INHIBITED,
    ) -> None:
        self.routes = routes or Routes(endpoints)
        self.inhibition = inhibition
        self._tracer = tracer
        self._external_url = external_url.rstrip("/")

    def replace(
        self,
        endpoints: Sequence[EndpointConfig],
        routes: Routes | None = None,
        inhibition: Inhibition = NOTHING_INHIBITED,
    ) -> None:
        """Use other endpoints, routes and rules from the next change on."""
        self.routes = routes or Routes(endpoints)
        self.inhibition = inhibition

    def may_remind(self, plan: bytes | None, now: float) -> bool:
        """Return True if the routes of a message may send a reminder now."""
        return self.routes.may_remind(plan, now)

    def entries(self, outbox: OutboxTransaction, event: IncidentChanged, now: float) -> Iterator[Entry]:
        """Return the rows for one change; called inside the transaction that writes them."""
        body = b""
        for aim in self.routes.destinations(event.streams, stand_ins(event)):
            decided = self._decide(outbox, aim, event, now)
            if decided is None:
                continue
            body = body or msgspec.json.encode(event.incident)
            entry = self._entry(aim, event, decided, body)
            if decided.freshens:
                outbox.freshen(entry, now)
            else:
                yield entry

    def late_entries(self, outbox: OutboxTransaction, event: IncidentChanged, now: float) -> Iterator[Entry]:
        """Return the openings at endpoints that an incident reaches without a change of its own.

        A stream whose name and place were named before is no news, but its labels may lead elsewhere. `event` is the
        present state of the incident.
        """
        for aim in self.routes.destinations(event.streams, stand_ins(event)):
            before = outbox.history(aim.config.name, event.incident.id)
            if not aim.opens or (before.changes > 0 and before.last_change not in OVER):
                continue
            decided = self._decide(outbox, aim, event, now)
            if decided is not None and decided.begins:
                yield self._entry(aim, event, decided, msgspec.json.encode(event.incident))

    def _entry(self, aim: Destination, event: IncidentChanged, decided: Notification, body: bytes) -> Entry:
        return Entry(
            endpoint=aim.config.name,
            incident=event.incident.id,
            version=event.version,
            change=decided.change,
            body=body,
            at=event.at,
            due_at=HELD_UNTIL if decided.hold is not None else decided.due_at,
            link=self._link(event.incident.id),
            severity=int(parse_severity(event.incident.severity)),
            cause=suspect(event.incident),
            traceparent=self._tracer.kept((event.incident.id, event.version)),
            news=decided.news,
            named=msgspec.json.encode(decided.named) if decided.named is not None else None,
            plan=aim.plan(),
            held=msgspec.json.encode(decided.hold) if decided.hold is not None else None,
        )

    def _decide(
        self, outbox: OutboxTransaction, aim: Destination, event: IncidentChanged, now: float
    ) -> Notification | None:
        """Return the notification of one endpoint, due when its routes may send it; None for none."""
        before = outbox.history(aim.config.name, event.incident.id, event.version)
        is_known = before.changes > 0 and before.last_change not in OVER
        if event.change not in OVER and not (aim.follows if is_known else aim.opens):
            # What has not left by the time that no route leads there any more opened there for nobody.
            outbox.withdraw(aim.config.name, event.incident.id, SETTLING, now)
            return None
        if before.held is not None and event.change not in OVER:
            before = self._reconsider(outbox, aim, event, before, now)
        decided = self._of_endpoint(outbox, aim.config, event, before, now)
        if decided is None:
            return _freshened(aim, event, before, now)
        if decided.change in SETTLING or (decided.change == "updated" and not _is_word(event)):
            decided.due_at = aim.next_open(decided.due_at)
            if decided.due_at == inf:
                return None
        if decided.begins and "note" not in event.what:
            decided.hold = self.inhibition.hold(outbox, aim.config.name, self._target(aim, event), now)
        return decided

    def _reconsider(
        self,
        outbox: OutboxTransaction,
        aim: Destination,
        event: IncidentChanged,
        before: NotificationHistory,
        now: float,
    ) -> NotificationHistory:
        """Release a held opening that a person must see, or that nothing inhibits any more."""
        target, is_note = self._target(aim, event), "note" in event.what
        hold = None if is_note else self.inhibition.hold(outbox, aim.config.name, target, now)
        if hold is not None or before.held is None or (is_quiet(target) and not is_note):
            return before
        since = msgspec.json.decode(before.held, type=Hold).since
        due_at = aim.released_at(parse_severity(event.incident.severity).label, since, now)
        outbox.release(aim.config.name, event.incident.id, due_at, now)
        return outbox.history(aim.config.name, event.incident.id, event.version)

    def _target(self, aim: Destination, event: IncidentChanged) -> Target:
        """Return what may be inhibited: an incident, as far as its firing alerts lead to the endpoint."""
        target = of_event(event)
        return structs.replace(target, streams=self.routes.leading_to(aim.config.name, target.streams))

    def _of_endpoint(
        self,
        outbox: OutboxTransaction,
        endpoint: EndpointConfig,
        event: IncidentChanged,
        before: NotificationHistory,
        now: float,
    ) -> Notification | None:
        """Return the notification by the settings of an endpoint alone; None for none."""
        severity = parse_severity(event.incident.severity)
        if before.changes == 0:
            return self._moved(outbox, endpoint, event, now) or _first(endpoint, event, severity, now)
        if event.change in OVER:
            return self._end(outbox, endpoint, event, before, now)
        if event.incident.snoozed_until is not None and "snoozed" in event.what:
            return self._snoozed(outbox, endpoint, event, now)
        if _is_held(event):
            self._hold(outbox, endpoint, event, now)
            return None
        if event.change == "reopened" and outbox.withdraw(endpoint.name, event.incident.id, ("resolved",), now):
            # It returned while its end was held: for the endpoint it never ended.
            before = outbox.history(endpoint.name, event.incident.id, event.version)
        is_over = before.last_change in OVER and event.incident.status not in OVER
        if event.by_person and event.change == "reopened":
            # Nobody has to be called: a person has it in hand.
            return _reopened(endpoint, event, now) if is_over else None
        if event.is_return:
            decided = _returned(endpoint, event, before, is_over, now)
            if decided is not None:
                return decided
        elif event.change == "reopened" or is_over:
            # Never dropped: an endpoint that got the end must get the reopening. Flapping makes it less frequent.
            due_at = max(now + endpoint.settles(severity.label), before.last_due_at + endpoint.update_every_s)
            return Notification("reopened", due_at, named=_begin(endpoint, event), begins=is_over)
        if event.change == "acknowledged":
            # An acknowledgement stops others from being called; people make few of them.
            return Notification(event.change, now)
        return _update(endpoint, event, before, now)

    def _moved(
        self, outbox: OutboxTransaction, endpoint: EndpointConfig, event: IncidentChanged, now: float
    ) -> Notification | None:
        """Return the quiet opening of an incident whose alerts a person took from one that the endpoint knows.

        None if the endpoint knows none of them, or if there is more than it knows and no person is at it.
        """
        known = [found for name in event.origins if (found := outbox.history(endpoint.name, name)).changes > 0]
        least = int(parse_severity(endpoint.min_severity))
        if not known or event.incident.status in OVER or parse_severity(event.incident.severity) < least:
            return None
        before = _united(known)
        news = news_of(event, before, least)
        if not event.by_person and news is not None and (news.level is not None or news.rises):
            return None
        # With the action itself comes what would have been an update of the other incident.
        lines = [*([event.said] if event.said else []), *(news.lines if news is not None else [])]
        return Notification(MOVED, now, lines, named_after(before.named, event.named, least), begins=True)

    def _hold(self, outbox: OutboxTransaction, endpoint: EndpointConfig, event: IncidentChanged, now: float) -> None:
        """Withdraw what waits when a silence or a snooze begins; what is still true is news when it ends."""
        if "silenced" in event.what or "snoozed" in event.what:
            incident = event.incident.id
            outbox.withdraw(endpoint.name, incident, SETTLING, now)
            outbox.supersede(endpoint.name, incident, event.version, now)

    def _snoozed(
        self, outbox: OutboxTransaction, endpoint: EndpointConfig, event: IncidentChanged, now: float
    ) -> Notification | None:
        """Return the one message that an incident is snoozed; None for an endpoint that got no opening of it."""
        self._hold(outbox, endpoint, event, now)
        before = outbox.history(endpoint.name, event.incident.id, event.version)
        if before.changes == 0 or before.last_change in OVER:
            return None
        if event.change == "acknowledged":
            return Notification("acknowledged", now)
        return Notification("updated", now, [event.said] if event.said else [], before.named)

    def _end(
        self,
        outbox: OutboxTransaction,
        endpoint: EndpointConfig,
        event: IncidentChanged,
        before: NotificationHistory,
        now: float,
    ) -> Notification | None:
        incident = event.incident.id
        if outbox.withdraw(endpoint.name, incident, SETTLING, now):
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
    """A message: its change, the time from which it is due, its news, and the alerts known after it.

    `begins`: the incident opens for the endpoint. `hold` is why it waits. With `freshens` it is no message of its own:
    an opening that waits shows the state of the incident, and leaves earlier if it is due earlier.
    """

    change: str
    due_at: float
    news: list[str] = field(default_factory=list)
    named: NamedAlerts | None = None
    begins: bool = False
    hold: Hold | None = None
    freshens: bool = False


def _first(endpoint: EndpointConfig, event: IncidentChanged, severity: Severity, now: float) -> Notification | None:
    """Return an opening: the first message of an incident, in any state that has not ended."""
    if event.incident.status in OVER or severity < parse_severity(endpoint.min_severity) or _is_held(event):
        return None
    return Notification("opened", now + endpoint.settles(severity.label), named=_begin(endpoint, event), begins=True)


def _freshened(
    aim: Destination, event: IncidentChanged, before: NotificationHistory, now: float
) -> Notification | None:
    """Return the present state for an opening that waits for longer than it settles; None where none may."""
    if before.changes == 0 or event.change in OVER or (before.held is None and not aim.nodes) or _is_held(event):
        return None
    due_at = aim.next_open(now + aim.config.settles(parse_severity(event.incident.severity).label))
    return Notification("updated", due_at, freshens=True)


def _ended(endpoint: EndpointConfig, event: IncidentChanged, before: NotificationHistory, now: float) -> Notification:
    """Return an end, with the news that it overtook; a merge needs none, as the other incident has it."""
    if event.change != "resolved":
        return Notification(event.change, now)
    # A person who ends it is sure of that.
    due_at = now if event.by_person else now + endpoint.hold_resolved_s
    least = int(parse_severity(endpoint.min_severity))
    news = news_of(event, before, least)
    lines = news.lines if news is not None else []
    return Notification(event.change, due_at, [*lines, *still_firing(event.incident, least)])


def _left(
    endpoint: EndpointConfig, event: IncidentChanged, before: NotificationHistory, now: float
) -> Notification | None:
    """Return the news of an end for an endpoint without ends: new alerts, while something still fires."""
    least = int(parse_severity(endpoint.min_severity))
    news = news_of(event, before, least) if event.incident.firing_count else None
    if event.change != "resolved" or news is None or news.level is None or _is_held(event):
        return None
    return Notification("updated", now, news.lines, named_after(before.named, event.named, least))


def _returned(
    endpoint: EndpointConfig, event: IncidentChanged, before: NotificationHistory, is_over: bool, now: float
) -> Notification | None:
    """Return the notification of a return after the endpoint got the end; None if it got none.

    What is worse than all that was notified before the end reopens it, also after a quiet return.
    """
    if not is_over and before.last_change != RETURNED:
        return None
    least, severity = int(parse_severity(endpoint.min_severity)), parse_severity(event.incident.severity)
    due_at = max(now + endpoint.settles(severity.label), before.last_due_at + endpoint.update_every_s)
    named = named_after(before.named, event.named, least)
    news = news_of(event, before, least)
    if news is not None and (news.level is not None or news.rises):
        return Notification("reopened", due_at, news.lines, named, begins=is_over)
    if not is_over:
        return None
    lines = [came_back(event.incident.returns, event.incident.returned_at)]
    return Notification(RETURNED, due_at, lines, named, begins=True)


def _united(histories: Sequence[NotificationHistory]) -> NotificationHistory:
    """Return all that an endpoint was notified of in several incidents."""
    named = NamedAlerts()
    for one in histories:
        for name, places in one.named.pairs.items():
            named = named_after(named, [Mention(name, place, level) for place, level in places.items()], 0)
        for table, theirs in ((named.names, one.named.names), (named.places, one.named.places)):
            table.update({key: max(level, table.get(key, -1)) for key, level in theirs.items()})
    severity = max(one.severity for one in histories)
    return NotificationHistory(len(histories), severity=severity, cause=histories[-1].cause, named=named)


def _reopened(endpoint: EndpointConfig, event: IncidentChanged, now: float) -> Notification:
    """Return the quiet message that a person reopened an incident."""
    return Notification(RETURNED, now, [event.said] if event.said else [], _begin(endpoint, event), begins=True)


def _is_held(event: IncidentChanged) -> bool:
    """Return True if all that fires is silenced, or the incident is snoozed.

    What people do is sent in any case, and so are notes.
    """
    is_muted = bool(event.incident.silenced_by) or event.incident.snoozed_until is not None
    return is_muted and event.change != "acknowledged" and not _is_word(event)


def _is_word(event: IncidentChanged) -> bool:
    """Return True for what a person did or wrote; what collectors found is news like any other."""
    return "note" in event.what or (bool(event.said) and "finding" not in event.what)


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
        # Endpoints that call people call them for what is reopened, and not for an update.
        change = "reopened" if "page" in event.what else "updated"
        if change == "reopened":
            lines[:1] = [f"{ESCALATED}{line}" for line in lines[:1]]
        return Notification(change, now, lines, named_after(before.named, event.named, least))
    if event.said:
        # What a person did, once: with the news that it overtakes.
        lines = [event.said, *(news.lines if news is not None else [])]
        if _is_word(event):
            return Notification("updated", now, lines, named_after(before.named, event.named, least))
        news = News(lines, None, False) if news is None else structs.replace(news, lines=lines)
    if news is None:
        return None
    every_s = endpoint.update_every_s
    if before.updates >= endpoint.max_updates:
        every_s = max(every_s, SLOW_EVERY_S)
    settled = now if news.level is None else now + endpoint.settles(LABELS[news.level])
    due_at = max(settled, before.last_due_at + every_s)
    if news.rises:
        # There are few steps to the top, and each of them may be what somebody has to get up for.
        due_at = min(due_at, now + endpoint.settles(parse_severity(event.incident.severity).label))
    if before.waiting_due_at is not None:
        # It takes the place of what waits, and must not be a reason to wait longer.
        due_at = min(due_at, before.waiting_due_at)
    return Notification("updated", due_at, news.lines, named_after(before.named, event.named, least))
