"""References: the names that receivers gave to incidents, by which later messages find the first.

A chat's thread is an example. A reference lives as long as the deliveries of its incident.
"""

from __future__ import annotations

import sqlite3

# A receiver's name is a number or a path; a longer text is no name.
MAX_CHARS = 1_000


def keep(connection: sqlite3.Connection, endpoint: str, incident: str, reference: str, now: float) -> None:
    """Keep the reference of an incident at an endpoint; a new one replaces it.

    `connection` is in the caller's transaction.
    """
    connection.execute(
        "insert into delivery_references (endpoint, incident, reference, changed_at) values (?, ?, ?, ?)"
        " on conflict (endpoint, incident) do update set reference = excluded.reference,"
        " changed_at = excluded.changed_at",
        (endpoint, incident, reference[:MAX_CHARS], now),
    )


def find(connection: sqlite3.Connection, endpoint: str, incident: str) -> str:
    """Return the reference of an incident at an endpoint; empty if there is none."""
    found = connection.execute(
        "select reference from delivery_references where endpoint = ? and incident = ?", (endpoint, incident)
    ).fetchone()
    return "" if found is None else str(found[0])
