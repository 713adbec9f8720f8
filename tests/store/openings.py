"""An opening that is held, for tests of what shows it."""

from __future__ import annotations

import msgspec

from aiops.store.held import HELD_UNTIL, Hold
from aiops.store.outbox import Entry
from aiops.store.store import Store


def hold_opening(store: Store, incident: str, endpoint: str = "chat") -> None:
    """Hold the opening of an incident for an endpoint."""
    reason = msgspec.json.encode(Hold("RackDown on rack-7", "rack-down", 1_000.0, "inc-9", "f"))
    entry = Entry(
        endpoint=endpoint,
        incident=incident,
        version=1,
        change="opened",
        body=b"{}",
        at=1_000.0,
        due_at=HELD_UNTIL,
        held=reason,
    )
    with store.database.transaction() as connection:
        store.outbox.add(connection, [entry], 1_000.0)
