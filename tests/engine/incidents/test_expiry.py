"""What passing time ends: episodes, clusters, storms; and the parts that leave a cluster as it closes."""

from __future__ import annotations

from math import inf

import pytest

from aiops.engine.arrival import Moment
from aiops.engine.config import DedupConfig, EngineConfig, IncidentConfig
from aiops.engine.correlate.result import Closed, Split
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterSplit, Event, IncidentChanged, Notice
from aiops.records import Action, Alert

T0 = 1_795_000_000.0
ALL = 1_000


def alert(at: float, name: str = "DiskFull", entity: str = "db", **more: object) -> Alert:
    fields = {"severity": "critical", **more}
    return Alert(ts=T0 + at, name=name, entity=entity, **fields)  # type: ignore[arg-type]


def expire(engine: Engine, at: float, most: int = ALL) -> list[Event]:
    moment = Moment(99, T0 + at)
    engine.pipeline.expiry.run(moment, most)
    return moment.out


def firing(engine: Engine) -> int:
    return sum(cluster.firing for cluster in engine.clusters.by_number.values())


def test_an_episode_that_fell_silent_ends_in_its_cluster() -> None:
    engine = Engine(EngineConfig(dedup=DedupConfig(quiet_s=100.0)))
    engine.step([alert(0)])
    expire(engine, 99)
    assert firing(engine) == 1
    expire(engine, 100)
    assert firing(engine) == 0
    assert engine.incidents.next_due() < inf, "its incident ends next"


def test_at_most_so_many_episodes_end_at_once_and_the_rest_later() -> None:
    engine = Engine(EngineConfig(dedup=DedupConfig(quiet_s=100.0)))
    engine.step([alert(n / 10, f"F{n}", f"e{n}") for n in range(20)])
    expire(engine, 300, most=2)
    assert firing(engine) == 16, "two streams for each of the others"
    expire(engine, 300)
    assert firing(engine) == 0


def test_a_lone_warning_that_lasts_opens_its_incident_at_the_time_at_which_it_had() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(lone_warning_s=600.0)))
    engine.step([alert(0, severity="warning", starts_at=T0)])
    opened = [event for event in expire(engine, 700) if isinstance(event, IncidentChanged)]
    assert [(event.change, event.at) for event in opened] == [("opened", T0 + 600)]


def test_a_storm_ends_when_fewer_want_to_open() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=3, storm_window_s=60.0)))
    engine.step([alert(n, f"F{n}", f"e{n}") for n in range(8)])
    assert engine.pipeline.storms.active
    notices = [event.text for event in expire(engine, 200) if isinstance(event, Notice)]
    assert notices == ["the storm has ended: 5 alerts grouped into 1 incident"]
    assert not engine.pipeline.storms.active


def test_streams_of_an_ended_silence_make_it_due_at_once() -> None:
    engine = Engine()
    matchers = '[{"label": "entity", "op": "=", "value": "db"}]'
    engine.step([Action(ts=T0, verb="silence", args={"id": "s", "matchers": matchers, "until": repr(T0 + 60)})])
    engine.step([alert(1)])
    assert engine.pipeline.expiry.next_due() > T0
    engine.pipeline.muted.wake("s")
    assert engine.pipeline.expiry.next_due() == -inf


@pytest.mark.parametrize("severity", ["info", "critical"])
def test_a_part_that_leaves_a_closing_cluster_has_an_incident_if_the_whole_had(
    severity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()
    engine.step([alert(0, severity=severity), alert(1, "Slow", severity=severity)])
    (cluster,) = engine.clusters.by_number.values()
    one, two = cluster.members
    closed = Closed(cluster.number, [Split(77, [two], "nothing ties them")])
    monkeypatch.setattr(engine.correlate, "advance", lambda now, most: [closed])
    monkeypatch.setattr(engine.correlate, "next_due", lambda: -inf)
    events = expire(engine, 10)
    assert ClusterSplit(99, cluster.number, 77, [two], "nothing ties them") in events
    part = engine.clusters.by_number[77]
    assert (list(cluster.members), list(part.members)) == ([one], [two])
    assert cluster.closed
    assert part.closed
    opened = [event for event in events if isinstance(event, IncidentChanged) and event.change == "opened"]
    assert [event.incident.id for event in opened] == ([part.incident] if severity == "critical" else [])
    assert (part.incident is not None) == (severity == "critical")


def test_a_closed_cluster_in_which_nothing_fires_and_that_is_no_incident_is_forgotten() -> None:
    engine = Engine(EngineConfig(dedup=DedupConfig(quiet_s=100.0)))
    engine.step([alert(0, severity="info")])
    expire(engine, 10_000)
    assert engine.clusters.by_number == {}


def test_the_cluster_of_a_storm_is_not_closed_with_that_of_the_correlator(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=3)))
    engine.step([alert(n, f"F{n}", f"e{n}") for n in range(8)])
    storm = next(cluster for cluster in engine.clusters.by_number.values() if cluster.storm is not None)
    members = list(storm.members)
    closed = Closed(storm.number, [Split(77, members[:2], "nothing ties them")])
    monkeypatch.setattr(engine.correlate, "advance", lambda now, most: [closed])
    monkeypatch.setattr(engine.correlate, "next_due", lambda: -inf)
    assert not [event for event in expire(engine, 10) if isinstance(event, ClusterSplit)]
    assert list(storm.members) == members
