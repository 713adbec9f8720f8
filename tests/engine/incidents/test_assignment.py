"""The cluster of an alert: a new one, a known one, or the one that its stream comes back to."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.engine.arrival import Arrival
from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.correlate.result import CorrelationResult
from aiops.engine.detect.rate_anomaly import Surprise
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterMerged, IncidentChanged, Placed
from aiops.records import Alert, Record, Tick

T0 = 1_795_000_000.0
REOPEN_S = 900.0


def alert(at: float, name: str = "DiskFull", entity: str = "db", **more: Any) -> Alert:
    return Alert(ts=T0 + at, name=name, entity=entity, **{"severity": "critical", **more})


def episode(at: float, **more: Any) -> list[Record]:
    """A firing that is resolved a minute later, with its incident, which needs five more minutes."""
    ends = alert(at + 60, status="resolved", starts_at=T0 + at, **more)
    return [alert(at, starts_at=T0 + at, **more), ends, Tick(ts=T0 + at + 400)]


def engine_after(*records: Record) -> Engine:
    engine = Engine(EngineConfig(incidents=IncidentConfig(reopen_s=REOPEN_S)))
    engine.step(list(records))
    return engine


def last(engine: Engine, record: Record) -> Placed:
    return next(event for event in engine.step([record]) if isinstance(event, Placed))


@pytest.mark.parametrize(("pause_s", "reopens"), [(REOPEN_S - 1, True), (REOPEN_S + 1, False)])
def test_a_stream_that_comes_back_soon_goes_on_in_its_old_cluster(pause_s: float, reopens: bool) -> None:
    engine = engine_after(*episode(0))
    (old,) = engine.incidents.by_id
    at = 60 + pause_s
    engine.step([Tick(ts=T0 + at - 1)])
    events = engine.step([alert(at, starts_at=T0 + at)])
    changes = [event.change for event in events if isinstance(event, IncidentChanged)]
    placed = next(event for event in events if isinstance(event, Placed))
    assert changes == (["reopened"] if reopens else ["opened"])
    assert (placed.incident == old) == reopens
    merged = [event.reason for event in events if isinstance(event, ClusterMerged)]
    assert merged == (["fired again soon after it was resolved"] if reopens else [])


def test_the_cluster_that_the_correlator_opened_stands_for_the_old_one() -> None:
    engine = engine_after(*episode(0))
    (old,) = engine.clusters.by_number
    at = 700
    engine.step([alert(at, starts_at=T0 + at)])
    joined = last(engine, alert(at + 1, "Slow", starts_at=T0 + at + 1))
    assert joined.cluster == old
    assert len(engine.clusters.by_number) == 1


def test_a_stream_without_an_end_does_not_come_back() -> None:
    """Nobody said that it ended, so that nobody knows that it began anew."""
    engine = Engine(EngineConfig(incidents=IncidentConfig(reopen_s=86_400.0)))
    engine.step([alert(0), Tick(ts=T0 + 10_000)])
    assert engine.accounts()["open_incidents"] == 0
    assert last(engine, alert(10_001)).cluster != 0


def test_a_background_cluster_is_not_come_back_to() -> None:
    engine = engine_after(*episode(0, severity="info"))
    at = 700
    assert last(engine, alert(at, starts_at=T0 + at, severity="info")).cluster != 0


def test_a_new_episode_of_a_stream_in_the_same_cluster_is_no_repeat() -> None:
    engine = engine_after(alert(0, "Slow", starts_at=T0), *episode(1)[:2])
    again = last(engine, alert(70, starts_at=T0 + 70))
    assert (again.disposition, again.cluster) == ("incident", 0)


def test_an_episode_that_moves_stops_firing_where_it_was() -> None:
    engine = engine_after(alert(0, starts_at=T0), Tick(ts=T0 + 1_999), alert(2_000, "Slow", "web"))
    one, two = engine.clusters.by_number.values()
    stream = next(iter(engine.dedup.streams.values()))
    assert (one.firing, two.firing) == (1, 1)
    arrival = Arrival()
    arrival.seq, arrival.now = 9, T0 + 2_010
    arrival.begin(alert(2_010), T0 + 2_010)
    arrival.stream, arrival.verdict = stream, "repeat"
    engine.pipeline.detect.measure(arrival)
    engine.correlate.assign(arrival)
    arrival.result.cluster, arrival.result.merged, arrival.result.new_cluster = two.number, [], False
    engine.pipeline.assignment.assign(arrival)
    assert arrival.cluster is two
    assert not arrival.repeats
    assert (one.firing, two.firing) == (0, 2)
    assert engine.clusters.home(stream) is two


def test_what_a_split_moved_returns_to_its_part() -> None:
    engine = engine_after(alert(0, starts_at=T0), alert(1, "Slow", starts_at=T0 + 1))
    (whole,) = engine.clusters.by_number.values()
    moved = list(whole.members)[1]
    part = engine.clusters.split(whole, 99, [moved])
    assert part is not None
    arrival = Arrival()
    arrival.now = T0 + 5
    arrival.begin(alert(5, "Slow", starts_at=T0 + 5), T0 + 5)
    arrival.stream = engine.dedup.stream(arrival.alert)
    arrival.verdict = "repeat"
    arrival.result = CorrelationResult()
    arrival.result.cluster, arrival.result.member = whole.number, moved
    arrival.surprise = Surprise()
    engine.pipeline.assignment.assign(arrival)
    assert arrival.cluster is part
    assert engine.clusters.home(arrival.stream) is part
    assert (whole.firing, part.firing) == (1, 1)


def place(engine: Engine, at: float, cluster: int, member: int) -> Arrival:
    """Assign an alert of the first stream as the correlator would, to a cluster and a member."""
    arrival = Arrival()
    arrival.now = T0 + at
    arrival.begin(alert(at, starts_at=T0 + at), T0 + at)
    arrival.stream = engine.dedup.stream(arrival.alert)
    arrival.verdict = "new"
    arrival.result = CorrelationResult()
    arrival.result.cluster, arrival.result.member = cluster, member
    arrival.surprise = Surprise()
    engine.pipeline.assignment.assign(arrival)
    return arrival


def test_a_cluster_that_the_correlator_had_closed_is_open_again_when_its_streams_return() -> None:
    engine = engine_after(*episode(0), Tick(ts=T0 + 6_000))
    (cluster,) = engine.clusters.by_number.values()
    assert cluster.closed
    (member,) = cluster.members
    arrival = place(engine, 6_500, cluster.number, member)
    assert arrival.cluster is cluster
    assert (cluster.closed, cluster.firing, cluster.return_count()) == (False, 1, 1)
    assert list(cluster.members) == [member]
    assert engine.clusters.alias == {}, "the correlator gave its own number"


def test_a_part_that_was_split_off_stays_closed() -> None:
    engine = engine_after(*episode(0))
    (whole,) = engine.clusters.by_number.values()
    (member,) = whole.members
    part = engine.clusters.split(whole, 99, [member])
    assert part is not None
    part.closed = True
    place(engine, 500, whole.number, member)
    assert part.closed
