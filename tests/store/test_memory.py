"""The store in memory: the tables of a file, for one thread."""

from __future__ import annotations

from aiops.store.memory import MemoryDatabase
from aiops.store.outbox import Entry, OutboxTable


def test_outbox_works_without_a_file() -> None:
    database = MemoryDatabase()
    outbox = OutboxTable(database)
    entry = Entry(endpoint="pager", incident="inc-1", version=1, change="opened", body=b"{}", at=1.0, due_at=5.0)
    with database.transaction() as connection:
        assert outbox.add(connection, [entry], 1.0) == 1
        assert outbox.history(connection, "pager", "inc-1").changes == 1
    assert outbox.claim(4.0, 10, ["pager"]) == []
    [row] = outbox.claim(5.0, 10, ["pager"])
    outbox.sent([row.id], 5.0)
    assert outbox.counts() == {("pager", "sent"): 1}
    database.close()


def test_each_store_is_its_own() -> None:
    one, other = MemoryDatabase(), MemoryDatabase()
    one.reader.execute("insert into audit (seq, at, topic, text) values (1, 1, 'a', 'b')")
    assert one.reader.execute("select count(*) from audit").fetchone() == (1,)
    assert other.reader.execute("select count(*) from audit").fetchone() == (0,)
    one.close()
    other.close()
