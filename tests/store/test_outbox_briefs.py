"""Messages about several incidents at once."""

from __future__ import annotations

from pathlib import Path

from aiops.store.outbox import Entry
from aiops.store.outbox_briefs import of_incidents
from aiops.store.store import Store


def test_briefs_are_grouped_by_incident_and_superseded_ones_left_out(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.database.transaction() as connection:
        for number in range(6):
            entry = Entry(
                endpoint=f"e{number % 2}",
                incident=f"i-{number % 3}",
                version=number,
                change="updated",
                body=b"x" * 1_000,
                at=1.0,
                due_at=5.0,
                held=b"{}" if number == 4 else None,
            )
            store.outbox.add(connection, [entry], float(number))
        connection.execute("update outbox set state = 'superseded' where version = 0")
    found = of_incidents(store.database.reader, ["i-0", "i-1", "i-none"])
    assert {name: [brief.endpoint for brief in briefs] for name, briefs in found.items()} == {
        "i-0": ["e1"],
        "i-1": ["e1", "e0"],
        "i-none": [],
    }
    assert [bool(brief.is_held) for brief in found["i-1"]] == [False, True]
    assert of_incidents(store.database.reader, []) == {}
    store.close()
