"""The audit of decisions and of the people behind them, and the dead letters.

`number` grows with every entry and is never reused: live updates resume after it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from msgspec import Struct

from aiops.engine.events import Event, Feedback, IncidentChanged, Notice
from aiops.ports import DeadLetter
from aiops.records import Action


class Entry(Struct):
    """One decision.

    `topic` is incident, feedback, endpoint, outbox or a notice's; `seq` is the causing record.
    """

    number: int
    seq: int
    at: float
    topic: str
    incident: str | None
    version: int | None
    actor: str | None
    text: str


class Letter(Struct):
    """An input that became no record."""

    number: int
    at: float
    source: str
    place: str
    reason: str
    raw: bytes


# Stands for the record number of an entry that no record caused.
NO_RECORD = -1
# The events that are kept; each alert causes one of the others.
KEPT = (IncidentChanged, Feedback, Notice)
_COLUMNS = ", ".join(Entry.__struct_fields__)
_LETTER_COLUMNS = ", ".join(Letter.__struct_fields__)


def add(connection: sqlite3.Connection, event: Event, at: float, action: Action | None = None) -> int | None:
    """Write an entry for an event that people look up later; return its number, None for other events.

    `action` is the operator action that a `Feedback` answers.
    """
    values: tuple[object, ...]
    if isinstance(event, IncidentChanged):
        text = event.change if not event.what else f"{event.change}: {', '.join(event.what)}"
        values = (event.seq, event.at, "incident", event.incident.id, event.version, None, text)
    elif isinstance(event, Feedback):
        outcome = "applied" if event.applied else "not applied"
        text = f"{event.verb} {outcome}: {event.reason}"
        actor, incident = (action.actor, action.incident) if action is not None else (None, None)
        values = (event.seq, at, "feedback", incident, None, actor, text)
    elif isinstance(event, Notice):
        values = (event.seq, at, event.topic, None, None, None, event.text)
    else:
        return None
    return write(connection, *values, received_at=at)


def write(connection: sqlite3.Connection, *values: object, received_at: float | None = None) -> int:
    """Write an entry from (seq, at, topic, incident, version, actor, text); return its number.

    `received_at` is the host's clock, where `at` is the engine's.
    """
    cursor = connection.execute(
        "insert into audit (seq, at, topic, incident, version, actor, text, received_at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?)",
        (*values, values[1] if received_at is None else received_at),
    )
    return int(cursor.lastrowid or 0)


def entries(
    connection: sqlite3.Connection, *, incident: str | None = None, after: int = 0, limit: int = 1_000
) -> list[Entry]:
    """Return the entries after number `after` in order: all, or those of one incident."""
    where = "number > ?" if incident is None else "number > ? and incident = ?"
    values = (after,) if incident is None else (after, incident)
    found = connection.execute(
        f"select {_COLUMNS} from audit where {where} order by number limit ?",  # noqa: S608
        (*values, limit),
    )
    return [Entry(*row) for row in found]


def latest(connection: sqlite3.Connection, incident: str, limit: int) -> tuple[list[Entry], int]:
    """Return the newest entries of one incident in order, and the number of the earlier ones."""
    found = connection.execute(
        f"select {_COLUMNS} from audit where incident = ? order by number desc limit ?",  # noqa: S608
        (incident, limit),
    ).fetchall()
    count = connection.execute("select count(*) from audit where incident = ?", (incident,)).fetchone()[0]
    return [Entry(*row) for row in reversed(found)], int(count) - len(found)


def answers_elsewhere(connection: sqlite3.Connection, incident: str, limit: int) -> list[Entry]:
    """Return the newest answers of actions on other incidents that changed this one, in order."""
    columns = ", ".join(f"answer.{name}" for name in Entry.__struct_fields__)
    # An answer follows the changes of its record: a few numbers later, and with the same `seq`.
    found = connection.execute(
        f"select {columns} from audit change cross join audit answer"  # noqa: S608
        " where change.incident = ? and change.topic = 'incident' and change.seq >= 0"
        " and answer.number > change.number and answer.number <= change.number + 10 and answer.seq = change.seq"
        " and answer.topic = 'feedback' and answer.incident is not change.incident"
        " group by answer.number order by answer.number desc limit ?",
        (incident, limit),
    ).fetchall()
    return [Entry(*row) for row in reversed(found)]


def last_opening(connection: sqlite3.Connection, incident: str) -> float | None:
    """Return when an incident was last opened or reopened, by the host's clock; None if unknown."""
    found = connection.execute(
        "select max(received_at) from audit where incident = ? and topic = 'incident'"
        " and (text like 'opened%' or text like 'reopened%')",
        (incident,),
    ).fetchone()[0]
    return None if found is None else float(found)


def last_acknowledged(connection: sqlite3.Connection, incident: str) -> float | None:
    """Return when an incident was last acknowledged, by the engine's clock; None if it never was."""
    found = connection.execute(
        "select max(at) from audit where incident = ? and topic = 'incident' and text like 'acknowledged%'", (incident,)
    ).fetchone()[0]
    return None if found is None else float(found)


def last_assigned(connection: sqlite3.Connection, incident: str) -> tuple[float, str] | None:
    """Return when an incident was last assigned, by the engine's clock, and by whom; None if it never was."""
    found = connection.execute(
        "select at, actor from audit where incident = ? and topic = 'feedback'"
        " and text like 'assign applied: assigned to%' order by number desc limit 1",
        (incident,),
    ).fetchone()
    return None if found is None else (float(found[0]), found[1] or "")


def has_acted(connection: sqlite3.Connection, incident: str, actor: str) -> bool:
    """Return True if a person did anything on an incident that was applied."""
    found = connection.execute(
        "select 1 from audit where incident = ? and topic = 'feedback' and actor = ? and text like '% applied: %'"
        " and text not like '% not applied: %' limit 1",
        (incident, actor),
    ).fetchone()
    return found is not None


def last_number(connection: sqlite3.Connection) -> int:
    """Return the number of the newest entry, 0 if there is none."""
    return int(connection.execute("select coalesce(max(number), 0) from audit").fetchone()[0])


def add_letters(connection: sqlite3.Connection, letters: Iterable[DeadLetter], at: float) -> None:
    """Keep rejected input as dead letters."""
    connection.executemany(
        "insert into dead_letters (at, source, place, reason, raw) values (?, ?, ?, ?, ?)",
        [(letter.at or at, letter.source, letter.place, letter.reason, letter.raw) for letter in letters],
    )


def letters(connection: sqlite3.Connection, *, before: int | None = None, limit: int = 100) -> list[Letter]:
    """Return the dead letters, newest first."""
    found = connection.execute(
        f"select {_LETTER_COLUMNS} from dead_letters where ? is null or number < ? order by number desc limit ?",  # noqa: S608
        (before, before, limit),
    )
    return [Letter(*row) for row in found]


def feedback(connection: sqlite3.Connection, pattern: str, limit: int = 1_000) -> list[Entry]:
    """Return the answers to actions of people whose text is like a pattern of SQL, newest first."""
    found = connection.execute(
        f"select {_COLUMNS} from audit where topic = 'feedback' and text like ? order by number desc limit ?",  # noqa: S608
        (pattern, limit),
    )
    return [Entry(*row) for row in found]


class LetterReason(Struct):
    """Dead letters of one source with the same reason: their number, and the newest."""

    source: str
    reason: str
    count: int
    last_at: float
    place: str


def letter_reasons(connection: sqlite3.Connection, limit: int = 20) -> list[LetterReason]:
    """Return why input was rejected, by source and reason, the newest reason first."""
    found = connection.execute(
        "select source, reason, count(*), max(at), place from dead_letters group by source, reason"
        " order by max(number) desc limit ?",
        (limit,),
    )
    return [LetterReason(*row) for row in found]


def letter_count(connection: sqlite3.Connection) -> int:
    """Return the number of dead letters that are kept; older ones were removed by retention."""
    return int(connection.execute("select count(*) from dead_letters").fetchone()[0])
