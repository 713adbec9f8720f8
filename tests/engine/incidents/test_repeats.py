"""Repeats of a firing alert: most change nothing, some stay with their incident whatever they are like now."""

from __future__ import annotations

import pytest

from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged, Placed
from aiops.records import Alert, Record

T0 = 1_795_000_000.0


def alert(at: float, name: str = "DiskFull", entity: str = "db", **more: object) -> Alert:
    fields = {"severity": "high", **more}
    return Alert(ts=T0 + at, name=name, entity=entity, **fields)  # type: ignore[arg-type]


def last(engine: Engine, *records: Record) -> Placed:
    return [event for event in engine.step(list(records)) if isinstance(event, Placed)][-1]


def test_a_repeat_is_counted_in_its_member_and_its_cluster() -> None:
    engine = Engine()
    first = last(engine, alert(0, message="91 %", labels={"caller": "web"}))
    again = last(engine, alert(30, message="93 %", labels={"caller": "web"}))
    assert (again.disposition, again.cluster, again.member) == ("duplicate", first.cluster, first.member)
    cluster = engine.clusters.by_number[first.cluster]
    member = cluster.members[first.member]
    assert (cluster.count, cluster.last_at) == (2, T0 + 30)
    assert (member.count, member.last_at, member.message, member.callers) == (2, T0 + 30, "93 %", {"web": 2})
    assert member.firing == 1


def test_a_late_repeat_moves_no_time_back() -> None:
    engine = Engine()
    first = last(engine, alert(0), alert(30))
    last(engine, alert(10))
    assert engine.clusters.by_number[first.cluster].last_at == T0 + 30


def test_a_repeat_that_is_more_severe_is_news() -> None:
    engine = Engine()
    engine.step([alert(0)])
    events = engine.step([alert(30, severity="critical")])
    changed = [event for event in events if isinstance(event, IncidentChanged)]
    assert [(event.change, event.what) for event in changed] == [("updated", ["severity"])]
    assert [event.disposition for event in events if isinstance(event, Placed)] == ["duplicate"]


def test_a_repeat_of_a_background_alert_stays_background_unless_it_gets_worse() -> None:
    engine = Engine()
    first = last(engine, alert(0, severity="info"))
    assert last(engine, alert(30, severity="info")).incident is None
    worse = last(engine, alert(60, severity="critical"))
    assert worse.cluster == first.cluster
    assert worse.incident is not None


@pytest.mark.parametrize("starts_at", [None, T0])
def test_a_repeat_stays_with_its_open_incident_after_its_cluster_was_closed(starts_at: float | None) -> None:
    """The correlator has let go of the cluster and opens another one; the episode is still the same."""
    config = EngineConfig(incidents=IncidentConfig(resolve_after_s=3_600.0))
    engine = Engine(config)
    first = last(engine, alert(0, starts_at=starts_at))
    # A start that moves on is no copy of the first, and names the same episode.
    again = last(engine, alert(600, starts_at=None if starts_at is None else starts_at + 1))
    assert again.disposition == "duplicate"
    assert again.incident == first.incident
    assert engine.accounts()["open_incidents"] == 1
    member = engine.clusters.by_number[first.cluster].members[first.member]
    assert member.count == 2


def test_a_repeat_in_a_storms_incident_stays_there() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(storm_incidents=3)))
    placed = last(engine, *(alert(n, f"Fault{n}", f"host-{n}") for n in range(6)))
    storm = engine.clusters.by_number[placed.cluster]
    assert storm.storm is not None
    count = storm.count
    again = last(engine, alert(10, "Fault5", "host-5"))
    assert (again.disposition, again.incident) == ("duplicate", placed.incident)
    assert storm.count == count + 1
