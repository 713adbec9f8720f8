"""Openings that wait: settling, in a mute interval, or held by an inhibition.

A held opening is a row like any other, due in the far future. The end of its incident withdraws it, a change of the
incident is merged into it, and a restart finds it as it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec
from msgspec import Struct

from aiops.records.model import MAX_TIME_S
from aiops.store.outbox import OVER, SETTLING, Entry

# Beyond all times that records may have; the release sets another one.
HELD_UNTIL = MAX_TIME_S
_CHANGES = msgspec.json.encode(SETTLING).decode()
# An opening that has not left: it waits for its time, and no attempt was made.
_WAITS = (
    "state = 'due' and change in (select value from json_each(:changes)) and attempt = 0 and repeats = 0"
    " and due_at > :now"
)


class Hold(Struct, frozen=True, omit_defaults=True):
    """The reason why an opening is held.

    `by` names the alert for people, `rule` the inhibition rule, or `topology`. `incident` is the one that the
    inhibiting alert belongs to, and `fingerprint` its stream. `since` is in Unix seconds.
    """

    by: str
    rule: str
    since: float
    incident: str | None = None
    fingerprint: str = ""

    @property
    def text(self) -> str:
        """Return the reason as one line for people."""
        where = f" in {self.incident}" if self.incident else ""
        return f"inhibited by {self.by}{where} ({self.rule})"


class Waiting(Struct, frozen=True):
    """An opening that waits; `held` is JSON of a `Hold`, or None while it settles or its route is muted."""

    endpoint: str
    incident: str
    version: int
    severity: int
    created_at: float
    due_at: float
    held: bytes | None


class Held(Struct, frozen=True):
    """An endpoint that is not notified of an incident, and why."""

    endpoint: str
    incident: str
    hold: Hold


def waiting(connection: sqlite3.Connection, now: float) -> list[Waiting]:
    """Return the openings that wait, oldest first."""
    found = connection.execute(
        f"select endpoint, incident, version, severity, created_at, due_at, held from outbox where {_WAITS}"  # noqa: S608
        " order by id",
        {"changes": _CHANGES, "now": now},
    )
    return [Waiting(*row) for row in found]


def hold(connection: sqlite3.Connection, endpoint: str, incident: str, reason: bytes, now: float) -> bool:
    """Hold an opening that waits, or change the reason of its hold; return False if it has left."""
    cursor = connection.execute(
        "update outbox set held = :held, due_at = :until where endpoint = :endpoint and incident = :incident"  # noqa: S608
        f" and {_WAITS}",
        {
            "held": reason,
            "until": HELD_UNTIL,
            "endpoint": endpoint,
            "incident": incident,
            "changes": _CHANGES,
            "now": now,
        },
    )
    return cursor.rowcount > 0


def release(connection: sqlite3.Connection, endpoint: str, incident: str, due_at: float, now: float) -> bool:
    """Let a held opening leave at a time; return False if none is held."""
    cursor = connection.execute(
        "update outbox set held = null, due_at = ?, changed_at = ? where endpoint = ? and incident = ?"
        " and state = 'due' and held is not null",
        (due_at, now, endpoint, incident),
    )
    return cursor.rowcount > 0


def hasten(connection: sqlite3.Connection, endpoint: str, incident: str, due_at: float, now: float) -> bool:
    """Let an opening that waits, and is not held, leave earlier; return False if none does."""
    cursor = connection.execute(
        "update outbox set due_at = :due_at where endpoint = :endpoint and incident = :incident and held is null"  # noqa: S608
        f" and due_at > :due_at and {_WAITS}",
        {"due_at": due_at, "endpoint": endpoint, "incident": incident, "changes": _CHANGES, "now": now},
    )
    return cursor.rowcount > 0


def freshen(connection: sqlite3.Connection, entry: Entry, now: float) -> None:
    """Give an opening that waits the state of its incident, and the time of `entry` if that is earlier."""
    connection.execute(
        f"update outbox set body = :body, severity = :severity, cause = :cause,"  # noqa: S608
        " due_at = case when held is null then min(due_at, :due_at) else due_at end"
        f" where endpoint = :endpoint and incident = :incident and version < :version and {_WAITS}",
        {
            "body": entry.body,
            "severity": entry.severity,
            "cause": entry.cause,
            "due_at": entry.due_at,
            "endpoint": entry.endpoint,
            "incident": entry.incident,
            "version": entry.version,
            "changes": _CHANGES,
            "now": now,
        },
    )


def is_announced(connection: sqlite3.Connection, endpoint: str, incident: str, by: float) -> bool:
    """Return True if an incident is open for an endpoint that knows it, or gets it by a time.

    One that is held, or that could not be delivered, does not count.
    """
    found = connection.execute(
        "select change, state, due_at, held from outbox where endpoint = ? and incident = ? and state != 'superseded'"
        " order by version desc",
        (endpoint, incident),
    )
    for change, state, due_at, reason in found:
        if change in OVER:
            return False
        if change in SETTLING:
            return state == "sent" or (state == "due" and reason is None and due_at <= by)
    return False


def held_of(connection: sqlite3.Connection, incidents: Iterable[str]) -> dict[str, list[Held]]:
    """Return who is not notified of incidents, by incident, in the order of the endpoints' names."""
    found: dict[str, list[Held]] = {}
    for name in incidents:
        rows = connection.execute(
            "select endpoint, held from outbox where incident = ? and state = 'due' and held is not null"
            " order by endpoint",
            (name,),
        )
        made = [Held(endpoint, name, msgspec.json.decode(reason, type=Hold)) for endpoint, reason in rows]
        if made:
            found[name] = made
    return found
