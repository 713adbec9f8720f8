"""A new cluster that the correlator recognises as the return of an older one is the older one's, incident and all."""

from __future__ import annotations

import pytest

from aiops.engine.arrival import Moment
from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.correlate.result import Closed
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterMerged, Event, IncidentChanged
from aiops.records import Action, Alert, Record, Severity, Tick

T0 = 1_795_000_000.0
KINDS = ["Slow", "Errors", "Restarts", "Full"]
PAUSE_S = 1_500.0


def burst(at: float) -> list[Alert]:
    return [
        Alert(ts=T0 + at + 5.0 * number, name=kind, entity=f"api-{int(at)}", service="api", severity="critical")
        for number, kind in enumerate(KINDS)
    ]


def merges(events: list[Event]) -> list[ClusterMerged]:
    return [event for event in events if isinstance(event, ClusterMerged)]


def test_the_return_of_a_fault_is_one_incident_with_it() -> None:
    engine = Engine()
    engine.step(burst(0.0))
    assert not merges(engine.step(burst(PAUSE_S)))
    [merged] = merges(engine.step([Tick(ts=T0 + PAUSE_S + 61.0)]))
    assert merged.reason == "the same 4 streams came here 24 min 45 s before"
    (cluster,) = engine.clusters.by_number.values()
    assert cluster.number == merged.target
    assert cluster.count == 8
    assert {member.cluster for member in cluster.members.values()} == {merged.target}
    assert cluster.incident is not None
    incident = engine.incidents.by_id[cluster.incident]
    assert incident.returns == 1
    assert cluster.returns is not None
    assert cluster.returns.times == [T0 + PAUSE_S]


def test_a_restored_engine_recognises_it_as_well() -> None:
    whole, before, after = Engine(), Engine(), Engine()
    records: list[Record] = [*burst(0.0), *burst(PAUSE_S), Tick(ts=T0 + PAUSE_S + 61.0), *burst(2 * PAUSE_S)]
    expected = whole.step(records)
    found = before.step(records[:6])
    after.restore(before.snapshot())
    found += after.step(records[6:])
    assert found == expected
    assert merges(found)


def reported(engine: Engine, closed: Closed, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """The events of what the correlator reports."""
    monkeypatch.setattr(engine.correlate, "advance", lambda now, most: [closed])
    monkeypatch.setattr(engine.correlate, "next_due", lambda: T0)
    moment = Moment(99, T0 + 60.0)
    engine.pipeline.expiry.run(moment, 10)
    return moment.out


def test_an_older_cluster_that_held_no_episode_takes_the_younger_one_in(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    engine.step(burst(0.0))
    (younger,) = engine.clusters.by_number.values()
    events = reported(engine, Closed(-7, merged=[(younger.number, "the same")], is_final=False), monkeypatch)
    assert merges(events) == [ClusterMerged(99, younger.number, -7, "the same")]
    (cluster,) = engine.clusters.by_number.values()
    assert (cluster.number, cluster.count, cluster.incident) == (-7, 4, younger.incident)


def test_what_a_storm_keeps_apart_takes_no_more_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    engine.step([*burst(0.0), Alert(ts=T0 + 1_000.0, name="Other", entity="db", service="db", severity="critical")])
    older, younger = engine.clusters.by_number.values()
    monkeypatch.setattr(engine.pipeline.expiry.merging, "merge", lambda *_: None)
    reported(engine, Closed(older.number, merged=[(younger.number, "the same")], is_final=False), monkeypatch)
    assert younger.closed
    assert not older.closed


def test_what_a_merge_makes_one_keeps_its_severity_and_who_works_on_it() -> None:
    """A mild trouble returns, worse: it is not mild again, and the acknowledgement stays."""
    engine = Engine()
    mild = burst(0.0)
    for one in mild:
        one.severity = "high"
    engine.step(mild)
    engine.step(
        [Alert(ts=T0 + 30.0, name=each.name, entity=each.entity, service="api", status="resolved") for each in mild]
    )
    engine.step([Tick(ts=T0 + 900.0)])
    engine.step(burst(PAUSE_S))
    younger = next(one for one in engine.incidents.by_id.values() if one.status != "resolved")
    engine.step([Action(ts=T0 + PAUSE_S + 40.0, verb="acknowledge", id="act-1", incident=younger.id)])
    found = engine.step([Tick(ts=T0 + PAUSE_S + 61.0)])
    assert merges(found)
    (incident,) = engine.incidents.by_id.values()
    assert (incident.status, incident.severity) == ("acknowledged", Severity.CRITICAL)
    told = [
        event.incident for event in found if isinstance(event, IncidentChanged) and event.incident.id == incident.id
    ]
    assert told
    assert {each.severity for each in told} == {"critical"}


def test_a_merge_into_an_open_milder_incident_tells_that_it_is_worse() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(resolve_after_s=2 * PAUSE_S)))
    mild = burst(0.0)
    for one in mild:
        one.severity = "high"
    engine.step(mild)
    older = next(iter(engine.incidents.by_id.values()))
    engine.step(burst(PAUSE_S))
    found = engine.step([Tick(ts=T0 + PAUSE_S + 61.0)])
    assert merges(found)
    assert older.status == "open"
    assert older.severity == Severity.CRITICAL
    last = [event for event in found if isinstance(event, IncidentChanged)][-1]
    assert (last.incident.id, last.incident.severity) == (older.id, "critical")
    assert "severity" in last.what
