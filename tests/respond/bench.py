"""A runner over a real trail and a real HTTP receiver, with the moves of a person, for several test files."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiops.http.client import HttpClient
from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause
from aiops.respond.anchors import Mark
from aiops.respond.audit import Trail
from aiops.respond.format import Playbook
from aiops.respond.guards import Policy, World
from aiops.respond.runs import Finished, Plan, Runner
from aiops.respond.transport import RunTransport
from aiops.testing.receiver import Receiver

NAME = "restart-worker"
TEAM = ["team:platform"]
# What a test waits for at most; nothing takes this long.
DEADLINE_S = 120.0
AT = 1_700_000_000.0


def post(receiver: Receiver, name: str, **more: Any) -> dict[str, Any]:
    """A step that posts to `/HOST/NAME`."""
    step = {"kind": "http", "name": name, "url": receiver.url, "path": ["{{ host }}", name], "body": {"by": "aiops"}}
    return step | {"expect": {"status": [200]}, **more}


def get(receiver: Receiver, name: str, **more: Any) -> dict[str, Any]:
    """A question to `/HOST/NAME`."""
    step = post(receiver, name, method="GET", **more)
    del step["body"]
    return step


def view(entity: str = "worker-1", *, incident: str = "i1", opened_at: float = AT, **labels: str) -> IncidentView:
    """An incident with one alert on the suspected cause."""
    fact = AlertFact(entity, "WorkerHangs", 3, 1, opened_at, opened_at, labels=labels)
    return IncidentView(incident, opened_at, [fact], severity=3, causes=[Cause(entity, confidence="high")])


class MemoryAnchor:
    """An anchor that a test can look at."""

    def __init__(self, mark: Mark | None = None) -> None:
        self.mark = mark

    def read(self) -> Mark | None:
        return self.mark

    def write(self, mark: Mark) -> None:
        self.mark = mark


class Bench:
    """One playbook, one runner, and time that passes by hand."""

    def __init__(
        self, samples: Any, path: Path, playbook: Playbook, *, anchor: MemoryAnchor | None = None, **more: Any
    ) -> None:
        self.playbook, self.now, self.path = playbook, AT + 120, path
        self.trail = Trail(path, anchor)
        self.client = more.pop("client", None) or HttpClient(allow_private=True)
        self.transport = RunTransport({}, allow_private=True, client=self.client)
        self.view = view()
        policy = Policy(ceiling="approve")
        self.runner = Runner(
            {playbook.name: playbook}, samples.topology(), self.trail, self.transport, policy, now=self.now, **more
        )

    def world(self) -> World:
        return World(self.now)

    def release(self, scope: str = "global") -> None:
        self.runner.switch(scope, False, "ann", self.now)

    def engage(self, scope: str = "global") -> None:
        self.runner.switch(scope, True, "ann", self.now)

    def plan(self, targets: Sequence[str] | None = None) -> Plan:
        return self.runner.plan(self.view, NAME, self.world(), targets)

    def approve(self, actor: str = "ann", targets: Sequence[str] | None = None) -> Plan:
        return self.runner.approve(self.view, NAME, self.world(), actor, TEAM, targets)

    def run(self, targets: Sequence[str] | None = None, approved: str | None = None) -> Finished:
        return self.runner.run(self.view, NAME, self.world(), "ann", targets, approved)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def kinds(self) -> list[str]:
        return [str(line["kind"]) for line in self.lines()]

    def close(self) -> None:
        self.trail.close()
        self.transport.close()


@contextmanager
def beside(work: Callable[[], Any]) -> Iterator[list[Any]]:
    """Do something in a thread; its result is in the list after the block, which waits for it."""
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(work()), daemon=True)
    thread.start()
    yield result
    thread.join(DEADLINE_S)
    assert not thread.is_alive(), "still not done"


def until(reached: Callable[[], Any]) -> None:
    """Wait for a condition."""
    pause, ends = threading.Event(), DEADLINE_S
    while not reached():
        pause.wait(0.01)
        ends -= 0.01
        assert ends > 0, "too late"


def paths(receiver: Receiver) -> list[str]:
    """The paths that came, in order."""
    return [request.path for request in receiver.requests]
