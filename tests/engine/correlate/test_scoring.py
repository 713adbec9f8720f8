"""The terms of a score, what the sensitivity makes of the weights, and how a cluster ends."""

from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.pace import MAX_ONSETS, RETURN_S, SURGE_S, Pace
from aiops.engine.correlate.scoring import (
    KNOB,
    MAX_IDLE_S,
    MAX_RETURN,
    Limits,
    Weights,
    ends,
    novelty,
    pace,
    quiet,
    returning,
    rhythm,
    silence,
    size,
)
from aiops.engine.correlate.state import Cluster, Key, add, new_cluster, new_entry
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
    assert lazy.threshold == pytest.approx(1.0 + KNOB * log(4.0))
    assert eager.threshold == pytest.approx(1.0 - KNOB * log(9.0))
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
        Pace, base_at=T0, since=T0, base_count=60, active_s=600.0, gap_s=10.0, ticks=60, area=600.0, power=1200.0
    )
    return cluster


@pytest.mark.parametrize(("surge", "end"), [(1.0, None), (200.0, "surge")])
def test_a_cluster_ends_by_a_surge_that_its_pace_does_not_explain(surge: float, end: str | None) -> None:
    assert ends(surging(surge), 1e-4, NAME, T0 + 600.0) == end


def test_a_surge_of_a_stream_that_comes_back_after_long_is_no_end() -> None:
    at = T0 + 600.0 + RETURN_S
    cluster, known = (surging(200.0 * exp(RETURN_S / SURGE_S)) for _ in range(2))
    known.entries[NAME] = new_entry(NAME, NAME[1], None, T0)
    assert ends(cluster, 1e-6, NAME, at) == "surge"
    assert ends(known, 1e-6, NAME, at) is None


def test_age_is_seen_before_a_surge() -> None:
    assert ends(surging(200.0), 1.0, NAME, T0 + 600.0) == "age"


def test_the_rhythm_says_most_right_after_the_entry_and_little_when_it_is_due_anyway() -> None:
    entry = new_entry(NAME, NAME[1], None, T0)
    entry.interval = 10.0
    soon, late, later = (rhythm(entry, T0 + s) for s in (0.0, 10.0, 60.0))
    assert soon > 8.0 > late > later > 0.0


def test_silence_counts_in_intervals_of_the_cluster() -> None:
    slow, fast = new_cluster(1, T0), new_cluster(2, T0)
    slow.interval, fast.interval = 60.0, 1.0
    assert silence(slow, T0) == 0.0
    assert silence(fast, T0 + 30.0) > silence(slow, T0 + 30.0) > 0.0


def test_age_counts_from_the_present_phase() -> None:
    cluster = surging(1.0)
    assert cluster.pace is not None
    assert ends(cluster, 1.0 / 600.0, NAME, T0 + 600.0) == "age"
    cluster.pace.begin(T0 + 500.0)
    assert ends(cluster, 1.0 / 600.0, NAME, T0 + 600.0) is None


def aged(count: int, gap_s: float, streams: int = 1, turns: int = 1) -> Cluster:
    """A cluster of so many alerts, this mean gap between its active seconds, and its last alert at `T0`."""
    cluster = new_cluster(1, T0)
    cluster.count = count
    cluster.pace = made(Pace, base_at=T0, since=T0, gap_s=gap_s, turns=turns)
    for number in range(streams):
        name = (f"t{number}", "db")
        add(cluster, name, new_entry(name, "db", None, T0))
    return cluster


def test_pace_is_the_odds_of_one_more_alert_against_the_rate_of_new_things() -> None:
    # Of nine alerts, a tenth: (2 + 8) / (1 + 9); a gap of ten seconds against one in 600.
    assert pace(aged(9, 10.0), 1 / 600, 1.0) == pytest.approx(log(10 / 10) + log(60.0))
    assert pace(aged(1, 10.0), 1 / 600, 0.1) == pytest.approx(log(0.2 / 2) + log(60.0))
    # Not yet measured, a gap is fifteen seconds; and it is never less than one.
    assert pace(new_cluster_of(3), 1 / 600, 1.0) == pytest.approx(log(4 / 4) + log(40.0))
    assert pace(aged(9, 0.01), 1 / 600, 1.0) == pytest.approx(log(600.0))


def new_cluster_of(count: int) -> Cluster:
    cluster = new_cluster(1, T0)
    cluster.count = count
    return cluster


@given(st.integers(1, 10_000), st.floats(0.1, 400.0), st.floats(1e-6, 1.0), st.floats(0.1, 1.0))
def test_pace_falls_with_the_gap_and_the_rate_and_grows_with_trust(
    count: int, gap_s: float, rate: float, trust: float
) -> None:
    found = pace(aged(count, gap_s), rate, trust)
    assert pace(aged(count, 2.0 * gap_s), rate, trust) <= found
    assert pace(aged(count, gap_s), 2.0 * rate, trust) == pytest.approx(found - log(2.0))
    assert pace(aged(count, gap_s), rate, 1.0) >= found
    assert pace(aged(count + 1, gap_s), rate, trust) >= found - 1e-12 or trust == 1.0


def test_silence_of_a_placed_cluster_is_the_tail_of_its_gaps() -> None:
    assert quiet(aged(9, 10.0), T0 + 60.0, 1.0) == pytest.approx(2.0 * log(1.0 + 60.0 / 30.0))
    assert quiet(aged(9, 10.0), T0 + 60.0, 2.0) == pytest.approx(3.0 * log(3.0) - log(2.0))
    # Five seconds at the least, as alerts are evaluated every few seconds at best.
    assert quiet(aged(9, 1.0), T0 + 30.0, 1.0) == pytest.approx(2.0 * log(3.0))


@given(st.floats(1.0, 400.0), st.floats(0.2, 5.0), st.floats(0.0, 10_000.0), st.floats(0.0, 10_000.0))
def test_silence_never_says_less_as_it_lasts(gap_s: float, tail: float, first: float, second: float) -> None:
    short, long = sorted((first, second))
    cluster = aged(9, gap_s)
    assert quiet(cluster, T0 + short, tail) <= quiet(cluster, T0 + long, tail)


def test_novelty_is_how_seldom_the_turns_have_brought_a_new_stream() -> None:
    weights = Weights()
    assert novelty(weights, aged(9, 10.0, streams=2, turns=8)) == pytest.approx(-log(9 / 3))
    assert novelty(weights, aged(9, 10.0, streams=3, turns=3)) == 0.0
    assert novelty(weights, new_cluster_of(9)) == 0.0


@given(st.integers(0, 40), st.integers(0, 400))
def test_novelty_never_speaks_for_a_join(streams: int, turns: int) -> None:
    cluster = aged(9, 10.0, streams, turns)
    found = novelty(Weights(), cluster)
    assert found <= 0.0
    assert cluster.pace is not None
    cluster.pace.turns += 1
    assert novelty(Weights(), cluster) <= found


def test_size_speaks_a_little_against_large_clusters() -> None:
    weights, cluster = Weights(), new_cluster_of(100)
    assert size(weights, cluster, True) == pytest.approx(-0.1 * log(100.0))
    assert size(weights, cluster, False) == pytest.approx(-0.5 - 0.5 * log(100.0))


def test_a_return_is_the_stream_s_own_pace_against_its_own_incidents() -> None:
    key = made(Key, last=T0, interval=60.0, alerts=9, joined=2.0)
    # One incident beside the first, in an hour and the hour that is assumed, and half a one that nobody has seen.
    rate = (1.0 + 1.0 / 2.0) / 7200.0
    assert returning(key, 1, 3600.0, T0) == pytest.approx(-log(rate * 60.0))
    assert returning(key, 1, 3600.0, T0 + 180.0) == pytest.approx(-log(rate * 60.0) - 3.0 * log(2.0))
    key.joined = 1.0
    assert returning(key, 10_000, 86_400.0, T0) == MAX_RETURN


@given(st.floats(0.0, 5_000.0), st.floats(0.0, 3_000.0), st.floats(1.0, 50.0), st.integers(0, 10_000))
def test_a_return_loses_with_silence_and_with_each_incident(
    late: float, more: float, joined: float, streams: int
) -> None:
    key = made(Key, last=T0, interval=60.0, alerts=9, joined=joined)
    found = returning(key, streams, 3600.0, T0 + late)
    assert found <= MAX_RETURN
    assert returning(key, streams, 3600.0, T0 + late + more) <= found
    key.joined += 1.0
    assert returning(key, streams, 3600.0, T0 + late) <= found
