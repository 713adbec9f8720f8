"""Outcomes of attempts, written into the outbox; undeliverable messages pass to the fallback."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec

from aiops.notify.endpoint_queue import EndpointQueue, Result
from aiops.notify.retry import wait_s
from aiops.ports import Answer, Message
from aiops.records import Incident, parse_severity
from aiops.store import audit
from aiops.store.outbox import Entry, Row, suspect
from aiops.store.store import Store

OVER = ("resolved", "merged")
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

    def __init__(self, store: Store, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._random = random

    def record(self, queue: EndpointQueue, row: Row, answer: Answer) -> Result:
        """Write the outcome of an attempt; raise `sqlite3.Error` if the disk refuses it."""
        now = self._clock()
        outbox = self._store.outbox
        if answer.ok:
            self._pass_end_to_fallback(queue, row, now)
            outbox.sent([row.id], now, answer.status)
            return "sent"
        age_s = max(0.0, now - row.created_at)
        if answer.retry and age_s < queue.config.max_age_s:
            due_at = now + wait_s(row.attempt + 1, age_s, answer.retry_after_s, self._random)
            outbox.retry(row.id, due_at, now, status=answer.status, error=answer.reason)
            return "retry"
        reason = answer.reason
        if answer.retry:
            reason = f"not delivered within {queue.config.max_age_s / 3600:g} h: {reason}"
        self.give_up(queue, row, reason, answer.status)
        return "dead"

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
        self._store.outbox.remind(
            config.name, int(parse_severity(config.min_severity)), now - config.repeat_interval_s, now
        )

    def is_overtaken(self, row: Row) -> bool:
        """Return True if the endpoint has a newer message of the incident: a retried dead letter is late."""
        found = self._store.database.reader.execute(
            "select 1 from outbox where endpoint = ? and incident = ? and version > ? and state = 'sent' limit 1",
            (row.endpoint, row.incident, row.version),
        )
        return found.fetchone() is not None

    def supersede(self, row: Row) -> None:
        """Leave a row out, because a newer one was sent."""
        with self._store.database.transaction() as connection:
            connection.execute(
                "update outbox set state = 'superseded', changed_at = ? where id = ?", (self._clock(), row.id)
            )
        self._store.outbox.release([row.id])

    def note(self, text: str, actor: str | None) -> None:
        """Write an entry about an endpoint into the audit; raise `sqlite3.Error` if the disk refuses it."""
        with self._store.database.transaction() as connection:
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
        with self._store.database.transaction() as connection:
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
