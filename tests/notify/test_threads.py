"""Threads of attempts: so many an endpoint, none lost."""

from __future__ import annotations

import threading

import pytest

from aiops.notify.worker_threads import ThreadWorkerPool
from tests.waiting import eventually


def test_endpoint_has_so_many_threads_and_another_its_own() -> None:
    pool, free = ThreadWorkerPool(2), threading.Event()
    running: list[str] = []

    def job(name: str) -> None:
        running.append(name)
        free.wait(120)

    for number in range(5):
        pool.submit("slow", lambda number=number: job(f"slow-{number}"))  # type: ignore[misc]
    pool.submit("quick", lambda: job("quick"))
    eventually(lambda: len(running) == 3)
    assert sorted(running) == ["quick", "slow-0", "slow-1"]
    free.set()
    eventually(lambda: len(running) == 6)
    pool.close()


def test_idle_thread_is_used_again() -> None:
    pool, names = ThreadWorkerPool(4), list[str]()
    for number in range(20):
        pool.submit("one", lambda: names.append(threading.current_thread().name))
        eventually(lambda number=number: len(names) == number + 1)  # type: ignore[misc]
        eventually(lambda: pool._idle.get("one") == 1)
    assert set(names) == {"deliver-one-1"}
    pool.close()


def test_job_that_raises_costs_no_slot(caplog: pytest.LogCaptureFixture) -> None:
    pool, done = ThreadWorkerPool(1), threading.Event()

    def fail() -> None:
        raise ValueError("unexpected")

    for _ in range(3):
        pool.submit("one", fail)
    pool.submit("one", done.set)
    assert done.wait(120)
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 3
    pool.close()


def test_closed_pool_lets_its_threads_end() -> None:
    pool, ended = ThreadWorkerPool(1), list[threading.Thread]()
    pool.submit("one", lambda: ended.append(threading.current_thread()))
    eventually(lambda: ended)
    pool.close()
    ended[0].join(120)
    assert not ended[0].is_alive()
