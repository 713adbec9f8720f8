"""The outbox: what is to be told to whom, written in the transaction of the events that caused it.

A row is one change of one incident for one endpoint. Its key is derived from the three, so that a fold that is run
again after a crash cannot tell a change twice. Per endpoint and incident, rows leave in the order of their versions
and one at a time; other incidents go on. What is in flight is known in memory only: after a crash the attempt whose
answer was lost is made again, with the same key.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from aiops.records import Incident, Severity
from aiops.store.audit import NO_RECORD
from aiops.store.database import Database

State = Literal["due", "sent", "superseded", "dead", "dropped"]
STATES: tuple[State, ...] = ("due", "sent", "superseded", "dead", "dropped")
# Changes that end an incident for those who were told of it.
OVER = ("resolved", "merged")
# Changes that begin one, or begin it again.
BEGUN = ("opened", "reopened")
# Changes whose messages say what an incident is about; an acknowledgement does not, at a pager.
_SAYING = ("opened", "reopened", "updated")
# An error text is for a person's eyes; a receiver's page of HTML is not.
MAX_ERROR_CHARS = 1_000


class Entry(Struct, kw_only=True):
    """A row to be added: `body` is the incident's JSON at that version, `at` the time of the change (Unix seconds).

    `severity`, `cause` (the first suspect) and `named` (all that the endpoint has been told by then, as JSON of
    `NamedAlerts`) are kept beside it for comparison with the next change. `news` are sentences on what is new in it.
    """

    endpoint: str
    incident: str
    version: int
    change: str
    body: bytes
    at: float
    due_at: float
    link: str | None = None
    severity: int = 2
    cause: str | None = None
    # The W3C `traceparent` of the batch that caused it; empty where nobody traces.
    traceparent: str = ""
    news: list[str] = []
    named: bytes | None = None


class NamedAlerts(Struct):
    """The alert names and the places (services) that were named, each with the worst level at which it was."""

    names: dict[str, int] = {}
    places: dict[str, int] = {}
    # By name, then by place: a name and a place that are both known may be of two other alerts.
    pairs: dict[str, dict[str, int]] = {}


class NotificationHistory(Struct):
    """What an endpoint is told of an incident so far, delivered or on its way.

    Without what was superseded, and without an update that waits, which the next one supersedes: `changes` counts all,
    `updates` the updates since it was opened or came back, `severity` is the worst one told since then, `cause` the
    last suspect ever, `last_due_at` the time of the newest row (Unix seconds) and `last_change` what it tells. `spoken`
    is what was named since it was opened or came back. `waiting_due_at` is when an update that waits is due.
    """

    changes: int = 0
    updates: int = 0
    severity: int = 0
    cause: str | None = None
    last_due_at: float = 0.0
    last_change: str | None = None
    spoken: NamedAlerts = msgspec.field(default_factory=NamedAlerts)
    waiting_due_at: float | None = None


class Row(Struct):
    """A row of the outbox; times are Unix seconds, `attempt` counts the attempts made."""

    id: int
    endpoint: str
    incident: str
    version: int
    key: str
    change: str
    body: bytes
    at: float
    link: str | None
    attempt: int
    due_at: float
    created_at: float
    state: State
    changed_at: float
    last_status: int | None
    last_error: str | None
    traceparent: str = ""
    news: str = "[]"
    named: bytes | None = None
    repeats: int = 0


_COLUMNS = ", ".join(Row.__struct_fields__)
_CLAIM = f"""
select {_COLUMNS} from outbox o
where state = 'due' and endpoint = ? and due_at <= ?
  and not exists (
    select 1 from outbox earlier
    where earlier.state = 'due' and earlier.endpoint = o.endpoint and earlier.incident = o.incident
      and earlier.version < o.version)
order by due_at, id limit ?
"""  # noqa: S608 - the columns are this module's own


# Why a row that the rebuilt history implies has no attempt; the rows that are meant are found by it.
ASSUMED = "taken as sent: the store was made again"
# What a person decides about a message is found again with its incident.
_AUDITED = """
insert into audit (seq, at, topic, incident, version, actor, text)
select :seq, :now, 'outbox', incident, version, :actor,
    'message ' || id || ' (' || change || ') to ' || endpoint || ' ' || :did || '; it was ' || state from outbox
"""


# A message that was sent is sent again, with all that is known now and as a delivery of its own.
_REMIND = """
select o.id, o.endpoint, o.incident, o.version, o.repeats, i.body from incidents i
join outbox o on o.incident = i.id and o.endpoint = :endpoint
where i.status = 'open' and i.severity >= :severity and o.state = 'sent' and o.changed_at <= :since
  and json_extract(cast(i.body as text), '$.silenced_by') is null
  and not exists (
    select 1 from outbox later
    where later.endpoint = o.endpoint and later.incident = o.incident and later.version > o.version
      and later.state != 'superseded')
order by o.changed_at limit :limit
"""


def suspect(incident: Incident) -> str | None:
    """The first suspect; None where it is the one entity that alerts, which the title says already."""
    if not incident.causes:
        return None
    entity = incident.causes[0].entity
    is_all = incident.entities == [entity] and incident.entity_count <= 1 and not incident.more_entities
    return None if is_all else entity


def row_key(endpoint: str, incident: str, version: int, repeats: int = 0) -> str:
    """The identity of a delivery, the same for every attempt and after every crash.

    >>> row_key("pager", "i-1", 1) == row_key("pager", "i-1", 1) != row_key("pager", "i-1", 2)
    True
    """
    parts = [endpoint, incident, str(version)] + ([str(repeats)] if repeats else [])
    return "msg_" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _absorb(connection: sqlite3.Connection, entry: Entry, now: float) -> None:
    """Let the row before, when its time has not come, speak for this update: later and with all that is known then.

    A row whose time has come may have been sent by a process that died, and its key must not get another content.
    """
    before = connection.execute(
        "select id, due_at, attempt from outbox where state = 'due' and endpoint = ? and incident = ? and version < ?"
        " order by version desc limit 1",
        (entry.endpoint, entry.incident, entry.version),
    ).fetchone()
    if before is None or before[1] <= now or before[2]:
        return
    connection.execute(
        "update outbox set body = ?, severity = ?, cause = ?, named = ?, due_at = min(due_at, ?) where id = ?",
        (entry.body, entry.severity, entry.cause, entry.named, entry.due_at, before[0]),
    )
    connection.execute(
        "update outbox set state = 'superseded', changed_at = ? where endpoint = ? and incident = ? and version = ?",
        (now, entry.endpoint, entry.incident, entry.version),
    )


def _spoken(connection: sqlite3.Connection, number: int) -> NamedAlerts:
    """What had been named by the row of that id; one of an older release says so in its body alone."""
    named, body = connection.execute("select named, body from outbox where id = ?", (number,)).fetchone()
    if named is not None:
        return msgspec.json.decode(named, type=NamedAlerts)
    try:
        incident = msgspec.json.decode(body, type=Incident)
    except msgspec.DecodeError:
        return NamedAlerts()
    worst = int(Severity.CRITICAL)
    places = [*incident.services, *incident.entities]
    return NamedAlerts({member.name: worst for member in incident.members}, dict.fromkeys(places, worst))


class OutboxTable:
    """The table, for the pump that adds and for the worker that sends. Threads may share it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        # Rows that a worker has, by id, with their (endpoint, incident).
        self._in_flight: dict[int, tuple[str, str]] = {}

    def history(
        self, connection: sqlite3.Connection, endpoint: str, incident: str, version: int = 1 << 62
    ) -> NotificationHistory:
        """What `endpoint` is told of `incident` before `version`; nothing when `changes` is 0."""
        found = connection.execute(
            "select id, severity, cause, change, due_at, state, repeats from outbox"
            " where endpoint = ? and incident = ? and version < ? and state != 'superseded' order by version",
            (endpoint, incident, version),
        ).fetchall()
        with self._lock:
            waiting = {row[0]: row[4] for row in found if self._waits(row[0], row[3], row[5], row[6])}
        kept = [row for row in found if row[0] not in waiting]
        if not kept:
            return NotificationHistory()
        begun = max((place for place, row in enumerate(kept) if row[3] in BEGUN), default=0)
        since = [row for row in kept[begun:] if row[3] in _SAYING] or kept[begun : begun + 1]
        return NotificationHistory(
            len(kept),
            sum(1 for row in since if row[3] == "updated"),
            max(row[1] for row in since),
            next((row[2] for row in reversed(kept) if row[2]), None),
            kept[-1][4],
            kept[-1][3],
            _spoken(connection, since[-1][0]),
            min(waiting.values(), default=None),
        )

    def _waits(self, number: int, change: str, state: str, repeats: int) -> bool:
        """Whether a row is an update that what follows supersedes: not one on its way, nor one that is sent again."""
        return change == "updated" and state == "due" and not repeats and number not in self._in_flight

    def add(self, connection: sqlite3.Connection, entries: Iterable[Entry], now: float) -> int:
        """Add rows inside the caller's transaction; a row that is there already stays as it is. Return the rows added.

        An `updated` that waits is superseded by the next one and by the end, since every row carries the whole
        incident, and is taken up by a row before it that still settles. An acknowledgement lets it go at once: a pager
        that learns of that alone would not say what is new. All other changes are always told.
        """
        added = 0
        for entry in entries:
            cursor = connection.execute(
                "insert into outbox (endpoint, incident, version, key, change, body, at, link, severity, cause,"
                " due_at, created_at, changed_at, traceparent, news, named)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " on conflict do nothing",
                (
                    entry.endpoint,
                    entry.incident,
                    entry.version,
                    row_key(entry.endpoint, entry.incident, entry.version),
                    entry.change,
                    entry.body,
                    entry.at,
                    entry.link,
                    entry.severity,
                    entry.cause,
                    entry.due_at,
                    now,
                    now,
                    entry.traceparent,
                    msgspec.json.encode(entry.news).decode(),
                    entry.named,
                ),
            )
            if cursor.rowcount > 0:
                added += 1
                if entry.change == "acknowledged":
                    self._hasten(connection, entry, now)
                else:
                    self.supersede(connection, entry.endpoint, entry.incident, entry.version, now)
                if entry.change == "updated":
                    _absorb(connection, entry, now)
        return added

    def assume(self, connection: sqlite3.Connection, entries: Iterable[Entry], now: float) -> None:
        """Add rows that a store which was lost had, inside the caller's transaction; see `take_as_sent`."""
        for entry in entries:
            if self.add(connection, [entry], now):
                connection.execute(
                    "update outbox set last_error = ? where endpoint = ? and incident = ? and version = ?",
                    (ASSUMED, entry.endpoint, entry.incident, entry.version),
                )

    def take_as_sent(self, connection: sqlite3.Connection, until: float) -> None:
        """Take rows that were assumed and were due by then as sent, inside the caller's transaction.

        What came due later is sent, with the key that it had: it may have been sent, and must not be missed.
        """
        connection.execute(
            "update outbox set state = 'sent', changed_at = due_at where state = 'due' and due_at <= ?"
            " and last_error = ?",
            (until, ASSUMED),
        )

    def supersede(self, connection: sqlite3.Connection, endpoint: str, incident: str, version: int, now: float) -> None:
        """Leave out the updates before `version` that wait, inside the caller's transaction."""
        idle = [(now, number) for number in self._waiting(connection, endpoint, incident, version)]
        connection.executemany("update outbox set state = 'superseded', changed_at = ? where id = ?", idle)

    def _hasten(self, connection: sqlite3.Connection, entry: Entry, now: float) -> None:
        waiting = self._waiting(connection, entry.endpoint, entry.incident, entry.version)
        values = [(now, number) for number in waiting]
        connection.executemany("update outbox set due_at = min(due_at, ?) where id = ? and attempt = 0", values)

    def _waiting(self, connection: sqlite3.Connection, endpoint: str, incident: str, version: int) -> list[int]:
        found = connection.execute(
            "select id, change, state, repeats from outbox where state = 'due' and endpoint = ? and incident = ?"
            " and version < ?",
            (endpoint, incident, version),
        ).fetchall()
        with self._lock:
            return [row[0] for row in found if self._waits(*row)]

    def cancel_settling(self, connection: sqlite3.Connection, endpoint: str, incident: str, now: float) -> bool:
        """Withdraw an opening or reopening that is not due yet, with all that waits behind it.

        It runs inside the caller's transaction and returns True if there was one. An incident that resolves while it
        settles is not notified: that is the purpose of settling.
        """
        first = connection.execute(
            "select min(version) from outbox where endpoint = ? and incident = ? and state = 'due'"
            " and change in ('opened', 'reopened') and attempt = 0 and repeats = 0 and due_at > ?",
            (endpoint, incident, now),
        ).fetchone()[0]
        if first is None:
            return False
        # Nothing of it can be in flight: a row goes only after all rows before it.
        connection.execute(
            "update outbox set state = 'superseded', changed_at = ? where endpoint = ? and incident = ?"
            " and state = 'due' and version >= ?",
            (now, endpoint, incident, first),
        )
        return True

    def remind(self, endpoint: str, severity: int, since: float, now: float, limit: int = 100) -> int:
        """Send again what `endpoint` was told last of incidents that are open and that nobody has acknowledged.

        Those at or above a severity, not silenced, of which it got no message after `since`; return how many. The
        message carries the incident as it is now, and is a delivery of its own with its own key.
        """
        values = {"endpoint": endpoint, "severity": severity, "since": since, "limit": limit}
        if self._database.reader.execute(_REMIND, values).fetchone() is None:
            return 0
        with self._database.transaction() as connection:
            found = connection.execute(_REMIND, values).fetchall()
            for number, name, incident, version, repeats, body in found:
                key = row_key(name, incident, version, repeats + 1)
                connection.execute(
                    "update outbox set state = 'due', attempt = 0, repeats = ?, key = ?, body = ?, news = '[]', at = ?,"
                    " due_at = ?, created_at = ?, changed_at = ? where id = ?",
                    (repeats + 1, key, body, now, now, now, now, number),
                )
        return len(found)

    def claim(self, now: float, limit: int, endpoints: Collection[str]) -> list[Row]:
        """Up to `limit` rows for each of `endpoints` that may be sent now; they are in flight until answered.

        Answer each with `sent`, `retry`, `dead` or, when no attempt was made, `release`.
        """
        # Not while somebody writes: what a transaction supersedes or cancels must not be claimed before it commits.
        with self._database.quiet, self._lock:
            busy = set(self._in_flight.values())
            claimed: list[Row] = []
            for endpoint in endpoints:
                # Busy incidents of this endpoint may fill the front of the queue: look that much further.
                reach = limit + sum(1 for held in busy if held[0] == endpoint)
                found = self._database.reader.execute(_CLAIM, (endpoint, now, reach)).fetchall()
                rows = [Row(*row) for row in found if (endpoint, row[2]) not in busy][:limit]
                claimed.extend(rows)
            for row in claimed:
                self._in_flight[row.id] = (row.endpoint, row.incident)
        return claimed

    def next_due_at(self, endpoints: Collection[str]) -> float | None:
        """When the next waiting row of `endpoints` may be sent, rows in flight left out; None when nothing waits."""
        times: list[float] = []
        with self._lock:
            flying = list(self._in_flight)
        for endpoint in endpoints:
            found = self._database.reader.execute(
                "select due_at, id from outbox where state = 'due' and endpoint = ? order by due_at limit ?",
                (endpoint, len(flying) + 1),
            )
            times.extend([due_at for due_at, row in found if row not in flying][:1])
        return min(times, default=None)

    def release(self, ids: Sequence[int]) -> None:
        """Put claimed rows back without an attempt."""
        with self._lock:
            for number in ids:
                self._in_flight.pop(number, None)

    def sent(self, ids: Sequence[int], now: float, status: int | None = None) -> None:
        """The receiver took them."""
        self._answer(
            "update outbox set state = 'sent', attempt = attempt + 1, changed_at = ?, last_status = ?,"
            " last_error = null where id = ?",
            [(now, status, number) for number in ids],
            ids,
        )

    def retry(self, id: int, due_at: float, now: float, *, status: int | None = None, error: str = "") -> None:
        """The attempt failed and another one may help, from `due_at` on."""
        self._answer(
            "update outbox set attempt = attempt + 1, due_at = ?, changed_at = ?, last_status = ?, last_error = ?"
            " where id = ? and state = 'due'",
            [(due_at, now, status, error[:MAX_ERROR_CHARS], id)],
            [id],
        )

    def dead(self, id: int, reason: str, now: float, *, status: int | None = None) -> None:
        """The receiver will never take it; it waits for a person (`aiops outbox`)."""
        self._answer(
            "update outbox set state = 'dead', attempt = attempt + 1, changed_at = ?, last_status = ?, last_error = ?"
            " where id = ?",
            [(now, status, reason[:MAX_ERROR_CHARS], id)],
            [id],
        )

    def _answer(self, statement: str, values: Iterable[tuple[object, ...]], ids: Sequence[int]) -> None:
        with self._database.transaction() as connection:
            connection.executemany(statement, values)
        # Only now: a row that is let go before its answer is on disk could be claimed again.
        self.release(ids)

    def rows(self, state: State | None = None, limit: int = 100, endpoint: str | None = None) -> list[Row]:
        """The newest rows of a state or an endpoint, for people."""
        found = self._database.reader.execute(
            f"select {_COLUMNS} from outbox where (? is null or state = ?) and (? is null or endpoint = ?)"  # noqa: S608
            " order by id desc limit ?",
            (state, state, endpoint, endpoint, limit),
        )
        return [Row(*row) for row in found]

    def retry_dead(self, now: float, ids: Sequence[int] | None = None, *, actor: str | None = None) -> int:
        """Make dead rows due again, all or the given ones, as if they were new; return how many.

        This and `drop` write an entry of the audit for each row, in the same transaction: `actor` is who wants it.
        """
        return self._move("due", "dead", now, ids, actor, ", attempt = 0, created_at = :now")

    def drop(
        self, now: float, ids: Sequence[int] | None = None, *, state: State = "dead", actor: str | None = None
    ) -> int:
        """Give rows up: the given ones, or all of `state`; return how many."""
        return self._move("dropped", state, now, ids, actor)

    def _move(
        self, to: State, state: State, now: float, ids: Sequence[int] | None, actor: str | None, more: str = ""
    ) -> int:
        which = " where state = :state" + ("" if ids is None else " and id = :id")
        values: dict[str, object] = {"to": to, "now": now, "state": state, "actor": actor, "seq": NO_RECORD}
        values["did"] = "is sent again" if to == "due" else "was given up"
        entries = _AUDITED + which
        update = f"update outbox set state = :to, due_at = :now, changed_at = :now{more}{which}"  # noqa: S608
        moved = 0
        with self._database.transaction() as connection:
            for number in [None] if ids is None else ids:
                connection.execute(entries, {**values, "id": number})
                moved += connection.execute(update, {**values, "id": number}).rowcount
        return moved

    def counts(self) -> dict[tuple[str, State], int]:
        """Rows by (endpoint, state)."""
        found = self._database.reader.execute("select endpoint, state, count(*) from outbox group by endpoint, state")
        return {(endpoint, state): count for endpoint, state, count in found}

    def oldest_age_s(self, now: float) -> float:
        """Age of the oldest row that is due and not sent, in seconds; 0 when nothing waits past its time."""
        found = self._database.reader.execute(
            "select min(due_at) from outbox where state = 'due' and due_at <= ?", (now,)
        ).fetchone()[0]
        return 0.0 if found is None else max(0.0, now - float(found))


class OutboxTransaction:
    """The outbox inside a transaction that is open; the notification policy reads and changes rows through it."""

    def __init__(self, table: OutboxTable, connection: sqlite3.Connection) -> None:
        self._table = table
        self._connection = connection

    def history(self, endpoint: str, incident: str, version: int = 1 << 62) -> NotificationHistory:
        """See `OutboxTable.history`."""
        return self._table.history(self._connection, endpoint, incident, version)

    def cancel_settling(self, endpoint: str, incident: str, now: float) -> bool:
        """See `OutboxTable.cancel_settling`."""
        return self._table.cancel_settling(self._connection, endpoint, incident, now)

    def supersede(self, endpoint: str, incident: str, version: int, now: float) -> None:
        """See `OutboxTable.supersede`."""
        self._table.supersede(self._connection, endpoint, incident, version, now)
