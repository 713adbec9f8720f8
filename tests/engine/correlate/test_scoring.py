"""The terms of a score, what the sensitivity makes of the weights, and how a cluster ends."""

from __future__ import annotations

from math import exp

import pytest

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.pace import MAX_ONSETS, RETURN_S, SURGE_S, Pace
from aiops.engine.correlate.scoring import MAX_IDLE_S, Limits, Weights, at_distance, ends, near, rhythm, silence
from aiops.engine.correlate.state import Cluster, new_cluster, new_entry
from tests.engine.made import made

T0 = 1_795_000_000.0
NAME = ("cpu", "db")


def limits(sensitivity: float, idle_s: float = 120.0) -> Limits:
    return Limits(CorrelateConfig(sensitivity=sensitivity, idle_s=idle_s), Weights())


def test_half_way_the_limits_are_those_of_the_weights() -> None:
    assert limits(0.5).threshold == Weights().threshold
    assert limits(0.5).idle_s == 120.0


def test_an_eager_setting_joins_more_and_waits_longer_but_not_for_ever() -> None:
    lazy, eager = limits(0.2), limits(0.9)
    assert eager.threshold < limits(0.5).threshold < lazy.threshold
    assert eager.goes_on < lazy.goes_on
    assert (lazy.idle_s, limits(0.9999).idle_s) == (120.0, MAX_IDLE_S)
    assert limits(0.9999, idle_s=7_200.0).idle_s == 7_200.0, "what is configured is kept"


def test_a_cluster_ends_by_age_once_something_new_was_to_be_expected() -> None:
    cluster = new_cluster(1, T0)
    rate = 1.0 / 600.0
    assert ends(cluster, rate, NAME, T0 + 600.0 * MAX_ONSETS - 1) is None
    assert ends(cluster, rate, NAME, T0 + 600.0 * MAX_ONSETS + 1) == "age"


def surging(surge: float) -> Cluster:
    """A cluster that has had an alert every ten seconds for ten minutes, and `surge` in the last ones."""
    cluster = new_cluster(1, T0)
    cluster.last, cluster.count, cluster.surge = T0 + 600.0, 60, surge
    cluster.pace = made(
        Pace, base_at=T0, base_count=60, active_s=600.0, gap_s=10.0, ticks=60, level=1.0, spread=1.0, weight=30.0
    )
    return cluster


@pytest.mark.parametrize(("surge", "end"), [(1.0, None), (200.0, "surge")])
def test_a_cluster_ends_by_a_surge_that_its_pace_does_not_explain(surge: float, end: str | None) -> None:
    assert ends(surging(surge), 1e-4, NAME, T0 + 600.0) == end


def test_a_surge_of_a_stream_that_comes_back_after_long_is_no_end() -> None:
    at = T0 + 600.0 + RETURN_S
    cluster, known = (surging(200.0 * exp(RETURN_S / SURGE_S)) for _ in range(2))
    known.entries[NAME] = new_entry(NAME, None, T0, 1)
    assert ends(cluster, 1e-6, NAME, at) == "surge"
    assert ends(known, 1e-6, NAME, at) is None


def test_age_is_seen_before_a_surge() -> None:
    assert ends(surging(200.0), 1.0, NAME, T0 + 600.0) == "age"


def test_the_rhythm_says_most_right_after_the_entry_and_little_when_it_is_due_anyway() -> None:
    entry = new_entry(NAME, None, T0, 1)
    entry.interval = 10.0
    soon, late, later = (rhythm(entry, T0 + s) for s in (0.0, 10.0, 60.0))
    assert soon > 8.0 > late > later > 0.0


def test_silence_counts_in_intervals_of_the_cluster() -> None:
    slow, fast = new_cluster(1, T0), new_cluster(2, T0)
    slow.interval, fast.interval = 60.0, 1.0
    assert silence(slow, T0) == 0.0
    assert silence(fast, T0 + 30.0) > silence(slow, T0 + 30.0) > 0.0


def test_nearness_falls_with_each_hop_beyond_two() -> None:
    weights = Weights()
    assert at_distance(weights, 14.0, 1) == at_distance(weights, 14.0, 2) == 14.0
    assert at_distance(weights, 14.0, 4) == 14.0 - 2 * weights.near_hop
    assert at_distance(weights, 0.0, 4) == 0.0
    assert at_distance(weights, -weights.sealed, 4) == -weights.sealed


def test_nearness_speaks_while_the_cluster_goes_on_and_against_one_that_was_sealed() -> None:
    weights, cluster = Weights(), new_cluster(1, T0)
    assert near(weights, cluster, 1 / 600, 2.0, T0 + 1.0) == weights.near
    assert near(weights, cluster, 1 / 600, 2.0, T0 + 3_000.0) == 0.0
    cluster.sealed = True
    assert near(weights, cluster, 1 / 600, 2.0, T0 + 1.0) == -weights.sealed
