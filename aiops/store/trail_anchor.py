"""The anchor of the audit trail of runs: its end, kept apart from the trail, which can be cut."""

from __future__ import annotations

import sqlite3

Row = tuple[int, str, float, str]


def read(connection: sqlite3.Connection) -> Row | None:
    """Return entries, last hash, latest time and engaged switches (JSON).

    None if no line was ever written.
    """
    found: Row | None = connection.execute("select entries, head, at, engaged from trail").fetchone()
    return found


def write(connection: sqlite3.Connection, entries: int, head: str, at: float, engaged: str) -> None:
    """Record the end of the trail in the caller's transaction."""
    connection.execute(
        "insert into trail (one, entries, head, at, engaged) values (1, ?, ?, ?, ?) on conflict (one) do update"
        " set entries = excluded.entries, head = excluded.head, at = excluded.at, engaged = excluded.engaged",
        (entries, head, at, engaged),
    )
