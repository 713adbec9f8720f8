"""The host's knowledge for the guards of runs, and the steps of its clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from aiops.engine.fleet import Fleet
from aiops.engine.incident_view import CurrentIncident
from aiops.respond.guard_case import Certainty, Policy, World
from aiops.respond.storm_guard import storm_of

# Counting the fleet takes milliseconds of the pump's time; no storm grows much faster.
FLEET_EVERY_S = 15.0
Managed = Callable[[Sequence[str]], Mapping[str, str]]


class ClockSteps:
    """Steps of the host's clock against one that cannot be set."""

    def __init__(self, clock: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._lock = threading.Lock()
        self._offset = clock() - monotonic()

    def taken(self) -> float:
        """Return the seconds by which the clock was set forward since the last call; negative for back."""
        with self._lock:
            offset = self._clock() - self._monotonic()
            step, self._offset = offset - self._offset, offset
        return step


class Worlds:
    """Makes the `World` of an incident.

    `fleet` counts entities (`AiopsError` if the engine does not answer), `managed` names what manages targets.
    """

    def __init__(self, clock: Callable[[], float], fleet: Callable[[], Fleet], managed: Managed) -> None:
        self._clock, self._fleet, self._managed = clock, fleet, managed
        self._counted: tuple[float, Fleet] | None = None

    def fleet(self) -> Fleet:
        """Return the fleet, counted some seconds ago at most."""
        now = self._clock()
        if self._counted is None or not 0.0 <= now - self._counted[0] < FLEET_EVERY_S:
            self._counted = (now, self._fleet())
        return self._counted[1]

    def storm(self, policy: Policy) -> str | None:
        """Return why a storm is on, whatever the playbook; None if none is."""
        fleet = self.fleet()
        world = World(self._clock(), alerting=fleet.alerting, known=fleet.known, storm=fleet.storm)
        stop = storm_of(policy, world)
        return stop.reason if stop is not None else None

    def of(self, found: CurrentIncident) -> World:
        """Return the world for an incident; raise `AiopsError` if the engine does not answer."""
        fleet, measured = self.fleet(), found.certainty
        world = World(self._clock(), found.open_incidents, maintenance=found.maintenance, silenced=found.silenced)
        world.alerting, world.known, world.storm = fleet.alerting, fleet.known, fleet.storm
        if measured is not None:
            world.certainty = Certainty(measured.bound, measured.outcomes, measured.why)
        world.managed = dict(self._managed(sorted({one.entity for one in found.streams})))
        world.person, world.rejected, world.confirmed = found.person, found.rejected, found.confirmed
        firing = (one for one in found.streams if one.is_firing and not one.is_silent)
        world.firing = frozenset((one.entity, one.name) for one in firing)
        return world
