"""Clusters that are found to be one: the older incident goes on, and says so."""

from __future__ import annotations

from aiops.engine.arrival import Moment
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterMerged, ClusterPromoted, IncidentChanged
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.storm import new_tally
from aiops.records import Alert, Tick

T0 = 1_795_000_000.0


def engine_of(*severities: str, apart_s: float = 3_000.0) -> tuple[Engine, list[ClusterState]]:
    """An engine with a cluster for each alert, far enough apart that the correlator joins none."""
    engine = Engine()
    for number, severity in enumerate(severities):
        at = T0 + apart_s * number
        engine.step([Alert(ts=at, name=f"F{number}", entity=f"e{number}", severity=severity, starts_at=at)])
    return engine, list(engine.clusters.by_number.values())


def merge(engine: Engine, target: ClusterState, source: int) -> Moment:
    moment = Moment(9, engine.timeline.now)
    engine.pipeline.merging.merge(target, source, "they are one", moment)
    return moment


def test_both_incidents_become_the_older_one() -> None:
    engine, (one, two) = engine_of("critical", "critical")
    older, younger = one.incident, two.incident
    moment = merge(engine, two, one.number)
    ended = [event for event in moment.out if isinstance(event, IncidentChanged)]
    assert [(event.incident.id, event.change, event.incident.merged_into) for event in ended] == [
        (younger, "merged", older)
    ]
    assert moment.out[-1] == ClusterMerged(9, one.number, two.number, "they are one")
    assert two.incident == older
    assert older is not None
    assert engine.incidents.by_id[older].cluster == two.number
    assert engine.incidents.by_id[older].merged_from == [younger]
    assert engine.incidents.open_count == 1
    assert len(two.members) == 2


def test_an_incident_moves_with_its_cluster_to_one_without() -> None:
    engine, (one, two) = engine_of("info", "critical")
    name = two.incident
    moment = merge(engine, one, two.number)
    assert moment.out == [
        ClusterPromoted(9, one.number, name or "", "they are one"),
        ClusterMerged(9, two.number, one.number, "they are one"),
    ]
    assert one.incident == name


def test_two_clusters_without_an_incident_stay_without() -> None:
    engine, (one, two) = engine_of("info", "info")
    moment = merge(engine, one, two.number)
    assert moment.out == [ClusterMerged(9, two.number, one.number, "they are one")]
    assert one.incident is None
    assert engine.clusters.of(two.number) is one


def test_a_cluster_that_held_nothing_but_counted_repeats_is_merged_by_its_number() -> None:
    engine, (one,) = engine_of("critical")
    assert merge(engine, one, 4_711).out == [ClusterMerged(9, 4_711, one.number, "they are one")]


def test_a_cluster_is_not_merged_with_itself() -> None:
    engine, (one,) = engine_of("critical")
    assert merge(engine, one, one.number).out == []


def test_what_was_grouped_during_a_storm_pulls_nothing_in() -> None:
    engine, (one, two) = engine_of("critical", "critical")
    two.storm = new_tally("zone=a")
    assert merge(engine, one, two.number).out == []
    assert merge(engine, two, one.number).out == []
    assert engine.incidents.open_count == 2


def test_an_ended_older_incident_is_reopened_by_a_younger_that_still_fires() -> None:
    engine, (one, two) = engine_of("critical", "critical", apart_s=60.0 * 60.0)
    assert one.incident is not None
    older = engine.incidents.by_id[one.incident]
    cluster = engine.clusters.of(older.cluster)
    assert cluster is not None
    engine.incidents.resolve(older, cluster, engine.timeline.now, Moment(8, engine.timeline.now))
    assert engine.incidents.open_count == 1
    moment = merge(engine, one, two.number)
    kinds = [event.change for event in moment.out if isinstance(event, IncidentChanged)]
    assert kinds == ["merged", "reopened"]
    assert engine.incidents.open_count == 1
    assert older.status == "open"


def test_the_merged_incident_is_ranked_anew_and_keeps_the_sentence() -> None:
    engine, (one, two) = engine_of("critical", "critical")
    merge(engine, one, two.number)
    assert one.incident is not None
    incident = engine.incidents.by_id[one.incident]
    assert incident.changed
    assert incident.rank_due is not None
    assert "was merged into it: they are one" in incident.notes[-1]
    engine.step([Tick(ts=engine.timeline.now + 100.0)])
    assert not incident.changed


def test_returns_of_both_count_and_are_no_return_now() -> None:
    engine, (one, two) = engine_of("critical", "critical")
    one.came_back(T0 + 500)
    two.came_back(T0 + 4_000)
    merge(engine, two, one.number)
    (incident,) = engine.incidents.by_id.values()
    assert two.return_count() == incident.returns == 2
    assert two.returns is not None
    assert two.returns.times == [T0 + 500, T0 + 4_000]


def test_returns_move_with_the_cluster_that_has_them() -> None:
    engine, (one, two) = engine_of("critical", "critical")
    one.came_back(T0 + 500)
    merge(engine, two, one.number)
    assert two.return_count() == 1
