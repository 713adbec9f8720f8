"""A ratio that is learned: the expert, scaled by decoys, and believed as far as it has held."""

from __future__ import annotations

from math import exp, log

import pytest

from aiops.engine.correlate.learned_ratio import EVERY, FULL, MAX_DECOYS, MAX_NAMES, MAX_ODDS, STRANGERS, LearnedRatio

PRIOR = (-1.0, 1.0)
SHARES = (0.75, 0.25)


def learned(odds: float = 0.0) -> LearnedRatio:
    return LearnedRatio(PRIOR, SHARES, odds)


def test_ratios_at_the_start_are_the_expert_scaled_by_the_shares_and_half_believed() -> None:
    mean = 0.75 * exp(-1.0) + 0.25 * exp(1.0)
    assert learned().ratios == pytest.approx([log(0.5 * exp(each) / mean + 0.5) for each in PRIOR])


def test_one_sample_moves_the_odds_by_the_ratio_with_room_for_strangers() -> None:
    ratio = learned()
    mean = 0.75 * exp(-1.0) + 0.25 * exp(1.0)
    ratio.sample(1, 0)
    # The decoy is counted before the odds are, with the scale of before.
    assert ratio.odds == pytest.approx(log((1.0 - STRANGERS) * exp(1.0) / mean + STRANGERS))
    assert ratio.shares == pytest.approx([16.0, 5.0])


def test_evidence_that_does_not_hold_becomes_none_and_may_return() -> None:
    ratio = learned(2.0)
    for _ in range(60):
        ratio.sample(0, 1)
    assert ratio.odds == -MAX_ODDS
    assert ratio.ratios == pytest.approx([0.0, 0.0], abs=0.01)
    for _ in range(200):
        ratio.sample(1, 0)
    assert ratio.ratios[1] > 0.5


def test_what_is_common_among_decoys_is_no_evidence() -> None:
    ratio = learned()
    for _ in range(500):
        ratio.sample(1, 1)
    assert ratio.ratios[1] == pytest.approx(0.0, abs=0.05)


def test_decoys_are_bounded_and_rotate_and_only_one_in_some_is_a_sample_once_much_is_known() -> None:
    ratio = learned()
    assert ratio.decoy() is None
    ratio.over([])
    assert ratio.decoy() is None
    for number in range(MAX_DECOYS + 5):
        ratio.over([f"{number}-{each}" for each in range(MAX_NAMES + 3)])
    assert len(ratio.decoys) == MAX_DECOYS
    assert {len(each) for each in ratio.decoys} == {MAX_NAMES}
    first = [ratio.decoy() for _ in range(EVERY + 1)]
    assert all(each is not None for each in first)
    assert first[0] != first[EVERY]
    ratio.samples = FULL
    taken = [ratio.decoy() is not None for _ in range(8 * EVERY)]
    assert sum(taken) == 8


def test_a_loaded_ratio_goes_on_as_the_one_that_was_dumped() -> None:
    ratio, other = learned(), learned()
    for number in range(40):
        ratio.over([f"name-{number}"])
        ratio.sample(number % 2, (number // 3) % 2)
        ratio.decoy()
    other.load(ratio.dump())
    assert (other.ratios, other.odds, other.samples) == (ratio.ratios, ratio.odds, ratio.samples)
    assert [other.decoy() for _ in range(20)] == [ratio.decoy() for _ in range(20)]
