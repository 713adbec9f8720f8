"""The outbox: notifications for endpoints, written in the transaction of the events that caused them.

A row is one change of one incident for one endpoint. Its key is derived from the three: processing a frame again after
a crash cannot add a second row. For each endpoint and incident, rows leave one at a time in the order of their
versions; other incidents are not held up. Rows in flight are known in memory only. After a crash the attempt whose
answer was lost is repeated with the same key.
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
# Changes that end an incident for an endpoint that was notified of it.
OVER = ("resolved", "merged")
# Changes that open or reopen one.
BEGUN = ("opened", "reopened")
# It is open again after its end was notified, no worse than before.
RETURNED = "returned"
# It opens quietly: a person merged or split incidents, and its alerts were notified as parts of another one.
MOVED = "moved"
SETTLING = (*BEGUN, RETURNED, MOVED)
# Changes whose messages describe the incident. An acknowledgement does not: a pager shows its state alone.
_SAYING = (*SETTLING, "updated")
# A person reads the error text; a receiver's whole HTML page would not help.
MAX_ERROR_CHARS = 1_000


class Entry(Struct, kw_only=True):
    """A row to add.

    `body` is the incident's JSON at that version, `at` the time of the change (Unix seconds). `severity`, `cause` (the
    likely one) and `named` (all that the endpoint was notified of, as JSON of `NamedAlerts`) are compared with the
    next change.
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
    # The W3C `traceparent` of the batch that caused it; empty without tracing.
    traceparent: str = ""
    news: list[str] = []
    named: bytes | None = None
    # How it was routed, for its reminders; see `aiops.notify.routes.Plan`.
    plan: bytes | None = None
    # Why an opening is held (JSON of `aiops.store.held.Hold`); it is sent once it is released.
    held: bytes | None = None


class NamedAlerts(Struct):
    """The alert names and places (services) that were named, each with its worst level."""

    names: dict[str, int] = {}
    places: dict[str, int] = {}
    # By name, then by place: a known name and a known place may belong to two other alerts.
    pairs: dict[str, dict[str, int]] = {}


class NotificationHistory(Struct):
    """The notifications of an incident that an endpoint has received, or that are on their way.

    Superseded rows do not count, nor does a waiting update, which the next one supersedes. `changes` counts all rows,
    and `updates` the updates since the incident opened or reopened. `severity` is the worst one since then, `cause` the
    last suspect ever, `last_due_at` the time of the newest row and `last_change` its change. `named` holds the names
    since then. `waiting_due_at` is the due time of a waiting update, `held` why the opening is held.
    """

    changes: int = 0
    updates: int = 0
    severity: int = 0
    cause: str | None = None
    last_due_at: float = 0.0
    last_change: str | None = None
    named: NamedAlerts = msgspec.field(default_factory=NamedAlerts)
    waiting_due_at: float | None = None
    held: bytes | None = None


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
    held: bytes | None = None


_COLUMNS = ", ".join(Row.__struct_fields__)
_CLAIM = f"""
select {_COLUMNS} from outbox o
where state = 'due' and endpoint = ? and due_at <= ? and held is null
  and not exists (
    select 1 from outbox earlier
    where earlier.state = 'due' and earlier.endpoint = o.endpoint and earlier.incident = o.incident
      and earlier.version < o.version)
order by due_at, id limit ?
"""  # noqa: S608 - the columns are this module's own

# Marks a row that the rebuilt history implies and that has no attempt; such rows are found by it.
ASSUMED = "counted as sent: the store was rebuilt"
# A person's decision about a message is recorded with its incident.
_AUDITED = """
insert into audit (seq, at, topic, incident, version, actor, text)
select :seq, :now, 'outbox', incident, version, :actor,
    'message ' || id || ' (' || change || ') to ' || endpoint || ' ' || :did || '; it was ' || state from outbox
"""


def row_key(endpoint: str, incident: str, version: int, repeats: int = 0) -> str:
    """Return the identity of a delivery: the same for every attempt and after every crash.

    >>> row_key("pager", "i-1", 1) == row_key("pager", "i-1", 1) != row_key("pager", "i-1", 2)
    True
    """
    parts = [endpoint, incident, str(version)] + ([str(repeats)] if repeats else [])
    return "msg_" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _absorb(connection: sqlite3.Connection, entry: Entry, now: float) -> None:
    """Merge this update into the row before if that row is not due yet.

    A row that is due may have been sent by a process that died; its key must not get another content.
    """
    before = connection.execute(
        "select id, due_at, attempt from outbox where state = 'due' and endpoint = ? and incident = ? and version < ?"
        " order by version desc limit 1",
        (entry.endpoint, entry.incident, entry.version),
    ).fetchone()
    if before is None or before[1] <= now or before[2]:
        return
    connection.execute(
        "update outbox set body = ?, severity = ?, cause = ?, named = ?,"
        " due_at = case when held is null then min(due_at, ?) else due_at end where id = ?",
        (entry.body, entry.severity, entry.cause, entry.named, entry.due_at, before[0]),
    )
    connection.execute(
        "update outbox set state = 'superseded', changed_at = ? where endpoint = ? and incident = ? and version = ?",
        (now, entry.endpoint, entry.incident, entry.version),
    )


def _named_by(connection: sqlite3.Connection, number: int) -> NamedAlerts:
    """Return the names in the row of that id; a row of an older release has them in its body alone."""
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
    """The table, shared by the pump that adds rows and the worker threads that send them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        # Rows in flight, by id, with their (endpoint, incident).
        self._in_flight: dict[int, tuple[str, str]] = {}

    def history(
        self, connection: sqlite3.Connection, endpoint: str, incident: str, version: int = 1 << 62
    ) -> NotificationHistory:
        """Return the notifications of `incident` to `endpoint` before `version`, if any."""
        found = connection.execute(
            "select id, severity, cause, change, case when held is null then due_at else created_at end, state,"
            " repeats, held from outbox"
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
            _named_by(connection, since[-1][0]),
            min(waiting.values(), default=None),
            next((row[7] for row in kept if row[7] is not None and row[5] == "due"), None),
        )

    def _waits(self, number: int, change: str, state: str, repeats: int) -> bool:
        """Return True if a row is an update that a later one supersedes: not in flight, and no reminder."""
        return change == "updated" and state == "due" and not repeats and number not in self._in_flight

    def add(self, connection: sqlite3.Connection, entries: Iterable[Entry], now: float) -> int:
        """Add rows in the caller's transaction and return their number; a row that exists stays as it is.

        Rows carry the whole incident: a waiting `updated` is superseded by the next one and by the end, and a row
        before it that still settles absorbs it. An acknowledgement makes it due at once, as it shows no news itself.
        """
        added = 0
        for entry in entries:
            cursor = connection.execute(
                "insert into outbox (endpoint, incident, version, key, change, body, at, link, severity, cause,"
                " due_at, created_at, changed_at, traceparent, news, named, plan, held)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
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
                    entry.plan,
                    entry.held,
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
        """Add rows that a lost store had, in the caller's transaction; see `take_as_sent`."""
        for entry in entries:
            if self.add(connection, [entry], now):
                connection.execute(
                    "update outbox set last_error = ? where endpoint = ? and incident = ? and version = ?",
                    (ASSUMED, entry.endpoint, entry.incident, entry.version),
                )

    def take_as_sent(self, connection: sqlite3.Connection, until: float) -> None:
        """Mark assumed rows that were due by then as sent; later ones are sent with their old keys."""
        connection.execute(
            "update outbox set state = 'sent', changed_at = due_at where state = 'due' and due_at <= ?"
            " and last_error = ?",
            (until, ASSUMED),
        )

    def supersede(self, connection: sqlite3.Connection, endpoint: str, incident: str, version: int, now: float) -> None:
        """Supersede the waiting updates before `version`, in the caller's transaction."""
        idle = [(now, number) for number in self._waiting(connection, endpoint, incident, version)]
        connection.executemany("update outbox set state = 'superseded', changed_at = ? where id = ?", idle)

    def _hasten(self, connection: sqlite3.Connection, entry: Entry, now: float) -> None:
        values = [(now, each) for each in self._waiting(connection, entry.endpoint, entry.incident, entry.version)]
        connection.executemany("update outbox set due_at = min(due_at, ?) where id = ? and attempt = 0", values)

    def _waiting(self, connection: sqlite3.Connection, endpoint: str, incident: str, version: int) -> list[int]:
        found = connection.execute(
            "select id, change, state, repeats from outbox where state = 'due' and endpoint = ? and incident = ?"
            " and version < ?",
            (endpoint, incident, version),
        ).fetchall()
        with self._lock:
            return [row[0] for row in found if self._waits(*row)]

    def withdraw(
        self, connection: sqlite3.Connection, endpoint: str, incident: str, changes: Sequence[str], now: float
    ) -> bool:
        """Withdraw a message that settles or is held, with all that waits behind it.

        Return True if there was one. What ends while it settles is not notified, nor an end that did not last.
        """
        first = connection.execute(
            "select min(version) from outbox where endpoint = ? and incident = ? and state = 'due'"
            " and change in (select value from json_each(?)) and attempt = 0 and repeats = 0 and due_at > ?",
            (endpoint, incident, msgspec.json.encode(changes).decode(), now),
        ).fetchone()[0]
        if first is None:
            return False
        # None of it can be in flight: a row leaves only after all rows before it.
        connection.execute(
            "update outbox set state = 'superseded', changed_at = ? where endpoint = ? and incident = ?"
            " and state = 'due' and version >= ?",
            (now, endpoint, incident, first),
        )
        return True

    def claim(self, now: float, limit: int, endpoints: Collection[str]) -> list[Row]:
        """Claim up to `limit` rows of each endpoint; answer each by `sent`, `retry`, `dead` or `release`."""
        # Not during a write: a row that a transaction supersedes or cancels must not be claimed before the commit.
        with self._database.quiet, self._lock:
            busy = set(self._in_flight.values())
            claimed: list[Row] = []
            for endpoint in endpoints:
                # Busy incidents of this endpoint may fill the front of the queue: search that much further.
                reach = limit + sum(1 for held in busy if held[0] == endpoint)
                found = self._database.reader.execute(_CLAIM, (endpoint, now, reach)).fetchall()
                rows = [Row(*row) for row in found if (endpoint, row[2]) not in busy][:limit]
                claimed.extend(rows)
            for row in claimed:
                self._in_flight[row.id] = (row.endpoint, row.incident)
        return claimed

    def next_due_at(self, endpoints: Collection[str]) -> float | None:
        """Return the due time of the next waiting row of `endpoints` that is not in flight, or None."""
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

    def is_in_flight(self, endpoint: str, incident: str) -> bool:
        """Return True if an attempt for an incident is under way."""
        with self._lock:
            return (endpoint, incident) in self._in_flight.values()

    def release(self, ids: Sequence[int]) -> None:
        """Release claimed rows without an attempt."""
        with self._lock:
            for number in ids:
                self._in_flight.pop(number, None)

    def sent(self, ids: Sequence[int], now: float, status: int | None = None) -> None:
        """Mark rows as delivered."""
        self._answer(
            "update outbox set state = 'sent', attempt = attempt + 1, changed_at = ?, last_status = ?,"
            " last_error = null where id = ?",
            [(now, status, number) for number in ids],
            ids,
        )

    def retry(self, id: int, due_at: float, now: float, *, status: int | None = None, error: str = "") -> None:
        """Schedule another attempt of a row from `due_at` on."""
        self._answer(
            "update outbox set attempt = attempt + 1, due_at = ?, changed_at = ?, last_status = ?, last_error = ?,"
            " held = null"
            " where id = ? and state = 'due'",
            [(due_at, now, status, error[:MAX_ERROR_CHARS], id)],
            [id],
        )

    def dead(self, id: int, reason: str, now: float, *, status: int | None = None) -> None:
        """Set a row aside: the receiver will never accept it, and it waits for a person (`aiops outbox`)."""
        self._answer(
            "update outbox set state = 'dead', attempt = attempt + 1, changed_at = ?, last_status = ?, last_error = ?"
            " where id = ?",
            [(now, status, reason[:MAX_ERROR_CHARS], id)],
            [id],
        )

    def _answer(self, statement: str, values: Iterable[tuple[object, ...]], ids: Sequence[int]) -> None:
        with self._database.transaction("deliveries") as connection:
            connection.executemany(statement, values)
        # Only now: a row that is released before its answer is on disk could be claimed again.
        self.release(ids)

    def rows(self, state: State | None = None, limit: int = 100, endpoint: str | None = None) -> list[Row]:
        """Return the newest rows of a state or an endpoint, for people."""
        found = self._database.reader.execute(
            f"select {_COLUMNS} from outbox where (? is null or state = ?) and (? is null or endpoint = ?)"  # noqa: S608
            " order by id desc limit ?",
            (state, state, endpoint, endpoint, limit),
        )
        return [Row(*row) for row in found]

    def retry_dead(self, now: float, ids: Sequence[int] | None = None, *, actor: str | None = None) -> int:
        """Make dead rows due again, all or the given ones, as if they were new; return their number.

        This and `drop` write an audit entry for each row in the same transaction. `actor` is the person who decided it.
        """
        return self._move("due", "dead", now, ids, actor, ", attempt = 0, created_at = :now")

    def drop(
        self, now: float, ids: Sequence[int] | None = None, *, state: State = "dead", actor: str | None = None
    ) -> int:
        """Drop rows, the given ones or all of `state`; return their number."""
        return self._move("dropped", state, now, ids, actor)

    def restore(self, now: float, ids: Sequence[int], *, actor: str | None = None) -> int:
        """Make dropped rows dead again: they wait for a person, as before they were dropped."""
        return self._move("dead", "dropped", now, ids, actor)

    def row(self, id: int) -> Row | None:
        """Return one row; None if there is none of that number."""
        found = self._database.reader.execute(f"select {_COLUMNS} from outbox where id = ?", (id,)).fetchone()  # noqa: S608
        return None if found is None else Row(*found)

    def _move(
        self, to: State, state: State, now: float, ids: Sequence[int] | None, actor: str | None, more: str = ""
    ) -> int:
        which = " where state = :state" + ("" if ids is None else " and id = :id")
        values: dict[str, object] = {"to": to, "now": now, "state": state, "actor": actor, "seq": NO_RECORD}
        values["did"] = {"due": "is sent again", "dead": "waits again"}.get(to, "was dropped")
        entries = _AUDITED + which
        update = f"update outbox set state = :to, due_at = :now, changed_at = :now{more}{which}"  # noqa: S608
        moved = 0
        with self._database.transaction("deliveries") as connection:
            for number in [None] if ids is None else ids:
                connection.execute(entries, {**values, "id": number})
                moved += connection.execute(update, {**values, "id": number}).rowcount
        return moved

    def counts(self) -> dict[tuple[str, State], int]:
        """Count rows by (endpoint, state)."""
        found = self._database.reader.execute("select endpoint, state, count(*) from outbox group by endpoint, state")
        return {(endpoint, state): count for endpoint, state, count in found}

    def undelivered(self) -> dict[str, int]:
        """Return the number of dead messages by endpoint that wait for a person.

        One that a newer message of its incident supersedes waits for nobody.
        """
        found = self._database.reader.execute(
            "select endpoint, count(*) from outbox as one where state = 'dead' and not exists (select 1 from outbox"
            " where endpoint = one.endpoint and incident = one.incident and version > one.version and state = 'sent')"
            " group by endpoint order by endpoint"
        )
        return {str(endpoint): int(count) for endpoint, count in found}

    def oldest_age_s(self, now: float) -> float:
        """Return the age in seconds of the oldest row that is due and not sent; 0 if none is overdue."""
        found = self._database.reader.execute(
            "select min(due_at) from outbox where state = 'due' and due_at <= ?", (now,)
        ).fetchone()[0]
        return 0.0 if found is None else max(0.0, now - float(found))
