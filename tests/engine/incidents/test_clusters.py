"""Clusters and their members: sums that hold through merges and splits, bounds, and the same after a restart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.dedup.stream import Stream
from aiops.engine.incidents.clusters import (
    MAX_CALLERS,
    MAX_MESSAGE,
    Clusters,
    ClusterState,
    count_caller,
    count_entities,
    has_life_cycle,
    severity_of,
)
from aiops.records import Alert
from tests.engine.made import made
from tests.engine.through_bytes import restored, saved

T0 = 1_795_000_000.0


def stream_of(number: int, entity: str = "", **more: Any) -> Stream:
    entity = entity or f"e{number}"
    identity = (None, f"A{number}", entity, None, ())
    found = made(Stream, number=number, fingerprint=f"f{number}", identity=identity, member=number)
    found.name, found.entity, found.service, found.source = f"A{number}", entity, None, None
    for name, value in more.items():
        setattr(found, name, value)
    return found


def alert(at: float = 0.0, severity: str = "high", **more: Any) -> Alert:
    return Alert(ts=T0 + at, name="A", severity=severity, id=f"a{at}", **more)


class Lab:
    """Clusters with a member for each stream."""

    def __init__(self, max_members: int = 100) -> None:
        self.clusters = Clusters(max_members)

    def open(self, number: int, *members: int) -> ClusterState:
        cluster = self.clusters.open(number, T0)
        for member in members:
            self.join(cluster, member)
        return cluster

    def join(self, cluster: ClusterState, number: int, at: float = 0.0, **more: Any) -> Any:
        stream = stream_of(number, cluster=cluster.number)
        return self.clusters.join(cluster, number, stream, alert(at, **more), T0 + at)

    def fire(self, cluster: ClusterState, number: int, by: int = 1) -> None:
        self.clusters.fires(cluster, stream_of(number, cluster=cluster.number), by)


def sums(cluster: ClusterState) -> tuple[int, int]:
    return sum(one.count for one in cluster.members.values()), sum(one.firing for one in cluster.members.values())


def test_alerts_of_a_stream_are_counted_in_its_member() -> None:
    lab = Lab()
    cluster = lab.open(1)
    lab.join(cluster, 7, 0.0, severity="warning", message="first")
    member = lab.join(cluster, 7, 9.0, severity="critical", message="last")
    assert (member.count, member.first_at, member.last_at, member.message) == (2, T0, T0 + 9, "last")
    assert (cluster.count, cluster.severity, cluster.last_at) == (2, member.severity, T0 + 9)


def test_late_alert_moves_no_time_back_and_a_milder_one_no_severity() -> None:
    lab = Lab()
    cluster = lab.open(1)
    lab.join(cluster, 7, 9.0, severity="critical")
    member = lab.join(cluster, 7, 3.0, severity="info")
    assert (member.last_at, cluster.last_at) == (T0 + 9, T0 + 9)
    assert member.severity == cluster.severity == severity_of(alert(severity="critical"))


def test_resolution_leaves_the_message_of_the_fault() -> None:
    lab = Lab()
    cluster = lab.open(1)
    lab.join(cluster, 7, message="disk full")
    assert lab.join(cluster, 7, 5.0, message="all is well", status="resolved").message == "disk full"


def test_long_message_is_cut() -> None:
    lab = Lab()
    assert len(lab.join(lab.open(1), 7, message="x" * 100_000).message) == MAX_MESSAGE


@pytest.mark.parametrize(("z", "magnitude"), [("2.5", 2.5), ("-1", -1.0), ("", None), ("high", None)])
def test_magnitude_is_what_the_tool_said(z: str, magnitude: float | None) -> None:
    lab = Lab()
    assert lab.join(lab.open(1), 7, labels={"z": z}).magnitude == magnitude


def test_members_beyond_the_bound_only_count() -> None:
    lab = Lab(max_members=2)
    cluster = lab.open(1, 1, 2)
    assert lab.join(cluster, 3) is None
    assert lab.join(cluster, 4) is None
    assert (len(cluster.members), cluster.overflow, cluster.count) == (2, 2, 4)
    assert count_entities(cluster) == 4


def test_callers_are_counted_up_to_a_number() -> None:
    lab = Lab()
    cluster = lab.open(1)
    member = lab.join(cluster, 7)
    other = lab.join(cluster, 8)
    for number in range(MAX_CALLERS + 5):
        count_caller(member, f"c{number}")
    count_caller(member, "c0")
    assert len(member.callers) == MAX_CALLERS
    assert member.callers["c0"] == 2
    assert other.callers == {}, "members do not share their callers"


def test_merge_keeps_every_count_and_both_names_lead_to_it() -> None:
    lab = Lab()
    target, source = lab.open(1, 1, 2), lab.open(2, 3)
    source.opened_at, source.severity = T0 - 60, 4
    lab.fire(target, 1)
    lab.fire(source, 3)
    lab.clusters.merge(target, source)
    assert (target.count, target.firing, target.opened_at, target.severity) == (3, 2, T0 - 60, 4)
    assert lab.clusters.of(2) is target
    assert lab.clusters.home(stream_of(3, cluster=2)) is target
    assert {member.cluster for member in target.members.values()} == {1}


def test_split_moves_members_with_their_counts() -> None:
    lab = Lab()
    cluster = lab.open(1, 1, 2, 3, 4)
    for number in (1, 3, 4):
        lab.fire(cluster, number)
    part = lab.clusters.split(cluster, 9, [3, 4, 77])
    assert part is not None
    assert (set(part.members), part.count, part.firing) == ({3, 4}, 2, 2)
    assert (set(cluster.members), cluster.count, cluster.firing) == ({1, 2}, 2, 1)
    assert lab.clusters.home(stream_of(3, cluster=1)) is part
    assert lab.clusters.home(stream_of(1, cluster=1)) is cluster
    assert lab.clusters.split(cluster, 10, [99]) is None


def test_forgotten_cluster_leaves_nothing_behind() -> None:
    lab = Lab()
    target, source = lab.open(1, 1, 2), lab.open(2, 3)
    lab.clusters.merge(target, source)
    part = lab.clusters.split(target, 9, [2])
    assert part is not None
    lab.clusters.forget(part)
    lab.clusters.forget(target)
    assert (lab.clusters.by_number, lab.clusters.alias, lab.clusters.moved) == ({}, {}, {})


def test_changed_incidents_are_taken_once() -> None:
    lab = Lab()
    cluster = lab.open(1, 1)
    lab.fire(cluster, 1)
    assert lab.clusters.take_changed() == [], "it is no incident"
    cluster.incident = "inc-1"
    lab.fire(cluster, 1, -1)
    lab.clusters.touch(cluster)
    assert lab.clusters.take_changed() == ["inc-1"]
    assert lab.clusters.take_changed() == []


def test_life_cycle_is_that_of_a_firing_stream() -> None:
    lab = Lab()
    cluster = lab.open(1, 1)
    cluster.members[1].has_life_cycle = True
    assert not has_life_cycle(cluster)
    lab.fire(cluster, 1)
    assert has_life_cycle(cluster)


def test_clock_that_was_set_back_leaves_no_time_ahead() -> None:
    lab = Lab()
    cluster = lab.open(1, 1)
    lab.clusters.set_back(T0 - 100)
    assert (cluster.opened_at, cluster.last_at) == (T0 - 100, T0 - 100)
    assert cluster.members[1].first_at == T0 - 100


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(0, 3), st.integers(0, 9)),
        st.tuples(st.just("fire"), st.integers(0, 3), st.integers(0, 9)),
        st.tuples(st.just("merge"), st.integers(0, 3), st.integers(0, 3)),
        st.tuples(st.just("split"), st.integers(0, 3), st.integers(0, 9)),
    ),
    max_size=40,
)


@settings(max_examples=120)
@given(MOVES)
def test_sums_hold_through_any_moves_and_a_restart(moves: list[tuple[str, int, int]]) -> None:
    lab = Lab()
    for number in range(4):
        lab.open(number)
    fresh = 100
    for step, (move, at, what) in enumerate(moves):
        cluster = lab.clusters.of(at)
        if cluster is None:
            continue
        owner = next((one for one in lab.clusters.by_number.values() if what in one.members), None)
        if move == "join" and owner in (None, cluster):
            lab.join(cluster, what, float(step))
        elif move == "fire" and owner is cluster:
            lab.fire(cluster, what)
        elif move == "merge":
            other = lab.clusters.of(what)
            if other is not None and other is not cluster:
                lab.clusters.merge(cluster, other)
        elif move == "split" and what in cluster.members and len(cluster.members) > 1:
            fresh += 1
            lab.clusters.split(cluster, fresh, [what])
        for one in lab.clusters.by_number.values():
            assert (one.count, one.firing) == sums(one)
            assert all(member.cluster == one.number for member in one.members.values())
    assert saved(restored(lab.clusters, Clusters(100))) == saved(lab.clusters)
