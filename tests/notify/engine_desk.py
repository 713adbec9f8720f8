"""A real engine with its store, policy and review of held openings, as the daemon runs them, on a clock of the test."""

from __future__ import annotations

from pathlib import Path

from aiops.app.engine import build_engine
from aiops.app.routing import open_inhibition, open_policy
from aiops.engine.events import Event, IncidentChanged
from aiops.notify.held_openings import HeldOpenings
from aiops.notify.routes import routes_of
from aiops.records import Alert, Logged, Tick
from aiops.store.held import Held, held_of
from aiops.store.store import FrameDecisions, Store
from aiops.topology import Topology
from tests.notify.routed_desk import config_of

# Nothing but alerts on one entity is joined, and nobody waits for company.
QUIET = """
[incidents]
lone_warning_s = 0
resolve_after_s = 10
storm_incidents = 0
[correlate]
sensitivity = %s
[causes]
use = ""
[playbooks]
use = ""
[similar]
use = ""
"""
CHAT = """
[[endpoints]]
name = "chat"
type = "webhook"
settle_s = { critical = 5, high = 5, warning = 5, info = 5, ok = 5 }
min_severity = "ok"
"""


class EngineDesk:
    """Alerts in, one frame each; `sent` is what left: (endpoint, name of the incident's first alert, change)."""

    def __init__(self, directory: Path, text: str, topology: Topology | None = None, joins: bool = False) -> None:
        """With `joins`, alerts of one service at one time become one incident."""
        self.base = QUIET % (0.3 if joins else 0.05) + CHAT
        self.topology = topology or Topology()
        self.config = config_of(self.base + text)
        self.policy = open_policy(self.config, self.topology)
        self.openings = HeldOpenings(self.policy)
        self.store = Store(directory, self.policy)
        self.engine = build_engine(self.config, self.topology)
        self.openings.observe(self.engine)
        self.now = 1_000_000.0
        self.frame = 0
        self.events: list[Event] = []
        self.names: dict[str, str] = {}
        self.sent: list[tuple[str, str, str]] = []
        self.by_incident: dict[str, list[str]] = {}

    def restart(self) -> None:
        """Forget what is in memory, as a process that ended does, and continue with the state of the engine."""
        state = b"".join(self.engine.snapshot_parts())
        self.engine = build_engine(self.config, self.topology)
        self.engine.restore(state)
        self.openings = HeldOpenings(self.policy)
        self.reload(self.config_text)

    config_text = ""

    def reload(self, text: str) -> None:
        """Use other routes and rules."""
        self.config_text = text
        self.config = config_of(self.base + text)
        inhibition = open_inhibition(self.config, self.topology)
        self.policy.replace(self.config.endpoints, routes_of(self.config, self.topology), inhibition)
        self.openings.observe(self.engine)

    def fire(self, name: str, entity: str, severity: str = "warning", **labels: str) -> None:
        """One firing alert."""
        self._alert(name, entity, severity, "firing", labels)

    def end(self, name: str, entity: str, severity: str = "warning", **labels: str) -> None:
        """The end of an alert."""
        self._alert(name, entity, severity, "resolved", labels)

    def _alert(self, name: str, entity: str, severity: str, status: str, labels: dict[str, str]) -> None:
        given = Alert(ts=self.now, name=name, entity=entity, severity=severity, labels=labels, id=f"a{self.frame}")
        given.status = status  # type: ignore[assignment]
        self.step([given])

    def step(self, records: list[Logged]) -> None:
        """One frame, as the pump processes it."""
        events = self.engine.step(records)
        self.events += events
        self.openings.observe(self.engine)
        for event in events:
            if isinstance(event, IncidentChanged):
                self.names.setdefault(event.incident.id, event.streams[0].name if event.streams else "")
        self.store.apply(
            [FrameDecisions(self.frame, self.now, [one for one in events if isinstance(one, IncidentChanged)])]
        )
        self.frame += 1
        self.deliver()

    def wait(self, seconds: float) -> None:
        """Let time pass: each second a tick, a review and a look of the worker."""
        for _ in range(int(seconds)):
            self.now += 1.0
            self.step([Tick(ts=self.now)])

    def deliver(self) -> None:
        """Review what waits, and send what is due."""
        self.openings.review(self.store, self.now)
        while rows := self.store.outbox.claim(self.now, 10, [one.name for one in self.config.endpoints]):
            for row in rows:
                self.sent.append((row.endpoint, self.names[row.incident], row.change))
                self.by_incident.setdefault(row.incident, []).append(row.change)
            self.store.outbox.sent([row.id for row in rows], self.now)

    def changes(self, name: str, endpoint: str = "chat") -> list[str]:
        """What an endpoint got of the incident that an alert opened."""
        return [change for to, incident, change in self.sent if (to, incident) == (endpoint, name)]

    def held(self) -> dict[str, Held]:
        """The openings that are held, by the name of the incident's first alert."""
        found = held_of(self.store.database.reader, self.names)
        return {self.names[name]: held for name, all_of in found.items() for held in all_of}
