"""The world of an incident for the guards, and the steps of the host's clock."""

from __future__ import annotations

from aiops.daemon.run_world import FLEET_EVERY_S, ClockSteps, Worlds
from aiops.engine.fleet import Fleet, MeasuredCertainty
from aiops.engine.incident_view import CurrentIncident, Stream
from aiops.ports import IncidentView


class Time:
    """Two clocks."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_000.0, 5.0

    def passes(self, s: float, step_s: float = 0.0) -> None:
        self.wall, self.steady = self.wall + s + step_s, self.steady + s


def test_a_step_is_taken_once() -> None:
    time = Time()
    steps = ClockSteps(lambda: time.wall, lambda: time.steady)
    time.passes(100)
    assert steps.taken() == 0.0
    time.passes(10, step_s=3600)
    assert (steps.taken(), steps.taken()) == (3600.0, 0.0)
    time.passes(10, step_s=-60)
    assert steps.taken() == -60.0


def test_what_the_engine_holds_reaches_the_guards() -> None:
    covered = {"web-7": "silence s covers DiskFull on web-7"}
    found = CurrentIncident(IncidentView("i", 0.0, []), False, 3, maintenance="silence m", silenced=covered)
    found.streams = [Stream("web-7", True, 1.0, "DiskFull"), Stream("web-8", False, 1.0, "DiskFull")]
    found.streams.append(Stream("web-9", True, 1.0, "DiskFull", is_silent=True))
    found.certainty = MeasuredCertainty(0.93, 40, "by 40 confirmed causes")
    found.person, found.rejected = "ann", frozenset({"restart"})
    worlds = Worlds(lambda: 5.0, lambda: Fleet(2, 10, "many"), lambda targets: dict.fromkeys(targets[:1], "Flux"))
    world = worlds.of(found)
    assert (world.now, world.open_incidents, world.maintenance, world.silenced) == (5.0, 3, "silence m", covered)
    assert (world.alerting, world.known, world.storm) == (2, 10, "many")
    assert world.certainty is not None
    assert (world.certainty.bound, world.certainty.outcomes) == (0.93, 40)
    assert (world.person, world.rejected, world.managed) == ("ann", frozenset({"restart"}), {"web-7": "Flux"})
    assert world.firing == frozenset({("web-7", "DiskFull")})


def test_the_fleet_is_counted_now_and_then() -> None:
    time, counted = Time(), list[float]()

    def count() -> Fleet:
        counted.append(time.wall)
        return Fleet(len(counted), 10)

    worlds = Worlds(lambda: time.wall, count, lambda targets: {})
    assert [worlds.fleet().alerting, worlds.fleet().alerting] == [1, 1]
    time.passes(FLEET_EVERY_S)
    assert worlds.fleet().alerting == 2
    time.passes(1, step_s=-500)
    assert worlds.fleet().alerting == 3
