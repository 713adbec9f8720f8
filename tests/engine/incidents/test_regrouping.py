"""Regrouping by people: counts are conserved, and clusters lead to where their alerts are."""

from __future__ import annotations

from aiops.engine.arrival import Moment
from aiops.engine.engine import Engine
from aiops.engine.events import ClusterPromoted, ClusterSplit
from aiops.engine.incidents.handled import new_deed
from aiops.engine.incidents.regrouping import Regrouping
from aiops.records import Alert

T = 1_772_400_000.0


def engine_of_two() -> Engine:
    engine = Engine()
    for entity, at in (("shop", 0), ("db", 400)):
        for name in ("Errors", "Latency"):
            engine.step([Alert(ts=T + at, name=name, entity=entity, severity="high", id=name + entity, starts_at=T)])
    return engine


def sums(engine: Engine) -> tuple[int, int]:
    found = engine.clusters.by_number.values()
    return sum(one.count for one in found), sum(one.firing for one in found)


def test_counts_are_conserved_and_numbers_lead_home() -> None:
    engine = engine_of_two()
    regrouping, before = Regrouping(engine.pipeline.merging), sums(engine)
    first, second = (engine.clusters.by_number[one.cluster] for one in engine.incidents.by_id.values())
    number = second.number
    theirs = engine.incidents.of(second)
    assert theirs is not None
    regrouping.merge(first, second, "alice", Moment(100, T + 500))
    assert (sums(engine), engine.clusters.of(number)) == (before, first)
    absorbed = engine.handling.absorbed[theirs.id]
    moment = Moment(101, T + 501)
    regrouping.take_out(absorbed, first, "alice", moment)
    assert sums(engine) == before
    assert engine.clusters.of(number) is engine.clusters.by_number[101]
    assert [event.target for event in moment.out if isinstance(event, ClusterSplit)] == [101]
    assert [event.incident for event in moment.out if isinstance(event, ClusterPromoted)] == [theirs.id]
    assert engine.handling.absorbed == {}


def test_a_part_has_the_number_of_its_action_and_stays_with_its_deed() -> None:
    engine = engine_of_two()
    regrouping, before = Regrouping(engine.pipeline.merging), sums(engine)
    cluster = engine.clusters.by_number[0]
    made = regrouping.split(
        cluster, [next(iter(cluster.members))], new_deed("d", "split", T, "alice"), Moment(100, T + 500)
    )
    assert (made.cluster, sums(engine)) == (100, before)
    ours = engine.incidents.of(cluster)
    assert ours is not None
    assert [one.before for one in engine.handling.of(ours.id).deeds] == [{"incident": made.id}]
    assert engine.handling.grouping.are_apart(cluster, engine.clusters.by_number[100])
