"""An engine with a noise model, alerts that would open incidents of their own, and what became of them."""

from __future__ import annotations

from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.events import Event, Feedback, IncidentChanged, Placed
from aiops.records import Action, Alert, Record, Tick
from tests.engine.noise.models import swap

T = 1_772_400_000.0
# Unrelated alerts this far apart share no cluster.
APART_S = 4_000.0


class Site:
    """A small site; `share` is the share that may be held."""

    def __init__(self, share: float = 0.9, model: bool = True, **incidents: object) -> None:
        self.config = EngineConfig(incidents=IncidentConfig(held_share=share, **incidents))  # type: ignore[arg-type]
        self.engine = Engine(self.config)
        self.now = T
        self.count = 0
        self.records: list[Record] = []
        if model:
            self.fold(swap(T))

    def fold(self, *records: Record) -> list[Event]:
        self.records += records
        return self.engine.step(list(records))

    def alert(self, name: str = "Slow", entity: str = "", severity: str = "high", after: float = APART_S) -> Placed:
        """One alert, of an entity of its own unless one is named; what the engine decided."""
        self.count += 1
        # Never in a rhythm, which would be background.
        self.now += after + (self.count * self.count * 37 % 101) * after / 100.0
        where = entity or f"host-{self.count}"
        record = Alert(
            ts=self.now, name=name, entity=where, severity=severity, id=f"a-{self.count}", starts_at=self.now
        )
        return next(event for event in self.fold(record) if isinstance(event, Placed))

    def held(self) -> Placed:
        """An alert that is held: the first one that is not opened to be judged."""
        placed = self.alert()
        while placed.disposition != "background":
            placed = self.alert()
        return placed

    def pass_time(self, seconds: float) -> list[Event]:
        self.now += seconds
        return self.fold(Tick(ts=self.now))

    def act(self, verb: str, incident: str = "", **args: str) -> Feedback:
        self.now += 1.0
        action = Action(ts=self.now, verb=verb, incident=incident, args=args, actor="alice", id=f"act-{self.now}")
        return next(event for event in self.fold(action) if isinstance(event, Feedback))

    def opened(self) -> int:
        return len(self.engine.incidents.by_id)


def openings(events: list[Event]) -> list[str]:
    """The reasons of incidents that opened."""
    return [
        " ".join(event.incident.explanation)
        for event in events
        if isinstance(event, IncidentChanged) and event.change == "opened"
    ]
