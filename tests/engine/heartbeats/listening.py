"""An engine that listens: ticks every five seconds, and heartbeats between them."""

from __future__ import annotations

from typing import Any

from aiops.engine.config import EngineConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Event, Notice, Placed
from aiops.engine.heartbeats.config import ExpectedConfig, HeartbeatConfig
from aiops.records import Alert, Logged, Tick

START = 1_700_000_000.0
EXPECTED = ExpectedConfig(matchers=['alertname="Watchdog"'], every="10m", severity="critical")


def watchdog(ts: float, **how: Any) -> Alert:
    """A message of a heartbeat."""
    fields: dict[str, Any] = {"name": "Watchdog", "source": "alertmanager", "severity": "none", "entity": "prom-1"}
    return Alert(ts=ts, **(fields | how))


class Bench:
    """Feeds an engine and keeps what it derived: (seconds since the start, status) of alerts about silence."""

    def __init__(self, *expected: ExpectedConfig, engine: Engine | None = None, **settings: Any) -> None:
        config = EngineConfig(heartbeats=HeartbeatConfig(expected=list(expected), **settings))
        self.engine = engine or Engine(config)
        self.config = config
        self.records: list[Logged] = []
        self.events: list[Event] = []
        self.made: list[tuple[float, str]] = []

    def feed(self, *records: Logged) -> None:
        """Process records, one at a time."""
        for record in records:
            self.records.append(record)
            events = self.engine.step([record])
            self.events += events
            if isinstance(record, Tick) and any(isinstance(event, Placed) for event in events):
                alert = self.engine.arrival.alert
                self.made.append((record.ts - START, alert.status))

    def ticks(self, start: float, end: float, away: tuple[str, ...] = (), every_s: float = 5.0) -> None:
        """Let time pass, in seconds since the start."""
        at = start
        while at <= end:
            self.feed(Tick(ts=START + at, away=list(away)))
            at += every_s

    def beats(self, start: float, end: float, every_s: float, **how: Any) -> None:
        """Let a heartbeat come, with a tick after each message."""
        at = start
        while at <= end:
            self.feed(watchdog(START + at, **how))
            self.ticks(at + 1, at + every_s - 1, every_s=min(5.0, every_s - 2))
            at += every_s

    @property
    def open_incidents(self) -> int:
        """The number of open incidents."""
        return int(self.engine.accounts()["open_incidents"])

    def notices(self, topic: str = "heartbeat") -> list[str]:
        """The texts of notices."""
        return [event.text for event in self.events if isinstance(event, Notice) and event.topic == topic]
