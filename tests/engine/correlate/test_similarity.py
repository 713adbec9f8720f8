"""How well the types of two clusters go together."""

from __future__ import annotations

import pytest

from aiops.engine.correlate.cooccurrence import BOTH_NEW, Cooccurrence
from aiops.engine.correlate.similarity import MAX_MEAN_TYPES, similarity
from aiops.engine.correlate.state import Cluster, new_cluster


def cluster(*types: str) -> Cluster:
    made = new_cluster(1, 0.0)
    made.types = dict.fromkeys(types, 1)
    return made


def learned() -> Cooccurrence:
    """`backup` and `snapshot` fire together, `disk` all the time."""
    known = Cooccurrence()
    for second in range(0, 9_000, 50):
        known.observe("disk", second)
        if second % 500 == 0:
            known.observe("backup", second)
            known.observe("snapshot", second)
    return known


def test_clusters_of_the_same_type_are_alike() -> None:
    assert similarity(learned(), cluster("disk"), cluster("disk")) == 1.0


def test_types_that_fire_together_are_more_alike_than_others() -> None:
    known = learned()
    assert similarity(known, cluster("backup"), cluster("snapshot")) > 0.9
    assert similarity(known, cluster("backup"), cluster("disk")) < 0.5


def test_it_is_the_mean_over_all_pairs() -> None:
    known = learned()
    pairs = [known.npmi(one, other) for one in ("backup", "disk") for other in ("snapshot", "disk")]
    found = similarity(known, cluster("backup", "disk"), cluster("snapshot", "disk"))
    assert found == pytest.approx(sum(pairs) / len(pairs))


def test_types_that_nobody_knows_are_a_little_alike() -> None:
    assert similarity(Cooccurrence(), cluster("a"), cluster("b")) == BOTH_NEW


def test_a_cluster_without_types_is_like_nothing() -> None:
    assert similarity(learned(), cluster(), cluster("disk")) == 0.0
    assert similarity(learned(), cluster("disk"), cluster()) == 0.0


def test_later_types_are_not_compared() -> None:
    first = [f"t{number}" for number in range(MAX_MEAN_TYPES)]
    known = Cooccurrence()
    assert similarity(known, cluster(*first), cluster(*first)) == similarity(
        known, cluster(*first, "late"), cluster(*first, "other")
    )
