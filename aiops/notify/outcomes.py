"""Outcomes of attempts, written into the outbox; undeliverable messages pass to the fallback."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec

from aiops.notify.endpoint_queue import EndpointQueue, Result
from aiops.notify.retry import wait_s
from aiops.ports import Answer, Message
from aiops.records import Incident, parse_severity
from aiops.store import audit, delivery_references
from aiops.store.outbox import SETTLING, Entry, Row
from aiops.store.reminders import remind
from aiops.store.store import Store
from aiops.verdict.sentence import suspect

OVER = ("resolved", "merged")
# Answers that a receiver means for ever, and that a gateway in front of it gives for a moment: while an ingress is
# rolled out, while its certificate or the key behind it is changed.
DOUBTFUL = frozenset({401, 403, 404})
# How long they are doubted: a rollout takes a minute or two. With a fallback, somebody else must know sooner.
DOUBT_S = 300.0
DOUBT_WITH_FALLBACK_S = 60.0
# The change that a reminder is sent as.
REMINDER = "reminder"


def message_of(row: Row) -> Message:
    """Return the message of a row; raise `msgspec.DecodeError` for the row of an incompatible release."""
    incident = msgspec.json.decode(row.body, type=Incident)
    news = msgspec.json.decode(row.news, type=list[str])
    # A message that is sent again opens nothing, and has no news.
    change = REMINDER if row.repeats else row.change
    return Message(
        row.key, row.endpoint, incident, change, row.version, row.at, row.link, news=news, repeats=row.repeats
    )


class Outcomes:
    """The writer of answers into the outbox; `clock` gives Unix seconds, `random` 0 to 1."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        random: Callable[[], float],
        may_remind: Callable[[bytes | None, float], bool] = lambda plan, now: True,
    ) -> None:
        """`may_remind` returns True if the routes of a message, by its plan, may send a reminder now."""
        self._store = store
        self._may_remind = may_remind
        self._clock = clock
        self._random = random

    def message(self, queue: EndpointQueue, row: Row) -> Message:
        """Return the message of a row for its endpoint, with the receiver's reference if the sink keeps one.

        Raise `msgspec.DecodeError` for the row of an incompatible release.
        """
        message = message_of(row)
        message.incident = self._at_present(row) or message.incident
        message.zone = queue.zone
        if getattr(queue.sink, "keeps_reference", False):
            reader = self._store.database.reader
            message.reference = delivery_references.find(reader, row.endpoint, row.incident)
        return message

    def _at_present(self, row: Row) -> Incident | None:
        """Return the incident of an opening as it is now: its first message names what joined meanwhile.

        None for other messages, and for an incident that ended or cannot be read.
        """
        if row.change not in SETTLING or row.repeats:
            return None
        found = self._store.database.reader.execute(
            "select body from incidents where id = ? and version >= ? and status in ('open', 'acknowledged')",
            (row.incident, row.version),
        ).fetchone()
        try:
            return None if found is None else msgspec.json.decode(found[0], type=Incident)
        except msgspec.DecodeError:
            return None

    def record(self, queue: EndpointQueue, row: Row, answer: Answer) -> Result:
        """Write the outcome of an attempt; raise `sqlite3.Error` if the disk refuses it."""
        now = self._clock()
        outbox = self._store.outbox
        if answer.ok:
            if answer.reference:
                # First: a message that is sent again after a crash then finds it.
                with self._store.database.transaction("deliveries") as connection:
                    delivery_references.keep(connection, row.endpoint, row.incident, answer.reference, now)
            self._pass_end_to_fallback(queue, row, now)
            outbox.sent([row.id], now, answer.status)
            return "sent"
        age_s = max(0.0, now - row.created_at)
        again = answer.retry or self._is_doubtful(queue, row, answer, age_s)
        if again and age_s < queue.config.max_age_s:
            due_at = now + wait_s(row.attempt + 1, age_s, answer.retry_after_s, self._random)
            outbox.retry(row.id, due_at, now, status=answer.status, error=answer.reason)
            return "retry"
        reason = answer.reason
        if answer.retry:
            reason = f"not delivered within {queue.config.max_age_s / 3600:g} h: {reason}"
        self.give_up(queue, row, reason, answer.status)
        return "dead"

    def _is_doubtful(self, queue: EndpointQueue, row: Row, answer: Answer, age_s: float) -> bool:
        """Return True if a final answer may be a gateway's, and the message still matters.

        It matters while the incident is open; an end matters until it was delivered.
        """
        doubt_s = DOUBT_S if queue.config.fallback is None else DOUBT_WITH_FALLBACK_S
        if answer.status not in DOUBTFUL or answer.disable or age_s >= doubt_s:
            return False
        return row.change in OVER or self._is_open(row.incident)

    def _is_open(self, incident: str) -> bool:
        found = self._store.database.reader.execute(
            "select 1 from incidents where id = ? and status in ('open', 'acknowledged')", (incident,)
        )
        return found.fetchone() is not None

    def give_up(self, queue: EndpointQueue, row: Row, reason: str, status: int | None = None) -> None:
        """Make a row a dead letter, and notify the endpoint's fallback instead.

        The fallback's row is written first: a crash in between makes both again, and a row that is there stays one.
        """
        now = self._clock()
        if queue.config.fallback is not None:
            self._pass_on(queue.config.fallback, row, now)
        self._store.outbox.dead(row.id, reason, now, status=status)

    def remind(self, queue: EndpointQueue, now: float) -> None:
        """Repeat the messages of incidents that stay open, for an endpoint with reminders."""
        config = queue.config
        # Without reminders of its own, messages follow the plans of their routes alone.
        since = now - config.repeat_interval_s if config.repeat_interval_s > 0 else -1.0
        least = int(parse_severity(config.min_severity))
        remind(self._store.database, config.name, least, since, now, lambda plan: self._may_remind(plan, now))

    def is_overtaken(self, row: Row) -> bool:
        """Return True if the endpoint has a newer message of the incident: a retried dead letter is late."""
        found = self._store.database.reader.execute(
            "select 1 from outbox where endpoint = ? and incident = ? and version > ? and state = 'sent' limit 1",
            (row.endpoint, row.incident, row.version),
        )
        return found.fetchone() is not None

    def supersede(self, row: Row) -> None:
        """Leave a row out, because a newer one was sent."""
        with self._store.database.transaction("deliveries") as connection:
            connection.execute(
                "update outbox set state = 'superseded', changed_at = ? where id = ?", (self._clock(), row.id)
            )
        self._store.outbox.release([row.id])

    def note(self, text: str, actor: str | None) -> None:
        """Write an entry about an endpoint into the audit; raise `sqlite3.Error` if the disk refuses it."""
        with self._store.database.transaction("deliveries") as connection:
            audit.write(connection, audit.NO_RECORD, self._clock(), "endpoint", None, None, actor, text)

    def next_due_at(self, endpoint: str, now: float) -> float | None:
        """Return the time of the next row that is not due yet; a due one that is left waits for an answer."""
        found = self._store.database.reader.execute(
            "select min(due_at) from outbox where state = 'due' and endpoint = ? and due_at > ?", (endpoint, now)
        ).fetchone()[0]
        return None if found is None else float(found)

    def _pass_end_to_fallback(self, queue: EndpointQueue, row: Row, now: float) -> None:
        """Pass the end of an incident to a fallback that was paged while the endpoint did not answer."""
        if queue.config.fallback is not None and row.change in OVER:
            self._pass_on(queue.config.fallback, row, now)

    def _pass_on(self, endpoint: str, row: Row, now: float) -> None:
        with self._store.database.transaction("deliveries") as connection:
            if _knows_newer(connection, endpoint, row):
                return
            if row.change in OVER and self._store.outbox.history(connection, endpoint, row.incident).changes == 0:
                return
            self._store.outbox.add(connection, [_entry(endpoint, row, now)], now)


def _knows_newer(connection: sqlite3.Connection, endpoint: str, row: Row) -> bool:
    found = connection.execute(
        "select 1 from outbox where endpoint = ? and incident = ? and version > ? limit 1",
        (endpoint, row.incident, row.version),
    )
    return found.fetchone() is not None


def _entry(endpoint: str, row: Row, now: float) -> Entry:
    try:
        incident = msgspec.json.decode(row.body, type=Incident)
    except msgspec.DecodeError:
        incident = Incident(id=row.incident)
    return Entry(
        endpoint=endpoint,
        incident=row.incident,
        version=row.version,
        change=row.change,
        body=row.body,
        at=row.at,
        due_at=now,
        link=row.link,
        severity=int(parse_severity(incident.severity)),
        cause=suspect(incident),
        news=msgspec.json.decode(row.news, type=list[str]),
        named=row.named,
    )
