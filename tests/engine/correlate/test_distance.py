"""What a distance in the graph is worth: an expert's guess, scaled by decoys, and believed as far as it has held."""

from __future__ import annotations

from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.correlate.distance import FAR, PRIOR, START_ODDS, START_SHARES, DistanceRatio
from aiops.engine.correlate.learned_ratio import EVERY, FULL, MAX_DECOYS, MAX_NAMES, MAX_ODDS, MEMORY

DISTANCES = st.integers(0, FAR)
SAMPLES = st.lists(st.tuples(DISTANCES, DISTANCES), max_size=120)


def sampled(samples: list[tuple[int, int]]) -> DistanceRatio:
    ratio = DistanceRatio()
    for active, decoy in samples:
        ratio.sample(active, decoy)
    return ratio


def test_ratios_at_the_start_are_the_guess_against_a_large_graph_as_far_as_it_is_believed() -> None:
    mean = sum(exp(nats) * share for nats, share in zip(PRIOR, START_SHARES, strict=True))
    trust = 1.0 / (1.0 + exp(-START_ODDS))
    expected = [log(trust * exp(nats) / mean + 1.0 - trust) for nats in PRIOR]
    assert DistanceRatio().ratios == pytest.approx(expected)
    assert expected[0] > 0.0 > expected[FAR]


def test_one_sample_counts_the_decoy_and_weighs_the_graph_against_nothing() -> None:
    ratio = sampled([(0, FAR)])
    shares = [20.0 * share for share in START_SHARES]
    mean = sum(exp(nats) * share for nats, share in zip(PRIOR, shares, strict=True)) / 20.0
    assert ratio.odds == pytest.approx(START_ODDS + log(0.5 * exp(1.0) / mean + 0.5))
    shares[FAR] += 1.0
    mean = sum(exp(nats) * share for nats, share in zip(PRIOR, shares, strict=True)) / 21.0
    trust = 1.0 / (1.0 + exp(-ratio.odds))
    assert ratio.ratios[0] == pytest.approx(log(trust * exp(1.0) / mean + 1.0 - trust))


def test_a_graph_that_tells_stories_apart_is_believed_more_and_one_that_does_not_less() -> None:
    right, wrong, dense = sampled([(0, FAR)] * 200), sampled([(FAR, 0)] * 200), sampled([(1, 1)] * 900)
    assert right.ratios[0] > DistanceRatio().ratios[0]
    assert right.ratios[FAR] < DistanceRatio().ratios[FAR]
    assert wrong.odds == -MAX_ODDS
    assert wrong.ratios == pytest.approx([0.0] * (FAR + 1), abs=0.01)
    # Where all is near, near says nothing.
    assert abs(dense.ratios[1]) < 0.1


@given(SAMPLES)
def test_ratios_never_rise_with_distance_and_odds_stay_in_their_bounds(samples: list[tuple[int, int]]) -> None:
    ratio = sampled(samples)
    assert all(near >= far for near, far in zip(ratio.ratios, ratio.ratios[1:], strict=False))
    assert -MAX_ODDS <= ratio.odds <= MAX_ODDS
    # Averaged over the decoys, a likelihood ratio is one: what near gains, far loses.
    mean = sum(exp(nats) * share for nats, share in zip(ratio.ratios, ratio.shares, strict=True)) / sum(ratio.shares)
    assert mean == pytest.approx(1.0)


def test_old_decoys_weigh_half_once_there_are_many() -> None:
    ratio = sampled([(0, FAR)] * 3000)
    assert sum(ratio.shares) <= MEMORY
    assert ratio.samples == 3000.0


def test_decoys_are_bounded_without_repeats_and_empty_ones() -> None:
    ratio = DistanceRatio()
    ratio.over([])
    assert ratio.decoy() is None
    ratio.over(["a", "a", "b"])
    assert list(ratio.decoys) == [["a", "b"]]
    for number in range(2 * MAX_DECOYS):
        ratio.over([f"{number}-{site}" for site in range(2 * MAX_NAMES)])
    assert len(ratio.decoys) == MAX_DECOYS
    assert {len(sites) for sites in ratio.decoys} == {MAX_NAMES}


def test_each_alert_is_a_sample_until_enough_are_known_then_one_in_eight() -> None:
    ratio = DistanceRatio()
    ratio.over(["a"])
    ratio.over(["b"])
    assert [ratio.decoy() for _ in range(2 * EVERY)] == [["a"]] * EVERY + [["b"]] * EVERY
    ratio.samples = FULL
    assert [number for number in range(3 * EVERY) if ratio.decoy() is not None] == [0, EVERY, 2 * EVERY]


@given(SAMPLES, st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=9), max_size=5))
def test_a_loaded_dump_is_the_same(samples: list[tuple[int, int]], stories: list[list[str]]) -> None:
    ratio, other = sampled(samples), sampled([(3, 2)] * 5)
    for sites in stories:
        ratio.over(sites)
    other.load(ratio.dump())
    assert other.dump() == ratio.dump()
    assert other.ratios == ratio.ratios
    other.sample(0, FAR)
    assert ratio.samples == len(samples)
