"""Blocks of time, and pair counts that add up over them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.score import grouping
from aiops.sweep.blocks import FEWEST, MOST, Blocks, PairCounts, blocks_of, onsets, pair_counts

ALERTS = st.lists(st.tuples(st.none() | st.sampled_from("abc"), st.integers(0, 4)), min_size=1, max_size=40)


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_any_history_is_cut_into_a_bounded_number_of_blocks(start: float, span: float) -> None:
    blocks = blocks_of(start, start + span)
    assert FEWEST <= blocks.count <= MOST + 1
    assert blocks.of(start) == 0
    assert blocks.of(start + span) == blocks.count - 1 or span < 1 or blocks.length * blocks.count > span


def test_block_lengths_are_ones_that_people_think_in() -> None:
    lengths = [blocks_of(0.0, days * 86_400.0).length for days in (1, 5, 20, 90, 400)]
    assert lengths == [3_600.0, 21_600.0, 86_400.0, 86_400.0, 4 * 86_400.0]


@given(ALERTS)
def test_all_blocks_together_give_the_whole(alerts: list[tuple[str | None, int]]) -> None:
    truth, found = [label for label, _ in alerts], [cluster for _, cluster in alerts]
    places = [place % 3 for place in range(len(alerts))]
    counts = pair_counts(truth, found, onsets(truth, places), 3)
    whole = grouping(truth, found)
    assert counts.precision() == pytest.approx(whole.pairwise_precision)
    assert counts.recall() == pytest.approx(whole.pairwise_recall)
    if any(counts.sums()):
        assert counts.f1() == pytest.approx(whole.pairwise_f1)


def test_group_counts_in_the_block_of_its_onset() -> None:
    counts = pair_counts(["a", "a", "b", "b"], [1, 1, 2, 3], onsets(["a", "a", "b", "b"], [1, 0, 2, 2]), 3)
    assert counts == PairCounts([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 1.0])
    assert counts.filled() == 2
    assert counts.f1([0.0, 1.0, 1.0]) == 0.0
    assert counts.f1([1.0, 1.0, 0.0]) == 1.0


def test_nothing_to_join_and_nothing_joined_is_right() -> None:
    counts = pair_counts(["a", "b"], [1, 2], {"a": 0, "b": 0}, 1)
    assert (counts.f1(), counts.precision(), counts.recall(), counts.filled()) == (1.0, 1.0, 1.0, 0)


def test_times_are_counted_by_block() -> None:
    assert Blocks(0.0, 10.0, 2).counted([-5.0, 3.0, 10.0, 99.0]) == [2.0, 2.0]
