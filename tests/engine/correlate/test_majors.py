"""The frequent entries of a cluster: as few as can matter, and the same answer as if all were looked at."""

from __future__ import annotations

import random

from aiops.engine.correlate.scoring import dead_partner
from aiops.engine.correlate.state import (
    MAJOR_COUNT,
    MAJOR_SHARE,
    MAX_MAJORS,
    Cluster,
    absorb,
    add,
    new_cluster,
    new_entry,
    touch,
)


def filled(number: int, streams: int, alerts: int, seed: int) -> Cluster:
    """A cluster of many streams, some of which are frequent for a while only."""
    rng = random.Random(seed)
    cluster = new_cluster(number, 0.0)
    entries = [new_entry((f"type {one}", "host"), "host", None, 0.0) for one in range(streams)]
    for member, entry in enumerate(entries, number * 1000):
        entry.member = member
        add(cluster, entry.name, entry)
    for at in range(alerts):
        few = entries[at * 4 // alerts : at * 4 // alerts + 3]
        touch(rng.choice(entries if rng.random() < 0.5 else few), at * 0.5 + 1.0)
    return cluster


def worst(cluster: Cluster, ts: float) -> float:
    """`dead_partner` as it is defined, over all entries."""
    probe = new_cluster(cluster.id, cluster.first)
    probe.last, probe.count = cluster.last, cluster.count
    probe.majors = [entry for entry in cluster.entries.values() if entry.count >= MAJOR_COUNT]
    return dead_partner(probe, ts)


def test_few_are_kept_and_none_that_matters_is_missed() -> None:
    for seed in range(20):
        cluster = filled(0, 60, 300 * (seed + 1), seed)
        assert len(cluster.majors) <= MAX_MAJORS
        assert dead_partner(cluster, 10_000.0) == worst(cluster, 10_000.0)


def test_clusters_that_are_merged_keep_those_that_matter() -> None:
    for seed in range(20):
        target, source = filled(1, 40, 500, seed), filled(2, 12, 400 * (seed + 1), seed + 100)
        absorb(target, source)
        least = max(MAJOR_COUNT - 1, MAJOR_SHARE * target.count)
        expected = {entry.member for entry in target.entries.values() if entry.count > least}
        assert {entry.member for entry in target.majors} == expected
        assert dead_partner(target, 10_000.0) == worst(target, 10_000.0)
        assert target.frequent == any(entry.count >= MAJOR_COUNT for entry in target.entries.values())
