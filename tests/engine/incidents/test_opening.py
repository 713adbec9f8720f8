"""Incidents open or are updated with the alerts that join their clusters."""

from __future__ import annotations

import pytest

from aiops.engine.arrival import Arrival, Moment
from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.correlate.result import CorrelationResult
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterPromoted, Event, IncidentChanged, Notice, Placed
from aiops.engine.incidents.clusters import ClusterState
from aiops.records import Alert

T0 = 1_795_000_000.0


def alert(at: float, name: str = "DiskFull", entity: str = "db", severity: str = "critical") -> Alert:
    return Alert(ts=T0 + at, name=name, entity=entity, severity=severity)


def changes(events: list[Event]) -> list[tuple[str, list[str]]]:
    return [(event.change, event.what) for event in events if isinstance(event, IncidentChanged)]


def background(engine: Engine) -> ClusterState:
    """A cluster that is not worth an incident so far."""
    engine.step([alert(0, severity="info")])
    (cluster,) = engine.clusters.by_number.values()
    assert cluster.incident is None
    return cluster


def test_a_cluster_that_was_background_is_promoted_with_the_reason() -> None:
    engine = Engine()
    cluster = background(engine)
    events = engine.step([alert(1, severity="critical")])
    assert changes(events) == [("opened", ["status"])]
    (promoted,) = (event for event in events if isinstance(event, ClusterPromoted))
    assert promoted.incident == cluster.incident
    assert promoted.reason == "background until DiskFull on db joined"


def test_the_first_alert_of_a_cluster_promotes_nothing() -> None:
    events = Engine().step([alert(0)])
    assert changes(events) == [("opened", ["status"])]
    assert not [event for event in events if isinstance(event, ClusterPromoted)]


def test_an_alert_that_joins_is_named_in_an_update_within_seconds() -> None:
    engine = Engine()
    engine.step([alert(0)])
    events = engine.step([alert(6, "Slow")])
    assert changes(events) == [("updated", ["alerts"])]
    assert [event.disposition for event in events if isinstance(event, Placed)] == ["incident"]


def test_background_that_joins_an_incident_belongs_to_it() -> None:
    engine = Engine()
    engine.step([alert(0)])
    events = engine.step([alert(1, "Slow", severity="info")])
    (placed,) = (event for event in events if isinstance(event, Placed))
    assert (placed.disposition, placed.incident) == ("incident", next(iter(engine.incidents.by_id)))


def test_the_opening_that_makes_it_a_storm_says_so() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=2)))
    engine.step([alert(0)])
    events = engine.step([alert(1, "Down", "web")])
    notices = [event.text for event in events if isinstance(event, Notice)]
    assert len(notices) == 1
    assert notices[0].startswith("a storm begins: more than 2 incidents opened")


@pytest.mark.parametrize("in_storm", [False, True])
def test_a_warning_that_lasted_opens_its_own_incident_unless_there_is_a_storm(in_storm: bool) -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=2)))
    cluster = background(engine)
    if in_storm:
        engine.step([alert(1, "Down", "web"), alert(2, "Gone", "cart"), alert(3, "Odd", "mail", "high")])
        assert engine.pipeline.storms.active
    moment = Moment(9, T0 + 700)
    engine.pipeline.opening.open_lasting(cluster, T0 + 600, moment)
    incident = engine.incidents.by_id[cluster.incident] if cluster.incident is not None else None
    if in_storm:
        assert incident is None, "it is part of the storm's"
        assert engine.clusters.of(cluster.number) is not cluster
    else:
        assert incident is not None
        assert (incident.opened_at, incident.notes) == (T0 + 600, ["a lone warning that lasted"])


def test_background_that_returns_is_promoted_with_that_reason() -> None:
    engine = Engine()
    cluster = background(engine)
    cluster.came_back(T0 + 200)
    cluster.came_back(T0 + 500)
    arrival = Arrival()
    arrival.now = T0 + 500
    arrival.begin(alert(500), arrival.now)
    arrival.stream, arrival.cluster = engine.dedup.stream(arrival.alert), cluster
    arrival.stream.background = None
    arrival.result = CorrelationResult()
    engine.pipeline.opening.take(arrival)
    (promoted,) = (event for event in arrival.out if isinstance(event, ClusterPromoted))
    assert promoted.reason == "background until it came back 2 times, about every 5 min"


def test_an_alert_that_joins_after_a_return_is_the_reason() -> None:
    engine = Engine()
    background(engine).came_back(T0)
    events = engine.step([alert(1, severity="critical")])
    (promoted,) = (event for event in events if isinstance(event, ClusterPromoted))
    assert promoted.reason == "background until DiskFull on db joined"
