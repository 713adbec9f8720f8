"""The anchor of the audit trail in the daemon's store; see `aiops.respond.anchors`."""

from __future__ import annotations

import sqlite3

import msgspec

from aiops.errors import AiopsError
from aiops.respond.anchors import Mark
from aiops.store import trail_anchor
from aiops.store.database import Database


class StoreTrailAnchor:
    """Keeps the mark of the trail in one row; each write is a transaction of its own, synced to disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> Mark | None:
        """See `TrailAnchor.read`."""
        return read_mark(self._database.reader)

    def write(self, mark: Mark) -> None:
        """See `TrailAnchor.write`."""
        try:
            with self._database.transaction("runs") as connection:
                engaged = msgspec.json.encode(mark.engaged).decode()
                trail_anchor.write(connection, mark.entries, mark.head, mark.at, engaged)
        except sqlite3.Error as error:
            raise AiopsError(f"store {self._database.path}: {error}") from error


def read_mark(connection: sqlite3.Connection) -> Mark | None:
    """Return the mark in a store; raise `AiopsError` where it cannot be read."""
    try:
        found = trail_anchor.read(connection)
    except sqlite3.Error as error:
        raise AiopsError(f"store: {error}") from error
    if found is None:
        return None
    entries, head, at, engaged = found
    return Mark(entries, head, at, msgspec.json.decode(engaged, type=tuple[str, ...]))
