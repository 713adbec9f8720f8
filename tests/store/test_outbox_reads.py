"""Messages about one incident, read by the index of the outbox."""

from __future__ import annotations

from pathlib import Path

from aiops.store.outbox import Entry
from aiops.store.outbox_reads import of_incident
from aiops.store.store import Store

AT = 1_795_000_000.0


def fill(store: Store, incidents: int, endpoints: tuple[str, ...]) -> None:
    with store.database.transaction() as connection:
        for number in range(incidents):
            for endpoint in endpoints:
                entry = Entry(
                    endpoint=endpoint,
                    incident=f"inc-{number}",
                    version=1,
                    change="opened",
                    body=b"{}",
                    at=AT,
                    due_at=AT + number,
                )
                store.outbox.add(connection, [entry], AT + number)


def test_messages_of_one_incident_are_found_over_all_endpoints(tmp_path: Path) -> None:
    store = Store(tmp_path)
    fill(store, 50, ("chat", "pager", "mail"))
    found, count, superseded = of_incident(store.database.reader, "inc-7", 10)
    assert sorted(one.endpoint for one in found) == ["chat", "mail", "pager"]
    assert (count, superseded) == (3, 0)
    assert of_incident(store.database.reader, "inc-7", 2)[1] == 3
    assert of_incident(store.database.reader, "none", 10) == ([], 0, 0)
    store.close()


def test_empty_outbox_has_no_messages(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert of_incident(store.database.reader, "inc-1", 10) == ([], 0, 0)
    store.close()


def steps_of(directory: Path, incidents: int) -> int:
    """The steps that SQLite takes to find the messages of one incident, in tens."""
    store = Store(directory)
    fill(store, incidents, ("chat", "pager"))
    taken = [0]

    def count() -> int:
        taken[0] += 1
        return 0

    reader = store.database.reader
    reader.set_progress_handler(count, 10)
    of_incident(reader, "inc-3", 10)
    reader.set_progress_handler(None, 0)
    store.close()
    return taken[0]


def test_large_outbox_costs_no_more_than_a_small_one(tmp_path: Path) -> None:
    few, many = steps_of(tmp_path / "few", 10), steps_of(tmp_path / "many", 1_000)
    assert many < 2 * few
