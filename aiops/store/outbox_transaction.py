"""The outbox inside an open transaction, for the notification policy."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from aiops.store import held
from aiops.store.held import Waiting
from aiops.store.outbox import Entry, NotificationHistory, OutboxTable


class OutboxTransaction:
    """The outbox, as the policy reads and changes it while the rows of a change are written."""

    def __init__(self, table: OutboxTable, connection: sqlite3.Connection) -> None:
        self._table = table
        self._connection = connection

    def history(self, endpoint: str, incident: str, version: int = 1 << 62) -> NotificationHistory:
        """See `OutboxTable.history`."""
        return self._table.history(self._connection, endpoint, incident, version)

    def withdraw(self, endpoint: str, incident: str, changes: Sequence[str], now: float) -> bool:
        """See `OutboxTable.withdraw`."""
        return self._table.withdraw(self._connection, endpoint, incident, changes, now)

    def supersede(self, endpoint: str, incident: str, version: int, now: float) -> None:
        """See `OutboxTable.supersede`."""
        self._table.supersede(self._connection, endpoint, incident, version, now)

    def waiting(self, now: float) -> list[Waiting]:
        """See `aiops.store.held.waiting`."""
        return held.waiting(self._connection, now)

    def is_announced(self, endpoint: str, incident: str, by: float) -> bool:
        """See `aiops.store.held.is_announced`."""
        return held.is_announced(self._connection, endpoint, incident, by)

    def hold(self, endpoint: str, incident: str, reason: bytes, now: float) -> bool:
        """Hold an opening that waits; see `aiops.store.held.hold`. One in flight has left."""
        if self._table.is_in_flight(endpoint, incident):
            return False
        return held.hold(self._connection, endpoint, incident, reason, now)

    def release(self, endpoint: str, incident: str, due_at: float, now: float) -> bool:
        """See `aiops.store.held.release`."""
        return held.release(self._connection, endpoint, incident, due_at, now)

    def hasten(self, endpoint: str, incident: str, due_at: float, now: float) -> bool:
        """See `aiops.store.held.hasten`."""
        return held.hasten(self._connection, endpoint, incident, due_at, now)

    def freshen(self, entry: Entry, now: float) -> None:
        """See `aiops.store.held.freshen`."""
        held.freshen(self._connection, entry, now)
