"""What the correlator holds of open clusters and streams, and how it lets go of it."""

from __future__ import annotations

import pytest

from aiops.engine.correlate import open_clusters as module
from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.open_clusters import ALONE_STEP, COMPANY, OpenClusters
from aiops.engine.correlate.state import Cluster, Entry


def candidate(held: OpenClusters, number: int, type_: str = "cpu", entity: str = "db", ts: float = 0.0) -> Candidate:
    made = Candidate()
    name = (type_, entity)
    made.begin(number, ts, name, held.key(name))
    return made


def opened(held: OpenClusters, number: int, type_: str = "cpu", entity: str = "db", ts: float = 0.0) -> Entry:
    """The entry of a stream that opens a cluster."""
    found = candidate(held, number, type_, entity, ts)
    entry = held.enter(held.open(held.clusters, found), found)
    found.key.entry = entry
    held.count(entry, ts)
    return entry


def joined(held: OpenClusters, cluster: Cluster, through: Entry, number: int, type_: str) -> Entry:
    found = candidate(held, number, type_)
    entry = held.enter(cluster, found, through)
    found.key.entry = entry
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
