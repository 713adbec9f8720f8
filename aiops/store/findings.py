"""Reads of collectors for incidents: one row a collector, playbook and life of an incident.

A row is written before its system is read, and completed after: a read that a crash cut off is known, and made once
more at most. The answers are for people; what they are evidence for is in the journal.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from aiops.store.database import Database

ReadState = Literal["reading", "done", "failed", "skipped"]
# Rows of one incident that are shown.
MAX_SHOWN = 50


class ReadKey(Struct, frozen=True):
    """A read: `round` is 0, or the version in which the incident began anew."""

    incident: str
    round: int
    playbook: str
    collector: str


class FoundItem(Struct, omit_defaults=True):
    """One thing that was found: the entity it counts for, its sentence and its weight."""

    entity: str
    sentence: str
    weight: str


class Answer(Struct, omit_defaults=True):
    """The answer, in bounds and without credentials. `more` counts rows that are left out."""

    request: str = ""
    columns: list[str] = []
    rows: list[list[str]] = []
    more: int = 0
    note: str = ""
    found: list[FoundItem] = []


class Reading(Struct):
    """A read as it is stored; `at` is when it began (Unix seconds), `reason` is why there is no answer."""

    incident: str
    round: int
    playbook: str
    collector: str
    source: str
    system: str
    state: ReadState
    attempts: int
    at: float
    took_s: float
    reason: str
    reported: bool
    answer: Answer

    @property
    def key(self) -> ReadKey:
        """The identity of the read."""
        return ReadKey(self.incident, self.round, self.playbook, self.collector)


_COLUMNS = "incident, round, playbook, collector, source, system, state, attempts, at, took_s, reason, reported, answer"
_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(Answer)


class FindingsTable:
    """The reads of all incidents; safe for many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, readings: Sequence[Reading]) -> None:
        """Write reads, in one transaction; raise `sqlite3.Error` if the disk refuses."""
        with self._database.transaction() as connection:
            connection.executemany(
                f"insert or replace into findings ({_COLUMNS}) values ({', '.join('?' * 13)})",  # noqa: S608
                [_values(one) for one in readings],
            )
        self._database.changes.mark("incidents", list({one.incident for one in readings}))

    def reported(self, incident: str, round: int, playbook: str) -> None:
        """Note that the engine has what was found."""
        with self._database.transaction() as connection:
            connection.execute(
                "update findings set reported = 1 where incident = ? and round = ? and playbook = ?",
                (incident, round, playbook),
            )

    def of(self, incident: str) -> list[Reading]:
        """Return the reads for an incident, in the order in which they began."""
        return readings_of(self._database.reader, incident)

    def unfinished(self) -> list[tuple[str, int, str]]:
        """Return incident, round and playbook of reads that were cut off, or whose result the engine lacks."""
        found = self._database.reader.execute(
            "select distinct incident, round, playbook from findings where reported = 0 order by at limit 1000"
        )
        return [(str(one[0]), int(one[1]), str(one[2])) for one in found]


def readings_of(reader: sqlite3.Connection, incident: str) -> list[Reading]:
    """Return the reads for an incident, in the order in which they began, at most `MAX_SHOWN`."""
    found = reader.execute(
        f"select {_COLUMNS} from findings where incident = ? order by round desc, at, collector limit ?",  # noqa: S608
        (incident, MAX_SHOWN),
    )
    return [_reading(row) for row in found]


def _values(one: Reading) -> tuple[Any, ...]:
    *plain, reported, answer = (getattr(one, name) for name in Reading.__struct_fields__)
    return (*plain, int(reported), _ENCODER.encode(answer))


def _reading(row: Sequence[Any]) -> Reading:
    *plain, reported, answer = row
    values = (*plain, bool(reported), _DECODER.decode(answer))
    return Reading(**dict(zip(Reading.__struct_fields__, values, strict=True)))
