"""What the correlator holds of open clusters and streams, and how it lets go of it."""

from __future__ import annotations

import pytest

from aiops.engine.correlate import open_clusters as module
from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.open_clusters import ALONE_STEP, COMPANY, OpenClusters
from aiops.engine.correlate.pace import Pace
from aiops.engine.correlate.state import Cluster, Entry


def candidate(held: OpenClusters, number: int, type_: str = "cpu", entity: str = "db", ts: float = 0.0) -> Candidate:
    made = Candidate()
    name = (type_, entity)
    made.begin(number, ts, entity, name, held.key(name))
    return made


def opened(held: OpenClusters, number: int, type_: str = "cpu", entity: str = "db", ts: float = 0.0) -> Entry:
    """The entry of a stream that opens a cluster."""
    found = candidate(held, number, type_, entity, ts)
    entry = held.enter(held.open(held.clusters, found), found)
    found.key.entry = entry
    held.member(entry, entity)
    held.count(entry, ts)
    return entry


def joined(held: OpenClusters, cluster: Cluster, through: Entry, number: int, type_: str) -> Entry:
    found = candidate(held, number, type_)
    entry = held.enter(cluster, found, through)
    found.key.entry = entry
    held.member(entry, found.entity)
    held.count(entry, 0.0)
    return entry


def test_an_entry_knows_through_which_it_joined() -> None:
    held = OpenClusters()
    first = opened(held, 1)
    second = joined(held, first.cluster, first, 5, "disk")
    assert (first.parent, first.seq) == (-1, -1)
    assert (second.parent, second.seq) == (first.member, 5)
    assert list(held.recent.values()) == [first, second]
    assert held.latest == {"db": second}
    assert first.cluster.count == 2


def test_a_background_cluster_is_kept_apart_and_not_compared() -> None:
    held = OpenClusters()
    found = candidate(held, 1)
    entry = held.enter(held.open(held.background, found), found)
    held.count(entry, 0.0)
    assert entry.cluster.background
    assert (list(held.background), list(held.clusters)) == ([1], [])
    assert held.recent.count == 0
    assert held.latest == {}


def test_the_cluster_that_is_silent_longest_is_closed_for_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLUSTERS", 2)
    held = OpenClusters()
    one, two = opened(held, 1, "cpu", "a"), opened(held, 2, "cpu", "b")
    held.count(one, 5.0)
    opened(held, 3, "cpu", "c", 6.0)
    assert held.evicted == [2]
    assert list(held.clusters) == [1, 3]
    assert held.keys[two.name].entry is None
    assert "b" not in held.latest


def test_the_entry_that_was_active_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 2)
    held = OpenClusters()
    first = opened(held, 1)
    second = joined(held, first.cluster, first, 2, "disk")
    held.count(first, 1.0)
    joined(held, first.cluster, first, 3, "net")
    assert [entry.type for entry in held.recent.values()] == ["cpu", "net"]
    assert second.name not in first.cluster.entries
    assert held.keys[second.name].entry is None


def test_the_stream_that_was_active_longest_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STREAMS", 2)
    held = OpenClusters()
    for type_ in ("a", "b", "c"):
        held.key((type_, "db"))
    assert [name[0] for name in held.keys] == ["b", "c"]
    assert held.key(("c", "db")) is held.keys["c", "db"]


@pytest.mark.parametrize("company", [1, COMPANY - 1, COMPANY])
def test_a_stream_learns_how_much_company_it_had(company: int) -> None:
    held = OpenClusters()
    first = opened(held, 1)
    for number in range(company - 1):
        joined(held, first.cluster, first, 2 + number, f"t{number}")
    held.drop(held.clusters.pop(1))
    assert held.keys[first.name].alone == (1.0 if company < COMPANY else 1.0 - ALONE_STEP)
    assert held.recent.count == 0
    assert not held.latest


def test_a_stream_that_both_clusters_had_is_one_entry_after_they_merged() -> None:
    held = OpenClusters()
    kept = opened(held, 1, ts=0.0)
    dropped = opened(held, 2, ts=1.0)
    held.absorb(kept.cluster, dropped.cluster)
    assert list(held.clusters) == [1]
    assert held.keys[kept.name].entry is kept
    assert held.latest == {"db": kept}
    assert list(held.recent.values()) == [kept]
    assert kept.count == 2


def test_times_ahead_of_a_clock_that_was_set_back_count_as_now() -> None:
    held = OpenClusters()
    entry = opened(held, 1, ts=100.0)
    held.keys[entry.name].scored = 100.0
    held.set_back(40.0)
    assert (entry.last, entry.cluster.first, entry.cluster.last) == (40.0, 40.0, 40.0)
    assert held.keys[entry.name].scored == 40.0


def test_nothing_is_held_after_it_was_cleared() -> None:
    held = OpenClusters()
    entry = opened(held, 1)
    cluster = entry.cluster
    held.clear()
    assert (held.recent.count, list(held.clusters), cluster.entries) == (0, [], {})


def test_a_member_is_an_entity_of_an_entry_and_keeps_its_number() -> None:
    held = OpenClusters()
    entry = opened(held, 1, entity="web")
    assert (entry.member, entry.members) == (1, {"web": 1})
    assert [held.member(entry, entity) for entity in ("web-2", "web", "web-2", "web-3")] == [2, 1, 2, 3]
    assert (entry.member, held.members, held.named) == (1, 3, 3)


def test_the_oldest_member_is_forgotten_beyond_the_bound_and_numbers_are_not_reused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_MEMBERS", 3)
    held = OpenClusters()
    entry = opened(held, 1, entity="web")
    for number in range(50):
        held.member(entry, f"web-{number}")
    assert entry.members == {"web-47": 49, "web-48": 50, "web-49": 51}
    assert (held.named, held.members, entry.member) == (3, 51, 1)
    # A new entry has one at least.
    assert opened(held, 2, "disk", "db").members == {"db": 52}


def named(held: OpenClusters) -> int:
    clusters = [*held.clusters.values(), *held.resting.values(), *held.background.values()]
    return sum(len(entry.members) for cluster in clusters for entry in cluster.entries.values())


def rested(held: OpenClusters, cluster: Cluster) -> None:
    del held.clusters[cluster.id]
    held.rest(cluster)


def test_members_of_a_stream_that_both_clusters_had_are_held_once() -> None:
    held = OpenClusters()
    kept, dropped = opened(held, 1, ts=0.0), opened(held, 2, ts=1.0)
    for entity in ("db-1", "db-2"):
        held.member(dropped, entity)
    held.member(kept, "db-2")
    held.absorb(kept.cluster, dropped.cluster)
    assert kept.members == {"db": 1, "db-2": 5, "db-1": 3}
    assert held.named == named(held) == 3


def test_a_cluster_at_rest_is_merged_like_any_other() -> None:
    held = OpenClusters()
    kept, dropped = opened(held, 1, "cpu", "a"), opened(held, 2, "disk", "b")
    rested(held, dropped.cluster)
    held.absorb(kept.cluster, dropped.cluster)
    assert (list(held.clusters), list(held.resting)) == ([1], [])
    assert dropped.cluster is kept.cluster


def test_a_cluster_rests_and_wakes() -> None:
    held = OpenClusters()
    entry = opened(held, 1)
    rested(held, entry.cluster)
    assert (list(held.clusters), list(held.resting), entry.cluster.resting) == ([], [1], True)
    assert held.keys[entry.name].entry is entry
    held.wake(entry.cluster)
    assert (list(held.clusters), list(held.resting), entry.cluster.resting) == ([1], [], False)


def test_the_cluster_that_rests_longest_is_closed_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLUSTERS", 2)
    held = OpenClusters()
    for number in range(5):
        rested(held, opened(held, number, "cpu", f"host{number}x").cluster)
    assert list(held.resting) == [3, 4]
    assert held.evicted == [0, 1, 2]
    assert [name for name, key in held.keys.items() if key.entry is not None] == [("cpu", "host3x"), ("cpu", "host4x")]
    assert held.named == named(held) == 2
    assert held.recent.count == 2
    opened(held, 5)
    opened(held, 6, "disk")
    held.wake(held.resting[3])
    assert held.evicted == [0, 1, 2, 5]
    assert list(held.clusters) == [6, 3]


def test_a_part_leaves_with_all_its_members_and_opens_its_own_cluster() -> None:
    held = OpenClusters()
    first = opened(held, 1)
    second, third = joined(held, first.cluster, first, 5, "disk"), joined(held, first.cluster, first, 6, "net")
    other = held.member(second, "db-9")
    first.cluster.pace = Pace()
    first.cluster.pace.base_at = first.cluster.pace.since = 0.0
    first.cluster.pace.gap_s = 40.0
    cluster = first.cluster
    rested(held, cluster)
    assert held.divide(cluster, 5, [second.member, third.member]) == [second.member, other, third.member]
    part = held.resting[5]
    assert (list(part.entries.values()), part.count, cluster.count) == ([second, third], 2, 1)
    assert second.cluster is third.cluster is part
    # It opened the part: its number is taken.
    assert (second.parent, second.seq) == (-1, -1)
    assert (third.parent, third.seq) == (first.member, 6)
    assert part.pace is not None
    assert part.pace.gap_s == 40.0
    assert part.resting
    assert held.named == named(held)


def test_pace_ahead_of_a_clock_that_was_set_back_counts_as_now() -> None:
    held = OpenClusters()
    entry = opened(held, 1, ts=100.0)
    entry.cluster.pace = Pace()
    entry.cluster.pace.base_at = entry.cluster.pace.since = 100.0
    rested(held, entry.cluster)
    held.set_back(40.0)
    assert (entry.cluster.pace.base_at, entry.cluster.pace.since, entry.last) == (40.0, 40.0, 40.0)
