"""Clusters and their members: sums that hold through merges and splits, bounds, and the same after a restart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.engine.dedup.stream import Stream
from aiops.engine.incidents.clusters import (
    MAX_ANNOTATIONS,
    MAX_CALLERS,
    MAX_MESSAGE,
    Clusters,
    ClusterState,
    count_caller,
    count_entities,
    has_life_cycle,
    severity_of,
    streams_of,
)
from aiops.engine.incidents.member_streams import MAX_STREAMS
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


def test_member_keeps_the_annotations_of_its_last_firing_alert() -> None:
    lab = Lab()
    cluster = lab.open(1)
    member = lab.join(cluster, 1, annotations={"summary": "disk 91 %"})
    lab.join(cluster, 1, annotations={"summary": "disk 92 %", "runbook_url": "https://r.example/disk"})
    assert member.annotations == {"summary": "disk 92 %", "runbook_url": "https://r.example/disk"}
    # A tool that sends none with a repeat does not take them back, and neither does an end.
    lab.join(cluster, 1)
    lab.join(cluster, 1, status="resolved", annotations={"summary": "disk ok"})
    assert member.annotations["summary"] == "disk 92 %"
    other = restored(lab.clusters, Clusters(100))
    assert other.by_number[1].members[1].annotations == member.annotations


def test_annotations_are_bounded() -> None:
    lab = Lab()
    cluster = lab.open(1)
    long = {f"a{number}": "x" * 998 for number in range(6)}
    member = lab.join(cluster, 1, annotations=long)
    assert list(member.annotations) == ["a0", "a1", "a2", "a3"]
    assert sum(len(name) + len(text) for name, text in member.annotations.items()) <= MAX_ANNOTATIONS


def test_a_host_that_watches_gets_what_fires_and_then_what_changes() -> None:
    lab = Lab()
    cluster = lab.open(1, 1, 2, 3)
    lab.fire(cluster, 1)
    assert lab.clusters.take_fired() == {}, "nobody watches yet"
    assert [one.number for one in lab.clusters.watch_firing()] == [1]
    lab.fire(cluster, 2)
    lab.fire(cluster, 1, -1)
    fired = lab.clusters.take_fired()
    assert fired["f1"] is None
    assert fired["f2"] is cluster.members[2]
    assert lab.clusters.take_fired() == {}


def test_a_member_that_gets_worse_while_it_fires_is_taken_again() -> None:
    lab = Lab()
    cluster = lab.open(1, 1)
    lab.clusters.watch_firing()
    lab.join(cluster, 1, 1.0, severity="critical")
    assert lab.clusters.take_fired() == {}, "it does not fire"
    lab.fire(cluster, 1)
    lab.clusters.take_fired()
    lab.join(cluster, 1, 2.0, severity="high")
    assert lab.clusters.take_fired() == {}
    lab.join(cluster, 2, 3.0)
    lab.fire(cluster, 2)
    lab.clusters.take_fired()
    lab.join(cluster, 2, 4.0, severity="critical")
    assert list(lab.clusters.take_fired()) == ["f2"]


def test_streams_share_their_labels_with_the_members() -> None:
    lab = Lab()
    cluster = lab.open(1)
    member = lab.join(cluster, 1, labels={"team": "db"})
    (one,) = streams_of(cluster)
    assert one.labels is member.labels
    assert (one.name, one.entity, one.severity, one.is_firing) == ("A1", "e1", 3, False)
    lab.fire(cluster, 1)
    assert streams_of(cluster)[0].is_firing
    assert not one.is_firing, "what was made stays as it was"


def test_streams_of_one_member_keep_their_own_labels_severity_and_firing() -> None:
    lab = Lab()
    cluster = lab.open(1)
    streams = [stream_of(1, cluster=1, fingerprint=f"f{region}") for region in ("eu", "us")]
    for stream, severity in zip(streams, ("warning", "critical"), strict=True):
        given = alert(severity=severity, labels={"region": stream.fingerprint[1:]})
        lab.clusters.join(cluster, 1, stream, given, T0)
        lab.clusters.fires(cluster, stream, 1)
    found = [(one.fingerprint, one.labels["region"], one.severity, one.is_firing) for one in streams_of(cluster)]
    assert found == [("feu", "eu", 2, True), ("fus", "us", 4, True)]
    lab.clusters.fires(cluster, streams[0], -1)
    assert [one.is_firing for one in streams_of(cluster)] == [False, True]
    again = restored(lab.clusters, Clusters(100))
    assert streams_of(again.by_number[1]) == streams_of(cluster)


def test_a_member_keeps_a_bounded_number_of_streams_and_counts_the_rest() -> None:
    lab = Lab()
    cluster = lab.open(1)
    for number in range(MAX_STREAMS + 5):
        stream = stream_of(1, cluster=1, fingerprint=f"f{number}")
        lab.clusters.join(cluster, 1, stream, alert(labels={"n": str(number)}), T0)
        lab.clusters.fires(cluster, stream, 1)
    assert (len(streams_of(cluster)), cluster.unlabelled, cluster.firing) == (MAX_STREAMS, 5, MAX_STREAMS + 5)


def test_a_stream_that_gets_worse_beside_a_worse_one_is_taken_again() -> None:
    lab = Lab()
    cluster = lab.open(1)
    one, other = (stream_of(1, cluster=1, fingerprint=name) for name in ("fa", "fb"))
    for stream, severity in ((one, "critical"), (other, "warning")):
        lab.clusters.join(cluster, 1, stream, alert(severity=severity), T0)
        lab.clusters.fires(cluster, stream, 1)
    lab.clusters.watch_firing()
    lab.clusters.join(cluster, 1, other, alert(severity="high"), T0)
    assert list(lab.clusters.take_fired()) == ["fb"]


def test_members_that_a_merge_moves_are_taken_with_their_new_cluster() -> None:
    lab = Lab()
    target, source = lab.open(1, 1), lab.open(2, 2, 3)
    lab.fire(target, 1)
    lab.fire(source, 2)
    lab.clusters.watch_firing()
    lab.clusters.merge(target, source)
    fired = lab.clusters.take_fired()
    assert {name: member.cluster for name, member in fired.items() if member is not None} == {"f2": 1}
