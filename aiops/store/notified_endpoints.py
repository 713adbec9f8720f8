"""The endpoints that were, or are about to be, notified of an incident."""

from __future__ import annotations

import sqlite3


def is_foreign(connection: sqlite3.Connection, endpoint: str, incident: str) -> bool:
    """Return True if others were notified of an incident, and this endpoint was not.

    Without any notification nothing is known: rows of old deliveries are removed, and an incident may outlast them.
    """
    own = "select 1 from outbox where endpoint = ? and incident = ? limit 1"
    if connection.execute(own, (endpoint, incident)).fetchone() is not None:
        return False
    return connection.execute("select 1 from outbox where incident = ? limit 1", (incident,)).fetchone() is not None
