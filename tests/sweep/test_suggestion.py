"""Suggestions from truth: the best value where it is better beyond chance, else the current one."""

from __future__ import annotations

from collections.abc import Sequence

from aiops.sweep.blocks import PairCounts
from aiops.sweep.figures import Measured
from aiops.sweep.suggestion import FEWEST_BLOCKS, suggest
from tests.sweep.outcomes import measured, outcome, page


def counts(right: Sequence[float]) -> PairCounts:
    """Ten pairs a block, of which so many were joined, and none wrongly."""
    return PairCounts(list(right), list(right), [10.0] * len(right))


def of(current: Sequence[float], other: Sequence[float], *, pages: tuple[int, int] = (0, 0)) -> Measured:
    calls = [[page(day * 86_400.0 / 4 + 1.0) for day in range(count)] for count in pages]
    return measured(
        outcome(0.5, [1, 1], is_current=True, pairs=counts(current), pages=calls[0]),
        outcome(0.7, [1, 2], pairs=counts(other), pages=calls[1]),
    )


def test_value_that_is_better_in_every_block_is_suggested() -> None:
    found = suggest(of([5, 6, 4, 5, 6, 5, 4, 6, 5, 5], [9, 9, 8, 9, 9, 10, 9, 8, 9, 9]), "f1")
    assert (found.verdict, found.place) == ("change", 1)
    assert found.paste == "[correlate]\nsensitivity = 0.7"
    assert "0.7 is better: F1" in found.text[0]
    assert found.gap is not None
    assert found.gap.low > 0
    assert found.gain is not None
    assert found.gain.low > 0
    assert found.alike == [1]
    assert any("last one of the sweep" in line for line in found.text)


def test_value_that_is_better_in_some_blocks_only_is_not_suggested() -> None:
    found = suggest(of([5, 6, 5, 6, 5, 6, 5, 6, 5, 5], [9, 2, 9, 2, 9, 3, 9, 3, 9, 2]), "f1")
    assert (found.verdict, found.place, found.paste) == ("keep", 0, "")
    assert "0.5 (current) is as good: keep it." in found.text[0]
    assert "which includes 0" in found.text[0]
    assert "Not distinguishable from it: 0.5 to 0.7." in found.text[1]
    assert sorted(found.alike) == [0, 1]


def test_current_value_that_is_the_best_is_kept() -> None:
    found = suggest(of([9] * 10, [5, 6, 4, 5, 6, 5, 4, 6, 5, 5]), "f1")
    assert (found.verdict, found.place) == ("keep", 0)
    assert "has the best F1, 0.947: keep it." in found.text[0]
    assert "All other values are worse beyond chance." in found.text[1]


def test_equal_values_keep_the_current_one() -> None:
    assert suggest(of([5] * 10, [5] * 10), "f1").verdict == "keep"


def test_fewest_pages_among_the_best_are_suggested() -> None:
    found = suggest(of([9] * 10, [9] * 10, pages=(40, 4)), "pages")
    assert (found.verdict, found.place) == ("change", 1)
    assert "0.7 has 0.4 pages a day against 4.0" in found.text[0]


def test_fewer_pages_at_a_worse_grouping_are_not_suggested() -> None:
    found = suggest(of([9] * 10, [5, 6, 4, 5, 6, 5, 4, 6, 5, 5], pages=(40, 4)), "pages")
    assert (found.verdict, found.place) == ("keep", 0)


def test_pages_that_differ_by_chance_keep_the_current_value() -> None:
    found = suggest(of([9] * 10, [9] * 10, pages=(5, 4)), "pages")
    assert found.verdict == "keep"
    assert "which includes 0: keep the current" in found.text[0]


def test_history_with_few_faults_has_no_suggestion() -> None:
    few = [5.0] * (FEWEST_BLOCKS - 1) + [0.0] * (11 - FEWEST_BLOCKS)
    actual = [10.0 if count else 0.0 for count in few]
    one, other = PairCounts(few, few, actual), PairCounts(actual, actual, actual)
    found = suggest(measured(outcome(0.5, [1, 1], is_current=True, pairs=one), outcome(0.7, [1, 2], pairs=other)), "f1")
    assert (found.verdict, found.place) == ("none", None)
    assert f"of which {FEWEST_BLOCKS - 1} hold labelled faults" in found.text[0]


def test_settings_that_group_alike_have_no_suggestion() -> None:
    same = counts([5] * 10)
    found = suggest(measured(outcome(0.5, [1, 1], is_current=True, pairs=same), outcome(0.7, [1, 1], pairs=same)), "f1")
    assert found.verdict == "none"
    assert "group alike" in found.text[0]
