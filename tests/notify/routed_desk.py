"""Changes of incidents, written through routes into a store, on a clock of the test."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from aiops.config import Config, check
from aiops.engine.events import IncidentChange, IncidentChanged, Mention, StreamLabels
from aiops.notify.inhibition import NOTHING_INHIBITED, Inhibition
from aiops.notify.policy import EndpointPolicy
from aiops.notify.routes import routes_of
from aiops.records import LABELS, Incident
from aiops.store.outbox_transaction import OutboxTransaction
from aiops.store.reminders import remind
from aiops.store.store import FrameDecisions, Store
from aiops.topology import Topology

STATUS = {"resolved": "resolved", "merged": "merged", "acknowledged": "acknowledged"}


def config_of(text: str) -> Config:
    """The configuration of a text, checked."""
    made = msgspec.convert(tomllib.loads(text), Config)
    check(made, "test")
    return made


class RoutedDesk:
    """Events into a store, one frame each; `sent` is what left so far: (endpoint, incident, change)."""

    def __init__(
        self,
        directory: Path,
        text: str,
        topology: Topology | None = None,
        inhibition: Inhibition = NOTHING_INHIBITED,
        now: float = 1_000.0,
    ) -> None:
        self.config = config_of(text)
        self.topology = topology or Topology()
        routes = routes_of(self.config, self.topology)
        self.policy = EndpointPolicy(self.config.endpoints, routes=routes, inhibition=inhibition)
        self.store = Store(directory, self.policy)
        self.now = now
        self.frame = 0
        self.version: dict[str, int] = {}
        self.status: dict[str, str] = {}
        self.sent: list[tuple[str, str, str]] = []
        self.times: list[float] = []

    def reload(self, text: str, inhibition: Inhibition = NOTHING_INHIBITED) -> None:
        """Use another configuration from the next change on."""
        self.config = config_of(text)
        self.policy.replace(self.config.endpoints, routes_of(self.config, self.topology), inhibition)

    def event(
        self,
        change: IncidentChange,
        *streams: StreamLabels,
        id: str = "i-1",
        severity: str | None = None,
        what: Sequence[str] = (),
        unkept: int = 0,
        firing: int | None = None,
    ) -> None:
        """One change of an incident with these streams; each is named by its name and place."""
        version = self.version[id] = self.version.get(id, 0) + 1
        worst = LABELS[max((one.severity for one in streams), default=4)]
        incident = Incident(id=id, severity=severity or worst)
        incident.status = self.status[id] = STATUS.get(change, "open")  # type: ignore[assignment]
        incident.firing_count = firing if firing is not None else sum(one.is_firing for one in streams)
        incident.entities = list(dict.fromkeys(one.entity for one in streams))
        named = [Mention(one.name, one.service or one.entity, one.severity) for one in streams]
        event = IncidentChanged(self.frame, self.now, change, incident, version, list(what), named)
        event.streams, event.unkept = list(streams), unkept
        self.store.apply([FrameDecisions(self.frame, self.now, [event])])
        self.frame += 1

    def wait(self, seconds: float, step_s: float = 1.0) -> None:
        """Let time pass; the worker looks each step."""
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + step_s)
            self.deliver()

    def deliver(self) -> None:
        """Send all that is due."""
        names = [endpoint.name for endpoint in self.config.endpoints]
        while rows := self.store.outbox.claim(self.now, 10, names):
            for row in rows:
                change = "reminder" if row.repeats else row.change
                self.sent.append((row.endpoint, row.incident, change))
                self.times.append(self.now)
            self.store.outbox.sent([row.id for row in rows], self.now)

    def remind(self, endpoint: str) -> int:
        """Search for reminders of an endpoint, as the worker does."""
        return remind(
            self.store.database, endpoint, 0, -1.0, self.now, lambda plan: self.policy.may_remind(plan, self.now)
        )

    def changes(self, endpoint: str, id: str = "i-1") -> list[str]:
        """What an endpoint got of an incident."""
        return [change for name, incident, change in self.sent if (name, incident) == (endpoint, id)]

    def held(self) -> list[tuple[str, str]]:
        """The openings that are held: (endpoint, incident)."""
        rows = self.store.outbox.rows("due", 1_000)
        return sorted((row.endpoint, row.incident) for row in rows if row.held is not None)

    def review(self, look: Callable[[OutboxTransaction], None]) -> None:
        """Work on the outbox in a transaction."""
        with self.store.database.transaction() as connection:
            look(OutboxTransaction(self.store.outbox, connection))
