"""References of receivers: one for each endpoint and incident, kept as long as the incident's deliveries."""

from __future__ import annotations

from pathlib import Path

from aiops.store import delivery_references
from aiops.store.retention import KeepConfig, prune
from aiops.store.store import Store


def test_the_newest_reference_is_found_again_after_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.database.transaction() as connection:
        delivery_references.keep(connection, "chat", "i-1", "C1:1.0", 10.0)
        delivery_references.keep(connection, "chat", "i-1", "C1:2.0", 20.0)
        delivery_references.keep(connection, "chat", "i-2", "x" * 5_000, 20.0)
    store.close()
    again = Store(tmp_path)
    reader = again.database.reader
    assert delivery_references.find(reader, "chat", "i-1") == "C1:2.0"
    assert len(delivery_references.find(reader, "chat", "i-2")) == delivery_references.MAX_CHARS
    assert delivery_references.find(reader, "other", "i-1") == ""
    again.close()


def test_a_reference_is_removed_with_the_deliveries_of_its_incident(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.database.transaction() as connection:
        delivery_references.keep(connection, "chat", "i-1", "C1:1.0", 10.0)
    prune(store.database, 10.0 + KeepConfig().deliveries_s - 1, KeepConfig())
    assert delivery_references.find(store.database.reader, "chat", "i-1") == "C1:1.0"
    prune(store.database, 10.0 + KeepConfig().deliveries_s + 1, KeepConfig())
    assert delivery_references.find(store.database.reader, "chat", "i-1") == ""
    store.close()
