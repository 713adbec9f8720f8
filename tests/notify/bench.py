"""A worker over a real store, with a clock that the test moves and attempts that end when the test says."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from aiops.config import EndpointConfig
from aiops.notify.dispatcher import Dispatcher
from aiops.notify.endpoint_queue import EndpointQueue
from aiops.ports import Answer, Message
from aiops.records import Incident
from aiops.store.outbox import Entry
from aiops.store.store import Store

OK = Answer(ok=True, status=202)
DOWN = Answer(ok=False, retry=True, status=503, reason="HTTP 503")
NO = Answer(ok=False, retry=False, status=400, reason="HTTP 400: bad")
GONE = Answer(ok=False, retry=False, status=410, reason="HTTP 410", disable=True)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Script:
    """A sink that answers what `say` returns, and remembers what it was asked."""

    def __init__(self, name: str, clock: Clock, say: Callable[[Message], Answer] = lambda message: OK) -> None:
        self.name = name
        self.say = say
        self.clock = clock
        self.asked: list[Message] = []
        self.times: list[float] = []
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def send(self, message: Message) -> Answer:
        self.asked.append(message)
        self.times.append(self.clock())
        return self.say(message)

    def told(self) -> list[tuple[str, int]]:
        return [(message.incident.id, message.version) for message in self.asked]


class Hand:
    """A pool whose jobs run when the test says."""

    def __init__(self, clock: Clock) -> None:
        self.jobs: list[Callable[[], None]] = []
        self.clock = clock
        self.given: list[tuple[str, float]] = []

    def submit(self, endpoint: str, job: Callable[[], None]) -> None:
        self.jobs.append(job)
        self.given.append((endpoint, self.clock()))

    def run(self, index: int = 0) -> None:
        self.jobs.pop(index)()

    def run_all(self) -> None:
        while self.jobs:
            self.run()

    def close(self) -> None:
        """Jobs that wait are run by the test."""


class Bench:
    """A worker with scripted sinks on a store."""

    def __init__(self, store: Store, *endpoints: EndpointConfig, random: Callable[[], float] = lambda: 1.0) -> None:
        self.store = store
        self.clock = Clock()
        self.pool = Hand(self.clock)
        self.sinks = {config.name: Script(config.name, self.clock) for config in endpoints}
        queues = [EndpointQueue(config, self.sinks[config.name], self.clock.now) for config in endpoints]
        self.worker = Dispatcher(store, queues, clock=self.clock, monotonic=self.clock, random=random, pool=self.pool)

    def put(
        self, incident: str, version: int, change: str = "opened", endpoint: str = "pager", in_s: float = 0
    ) -> None:
        body = msgspec.json.encode(Incident(id=incident, severity="critical", title=f"{incident} v{version}"))
        entry = Entry(
            endpoint=endpoint,
            incident=incident,
            version=version,
            change=change,
            body=body,
            at=self.clock.now,
            due_at=self.clock.now + in_s,
        )
        with self.store.database.transaction() as connection:
            self.store.outbox.add(connection, [entry], self.clock.now)

    def go(self, seconds: float = 0.0) -> None:
        """Let time pass as the worker's thread would see it, attempts ending at once."""
        end = self.clock.now + seconds
        for _ in range(100_000):
            wait_s = self.worker.step()
            if self.pool.jobs:
                self.pool.run_all()
                continue
            if self.clock.now >= end:
                return
            self.clock.now = min(end, self.clock.now + max(wait_s, 0.001))
        raise AssertionError("the worker spins")

    def states(self, endpoint: str = "pager") -> dict[tuple[str, int], str]:
        return {(row.incident, row.version): row.state for row in self.store.outbox.rows(None, 10_000, endpoint)}


def endpoint(name: str = "pager", **more: object) -> EndpointConfig:
    return msgspec.convert(
        {"name": name, "type": "webhook", "rate_per_s": 1000.0, "burst": 1000, **more}, EndpointConfig
    )
