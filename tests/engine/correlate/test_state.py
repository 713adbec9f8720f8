"""Clusters of the correlator and their entries: counts, paces and majors that hold through merges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.correlate.state import (
    Cluster,
    Entry,
    absorb,
    add,
    follow,
    free,
    new_cluster,
    new_entry,
    remove,
    touch,
)

T0 = 1_795_000_000.0


def cluster_of(id: int, *names: tuple[str, str], first: float = T0) -> Cluster:
    cluster = new_cluster(id, first)
    for number, name in enumerate(names):
        entry = new_entry(name, name[1], None, first)
        entry.member = entry.members[name[1]] = id * 100 + number
        add(cluster, name, entry)
    return cluster


def hit(cluster: Cluster, name: tuple[str, str], at: float) -> Entry:
    entry = cluster.entries[name]
    follow(cluster, T0 + at)
    touch(entry, T0 + at)
    return entry


DISK, CPU, DOWN = ("Disk", "db"), ("Cpu", "db"), ("Down", "web")


def test_alert_counts_for_its_entry_and_its_cluster() -> None:
    cluster = cluster_of(1, DISK, CPU)
    for at in (0.0, 10.0, 20.0):
        hit(cluster, DISK, at)
    hit(cluster, CPU, 25.0)
    assert (cluster.entries[DISK].count, cluster.entries[CPU].count, cluster.count) == (3, 1, 4)
    assert cluster.last == T0 + 25
    assert cluster.entries[DISK].last == T0 + 20


def test_interval_is_the_mean_of_the_first_gaps() -> None:
    cluster = cluster_of(1, DISK)
    for number in range(15):
        hit(cluster, DISK, number * 10.0)
    assert 8.0 < cluster.entries[DISK].interval < 40.0
    assert 8.0 < cluster.interval < 40.0


def test_surge_fades_with_time() -> None:
    cluster = cluster_of(1, DISK)
    for number in range(10):
        hit(cluster, DISK, number * 0.1)
    high = cluster.surge
    hit(cluster, DISK, 100_000.0)
    assert high > 5.0
    assert cluster.surge == pytest.approx(1.0)


def test_types_are_counted_as_entries_come_and_go() -> None:
    cluster = cluster_of(1, DISK, CPU, ("Disk", "web"))
    assert cluster.types == {"Disk": 2, "Cpu": 1}
    remove(cluster.entries[DISK])
    remove(cluster.entries[CPU])
    assert cluster.types == {"Disk": 1}
    assert list(cluster.entries) == [("Disk", "web")]


def test_frequent_entry_that_leaves_is_no_major_any_more() -> None:
    cluster = cluster_of(1, DISK, CPU)
    for number in range(200):
        hit(cluster, DISK, number * 1.0)
    assert cluster.frequent
    assert cluster.entries[DISK] in cluster.majors
    remove(cluster.entries[DISK])
    assert (cluster.frequent, cluster.majors) == (False, [])


def test_absorbed_cluster_brings_its_entries_counts_and_times() -> None:
    target, source = cluster_of(1, DISK), cluster_of(2, CPU, DOWN, first=T0 - 50)
    hit(target, DISK, 0.0)
    hit(source, CPU, 5.0)
    hit(source, DOWN, 90.0)
    assert absorb(target, source) == []
    assert set(target.entries) == {DISK, CPU, DOWN}
    assert (target.count, target.first, target.last) == (3, T0 - 50, T0 + 90)
    assert all(entry.cluster is target for entry in target.entries.values())
    assert target.types == {"Disk": 1, "Cpu": 1, "Down": 1}


def test_entry_that_both_have_is_one_and_its_children_follow() -> None:
    target, source = cluster_of(1, DISK), cluster_of(2, DISK, CPU)
    source.entries[CPU].parent = source.entries[DISK].member
    hit(target, DISK, 0.0)
    hit(source, DISK, 1.0)
    [(kept, dropped)] = absorb(target, source)
    assert kept is target.entries[DISK]
    assert dropped.member == 200
    assert target.entries[CPU].parent == kept.member
    assert kept.count == 2


def test_freed_cluster_holds_nothing() -> None:
    cluster = cluster_of(1, DISK, CPU)
    free(cluster)
    assert (len(cluster.entries), cluster.majors) == (0, [])


NAMES = [DISK, CPU, DOWN]
HITS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from(NAMES), st.floats(0, 100)), max_size=60)


@given(HITS)
def test_counts_add_up_through_a_merge(hits: list[tuple[int, tuple[str, str], float]]) -> None:
    clusters, at = [cluster_of(0, *NAMES), cluster_of(1, *NAMES)], 0.0
    for which, name, gap in hits:
        at += gap
        hit(clusters[which], name, at)
    wanted = {name: sum(cluster.entries[name].count for cluster in clusters) for name in NAMES}
    absorb(clusters[0], clusters[1])
    assert {name: entry.count for name, entry in clusters[0].entries.items()} == wanted
    assert clusters[0].count == len(hits)
    assert all(major in clusters[0].entries.values() for major in clusters[0].majors)
