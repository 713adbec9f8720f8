"""A crash loop of two hours in a real daemon, over HTTP: one page, then quiet, then one end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from aiops.app.dispatcher import open_queues
from aiops.config import Config, EndpointConfig, SnapshotConfig, StateConfig
from aiops.daemon.daemon import Daemon
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.journal import read
from aiops.notify.dispatcher import Dispatcher
from aiops.ports import Received
from aiops.records import Alert
from aiops.testing.receiver import Receiver, receiving
from tests.daemons import bare_daemon
from tests.notify.bench import Clock, Hand

START = 1_795_000_000.0
EVERY_S, LASTS_S, LOOP_S, STEP_S = 480, 60, 7_200, 10
PAGES = ("opened", "reopened")


class Site:
    """A daemon on a clock of the test, whose endpoint is a receiver on the loopback address."""

    def __init__(self, directory: Path, receiver: Receiver, stack: ExitStack, **endpoint: Any) -> None:
        self.receiver = receiver
        self.clock = Clock()
        self.clock.now = START
        options = {"url": f"{receiver.url}/hook", "allow_private": True}
        hook = EndpointConfig("hook", "webhook", options, rate_per_s=1_000.0, **endpoint)
        self.config = Config(state=StateConfig(str(directory)), snapshot=SnapshotConfig(every_s=1e6), endpoints=[hook])
        self.directory = directory
        self.stack = stack
        self.open()

    def open(self) -> None:
        self.daemon: Daemon = bare_daemon(self.config, Engine, clock=self.clock, monotonic=self.clock)
        self.pool = Hand(self.clock)
        queues = open_queues(self.config.endpoints, self.clock)
        for queue in queues:
            self.stack.callback(queue.sink.close)  # type: ignore[attr-defined]
        self.worker = Dispatcher(
            self.daemon.store, queues, clock=self.clock, monotonic=self.clock, random=lambda: 1.0, pool=self.pool
        )

    def close(self) -> None:
        self.daemon.snapshots.wait(120.0)
        self.daemon.close()

    def restart(self) -> None:
        """Stop and start again, from the snapshot and the journal."""
        self.close()
        self.open()

    def step(self, *alerts: Alert) -> None:
        """Take in alerts, or nothing but the clock, and deliver what is due."""
        if alerts:
            assert self.daemon.inbox.submit(Received(list(alerts))) is not None
        else:
            self.daemon.inbox.wake()
        self.daemon.pump.round()
        for _ in range(20):
            self.worker.step()
            if not self.pool.jobs:
                break
            self.pool.run_all()
        self.clock.now += STEP_S

    def loop(self, seconds: int, severity: str = "critical", pods: Sequence[str] = ()) -> None:
        """One pod that crashes every eight minutes, and recovers after one; or pods, one after the other."""
        for at in range(0, seconds, STEP_S):
            began = self.clock.now - at % EVERY_S
            fields: dict[str, Any] = {"name": "CrashLoop", "entity": "api-0", "service": "api", "severity": severity}
            if pods:
                fields |= {"entity": pods[at // EVERY_S], "service": None}
            if at % EVERY_S == 0:
                self.step(Alert(ts=self.clock.now, id=f"f{at}-{severity}", starts_at=began, **fields))
            elif at % EVERY_S == LASTS_S:
                self.step(
                    Alert(ts=self.clock.now, id=f"r{at}-{severity}", starts_at=began, status="resolved", **fields)
                )
            else:
                self.step()

    def calm(self, seconds: int) -> None:
        for _ in range(0, seconds, STEP_S):
            self.step()

    def sent(self) -> list[dict[str, Any]]:
        return [json.loads(request.body)["data"] for request in self.receiver.requests]

    def changes(self) -> list[str]:
        return [one["change"] for one in self.sent()]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


def site(directory: Path, stack: ExitStack, **endpoint: Any) -> Site:
    found = Site(directory, stack.enter_context(receiving()), stack, **endpoint)
    stack.callback(lambda: found.close())
    return found


def test_a_crash_loop_of_two_hours_pages_once(tmp_path: Path, stack: ExitStack) -> None:
    one = site(tmp_path, stack)
    one.loop(8 * EVERY_S)
    one.restart()
    one.loop(LOOP_S - 8 * EVERY_S)
    assert sum(change in PAGES for change in one.changes()) == 1
    assert one.changes() == ["opened", "resolved", "returned"]
    returned = one.sent()[-1]
    assert returned["news"] == ["came back once"]
    assert returned["incident"]["status"] == "open"
    stored = one.daemon.store.database.reader.execute("select status from incidents").fetchall()
    assert stored == [("open",)], "it stays open over its pauses"
    one.calm(3_600)
    assert one.changes() == ["opened", "resolved", "returned", "resolved"]
    last = one.sent()[-1]["incident"]
    assert (last["returns"], last["return_every_s"]) == (14, EVERY_S)
    assert len({message["incident"]["id"] for message in one.sent()}) == 1


def test_restarts_under_new_names_page_once(tmp_path: Path, stack: ExitStack) -> None:
    one = site(tmp_path, stack)
    one.loop(8 * EVERY_S, pods=[f"api-7d9f8c6b5d-x{letter}x4z" for letter in "bcdfghjk"])
    assert [change for change in one.changes() if change in PAGES] == ["opened"]
    assert len({message["incident"]["id"] for message in one.sent()}) == 1
    shown = json.loads(one.daemon.store.database.reader.execute("select body from incidents").fetchone()[0])
    assert (shown["returns"], shown["stream_count"]) == (7, 8)


def test_a_held_end_leaves_the_page_alone(tmp_path: Path, stack: ExitStack) -> None:
    one = site(tmp_path, stack, hold_resolved_s=900.0)
    one.loop(LOOP_S // 2)
    assert one.changes() == ["opened"]
    one.calm(5_400)
    assert one.changes() == ["opened", "resolved"]


def test_a_crash_loop_that_gets_worse_pages_again(tmp_path: Path, stack: ExitStack) -> None:
    one = site(tmp_path, stack)
    one.loop(4 * EVERY_S, "high")
    assert one.changes() == ["opened", "resolved", "returned"]
    one.loop(2 * EVERY_S, "critical")
    assert one.changes() == ["opened", "resolved", "returned", "reopened"]
    assert one.sent()[-1]["news"] == ["worse: CrashLoop on api (critical)", "severity: now critical, was high"]


def test_a_replay_of_the_journal_decides_as_the_daemon_did(tmp_path: Path, stack: ExitStack) -> None:
    one = site(tmp_path, stack)
    one.loop(3 * EVERY_S)
    one.restart()
    one.loop(2 * EVERY_S)
    engine = Engine()
    events = engine.step(list(read(tmp_path / "journal")))
    replayed = [(event.version, event.change) for event in events if isinstance(event, IncidentChanged)]
    audit = one.daemon.store.database.reader.execute(
        "select version, text from audit where topic = 'incident' order by number"
    ).fetchall()
    assert [(version, text.split(":")[0]) for version, text in audit] == replayed
    assert b"".join(engine.snapshot_parts()) == b"".join(one.daemon.pump.engine.snapshot_parts())
