"""Open incidents are looked at again when a silence begins or ends."""

from __future__ import annotations

import pytest

from aiops.engine.arrival import Moment
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.engine.incidents.silence_checks import SilenceChecks
from aiops.engine.silences.silences import Silence
from aiops.matchers import Matcher
from aiops.records import Alert

T0 = 1_795_000_000.0


def engine_of(incidents: int) -> Engine:
    engine = Engine()
    engine.step([Alert(ts=T0 + n, name=f"Fault{n}", entity=f"host-{n}", severity="critical") for n in range(incidents)])
    assert engine.accounts()["open_incidents"] == incidents
    return engine


def silence(engine: Engine, entity: str, until: float = T0 + 3_600) -> None:
    engine.silences.add(Silence(entity, (Matcher("entity", "=", entity),), T0, until), T0 + 100)


def announced(moment: Moment) -> list[tuple[str | None, list[str], list[str]]]:
    return [
        (event.incident.title, event.what, event.incident.silenced_by)
        for event in moment.out
        if isinstance(event, IncidentChanged)
    ]


def test_an_incident_that_a_silence_holds_now_is_announced() -> None:
    engine = engine_of(2)
    silence(engine, "host-1")
    checks, moment = SilenceChecks(engine.incidents), Moment(9, T0 + 100)
    checks.begin(held=False)
    checks.run(moment, 10)
    assert announced(moment) == [("Fault1 on host-1", ["silenced"], ["host-1"])]
    assert not engine.incidents.unchecked


def test_where_a_silence_ended_only_what_it_held_is_looked_at() -> None:
    engine = engine_of(3)
    silence(engine, "host-1")
    checks = SilenceChecks(engine.incidents)
    checks.begin(held=False)
    checks.run(Moment(9, T0 + 100), 10)
    engine.silences.remove("host-1")
    checks.begin(held=True)
    assert len(engine.incidents.unchecked) == 1
    moment = Moment(10, T0 + 200)
    checks.run(moment, 10)
    assert announced(moment) == [("Fault1 on host-1", ["silenced"], [])]


def test_a_few_are_looked_at_and_the_others_later() -> None:
    engine = engine_of(5)
    for number in range(5):
        silence(engine, f"host-{number}")
    checks = SilenceChecks(engine.incidents)
    checks.begin(held=False)
    counts = []
    while engine.incidents.unchecked:
        moment = Moment(9, T0 + 100)
        checks.run(moment, 2)
        counts.append(len(announced(moment)))
    assert counts == [2, 2, 1]


@pytest.mark.parametrize("silenced", [False, True])
def test_what_did_not_change_is_not_announced(silenced: bool) -> None:
    engine = engine_of(1)
    checks = SilenceChecks(engine.incidents)
    if silenced:
        silence(engine, "host-0")
        checks.begin(held=False)
        checks.run(Moment(9, T0 + 100), 10)
    engine.clusters.take_changed()
    checks.begin(held=False)
    moment = Moment(10, T0 + 110)
    checks.run(moment, 10)
    assert announced(moment) == []
    assert engine.clusters.take_changed() == list(engine.incidents.by_id), "the host shows the present end"


def test_a_resolved_incident_is_not_looked_at() -> None:
    engine = engine_of(1)
    engine.finish()
    checks = SilenceChecks(engine.incidents)
    checks.begin(held=False)
    assert not engine.incidents.unchecked
