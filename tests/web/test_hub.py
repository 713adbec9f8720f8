"""The hub: one reading for all clients, bounded queues, what a client that comes back has missed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aiops.store.changes import MAX_NAMED, Change
from aiops.store.store import Store
from aiops.web import hub as module
from aiops.web.hub import MAX_KEPT, MAX_WAITING, Client, Hub
from tests.store.test_store import apply, changed

WITHIN_S = 60.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = Store(tmp_path)
    yield found
    found.close()


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run in a thread: tests with a browser leave a running loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, asyncio.wait_for(work, WITHIN_S)).result()


def client() -> Client:
    return Client(lambda: True)


def kinds(frames: bytes) -> list[str]:
    return [line[7:].decode() for line in frames.split(b"\n") if line.startswith(b"event: ")]


def data(frames: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in frames.split(b"\n") if line.startswith(b"data: ")]


def test_hub_reads_once_for_all_clients(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(store, 100)
    reads = []
    read = hub._read
    monkeypatch.setattr(hub, "_read", lambda: reads.append(1) or read())  # type: ignore[func-returns-value]

    async def work() -> None:
        clients = [client() for _ in range(50)]
        await asyncio.gather(*(hub.enter(one, None) for one in clients))
        assert len(reads) == 1
        for one in clients:
            assert kinds(await one.take()) == ["hello"]
        apply(store, 0, changed("inc-1", 1, "opened"))
        for one in clients:
            assert kinds(await one.take()) == ["change"]
        assert len(reads) == 2
        store.database.changes.close()
        for one in clients:
            assert await one.take() == b""

    run(work())


def test_hub_collects_what_comes_within_the_pause(store: Store) -> None:
    hub = Hub(store, 1)

    async def work() -> None:
        one = client()
        await hub.enter(one, None)
        await one.take()
        for frame in range(50):
            apply(store, frame, changed(f"inc-{frame}", 1, "opened"))
        found: list[str] = []
        events = 0
        while len(found) < 50:
            for event in data(await one.take()):
                found += event["incidents"]
                events += 1
        assert sorted(found) == sorted(f"inc-{frame}" for frame in range(50))
        assert events <= 2
        store.database.changes.close()

    run(work())


def test_queue_of_a_client_is_bounded() -> None:
    async def work() -> None:
        one = client()
        for _ in range(MAX_WAITING):
            one.put(b"event: change\n\n", b"event: reload\n\n")
        assert kinds(await one.take()) == ["change"] * MAX_WAITING
        for number in range(100 * MAX_WAITING + 3):
            one.put(b"event: change\nid: %d\n\n" % number, b"event: reload\n\n")
        found = kinds(await one.take())
        assert found[0] == "reload"
        assert len(found) <= MAX_WAITING

    run(work())


def test_hub_tells_a_client_that_comes_back_what_it_missed(store: Store) -> None:
    hub = Hub(store, 10)

    async def work() -> None:
        first = client()
        await hub.enter(first, None)
        await first.take()
        numbers = []
        for frame in range(3):
            apply(store, frame, changed(f"inc-{frame}", 1, "opened"))
            numbers.append(data(await first.take())[-1]["number"])
        again = client()
        await hub.enter(again, numbers[0])
        hello, missed = data(await again.take())
        # From that number on, not after it: more may have come under the same number.
        assert missed["incidents"] == ["inc-0", "inc-1", "inc-2"]
        assert hello["number"] == numbers[-1]
        other = client()
        await hub.enter(other, numbers[-1] + 1)
        assert kinds(await other.take()) == ["hello", "reload"]
        store.database.changes.close()

    run(work())


def test_hub_forgets_old_events_and_then_says_reload(store: Store) -> None:
    hub = Hub(store, 10)

    async def work() -> None:
        await hub.enter(client(), None)
        for number in range(1, MAX_KEPT + 10):
            hub._number = number
            hub._kept.append((number, Change(("incidents",), (str(number),)))) if len(hub._kept) < MAX_KEPT else None
        hub._missing = 9
        hub._number = MAX_KEPT
        for after, expected in ((9, ["hello", "reload"]), (MAX_KEPT, ["hello", "change"])):
            one = client()
            await hub.enter(one, after)
            assert kinds(await one.take()) == expected
        store.database.changes.close()

    run(work())


def test_hub_names_no_incident_where_too_many_were_missed(store: Store) -> None:
    hub = Hub(store, 10)

    async def work() -> None:
        await hub.enter(client(), None)
        hub._number = 5
        hub._kept.extend((5, Change(("incidents",), (f"inc-{n}",))) for n in range(MAX_NAMED + 1))
        one = client()
        await hub.enter(one, 5)
        assert data(await one.take())[1]["incidents"] is None
        store.database.changes.close()

    run(work())


def test_hub_asks_many_clients_to_read_less_often(store: Store) -> None:
    hub = Hub(store, 500)

    async def work() -> None:
        clients = [client() for _ in range(500)]
        for one in clients:
            assert await hub.enter(one, None)
        assert not await hub.enter(client(), None)
        assert data(await clients[0].take())[0]["every_s"] == 2.0
        assert data(await clients[-1].take())[0]["every_s"] == 50.0
        hub.leave(clients[0])
        assert await hub.enter(client(), None)
        store.database.changes.close()

    run(work())


def test_hub_survives_a_store_that_cannot_be_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub(store, 5)

    async def work() -> None:
        one = client()
        await hub.enter(one, None)
        await one.take()

        def fail() -> Any:
            raise sqlite3.OperationalError("disk I/O error")

        monkeypatch.setattr(hub, "_read", fail)
        apply(store, 0, changed("inc-1", 1, "opened"))
        assert data(await one.take())[0]["incidents"] == ["inc-1"]
        store.database.changes.close()
        assert await one.take() == b""

    run(work())


def test_hub_ends_a_client_that_may_not_read_any_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BEAT_S", 0.01)
    hub = Hub(store, 5)

    async def work() -> None:
        allowed, refused = client(), Client(lambda: False)
        await hub.enter(allowed, None)
        await hub.enter(refused, None)
        while await refused.take():
            pass
        assert "beat" in kinds(await allowed.take() + await allowed.take())
        store.database.changes.close()

    run(work())
