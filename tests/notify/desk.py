"""An incident's changes, written through the policy into a store, on a clock of the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from aiops.config import EndpointConfig
from aiops.engine.events import IncidentChange, IncidentChanged, Mention
from aiops.notify.policy import EndpointPolicy
from aiops.records import Cause, Incident, Member
from aiops.store.store import FrameDecisions, Store

SETTLE = {"critical": 5.0, "high": 30.0, "warning": 60.0}


class Desk:
    """Events into a store, one frame each, and what the endpoint would have received by now."""

    def __init__(self, directory: Path, **more: object) -> None:
        config = {"name": "pager", "type": "webhook", "settle_s": SETTLE, **more}
        self.endpoint = msgspec.convert(config, EndpointConfig)
        self.store = Store(directory, EndpointPolicy([self.endpoint], "https://aiops.example.org"))
        self.now = 1_000.0
        self.frame = 0
        self.version: dict[str, int] = {}
        self.sent: list[tuple[str, str, int]] = []
        self.news: list[list[str]] = []
        self.times: list[float] = []
        self.named: dict[str, list[Mention]] = {}
        self.silenced: list[str] = []
        self.entities: list[str] = []
        self.status = ""

    def silence(self, *names: str) -> None:
        """All that fires is under these silences from now on; none: no longer."""
        self.silenced = list(names)
        self.event("updated", "critical", what=["silenced"])

    def event(
        self,
        change: IncidentChange,
        severity: str = "warning",
        cause: str | None = None,
        id: str = "i-1",
        names: tuple[Mention, ...] = (),
        members: Sequence[Member] = (),
        what: Sequence[str] = (),
        is_return: bool = False,
        by_person: bool = False,
        returned_at: Sequence[float] = (),
    ) -> None:
        """One change; `names` are alerts that it names beside those of the changes before; `members` fire."""
        version = self.version[id] = self.version.get(id, 0) + 1
        status = {"resolved": "resolved", "merged": "merged", "acknowledged": "acknowledged"}.get(change, "open")
        incident = Incident(id=id, severity=severity, causes=[Cause(cause, confidence="high")] if cause else [])
        incident.status = self.status or status  # type: ignore[assignment]
        incident.members, incident.firing_count = list(members), len(members)
        incident.silenced_by, incident.entities = self.silenced, self.entities
        incident.entity_count = len(self.entities)
        incident.returns, incident.returned_at = len(returned_at), list(returned_at)
        begins = change == "reopened" and not is_return
        named = [*([] if begins else self.named.get(id, [])), *names]
        self.named[id] = named
        changed = IncidentChanged(self.frame, self.now, change, incident, version, list(what), named)
        changed.is_return, changed.by_person = is_return, by_person
        self.store.apply([FrameDecisions(self.frame, self.now, [changed])])
        self.frame += 1

    def wait(self, seconds: float) -> None:
        """Let time pass; the worker looks every second."""
        for _ in range(int(seconds)):
            self.now += 1.0
            self.deliver()

    def deliver(self) -> None:
        while rows := self.store.outbox.claim(self.now, 10, ["pager"]):
            for row in rows:
                severity = msgspec.json.decode(row.body, type=Incident).severity or ""
                self.sent.append((row.change, severity, row.version))
                self.news.append(msgspec.json.decode(row.news))
                self.times.append(self.now)
            self.store.outbox.sent([row.id for row in rows], self.now)

    def changes(self) -> list[str]:
        return [change for change, _, _ in self.sent]


OpenDesk = Callable[..., Desk]
