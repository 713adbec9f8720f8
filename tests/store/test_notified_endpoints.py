"""An endpoint is foreign to an incident if others were notified of it."""

from __future__ import annotations

from pathlib import Path

from aiops.store.notified_endpoints import is_foreign
from aiops.store.outbox import Entry
from aiops.store.store import Store


def test_an_endpoint_is_foreign_if_others_alone_were_notified(tmp_path: Path) -> None:
    store = Store(tmp_path)
    entry = Entry(endpoint="chat", incident="inc-1", version=1, change="opened", body=b"{}", at=1.0, due_at=5.0)
    with store.database.transaction() as connection:
        store.outbox.add(connection, [entry], 1.0)
    reader = store.database.reader
    assert is_foreign(reader, "pager", "inc-1")
    assert not is_foreign(reader, "chat", "inc-1")
    # Its deliveries may have been removed already.
    assert not is_foreign(reader, "pager", "inc-2")
    store.close()
