"""The sentence over two replays states what was counted, and recommends nothing."""

from __future__ import annotations

from aiops.sweep.verdict import verdict
from aiops.views.replay import Changed, Score, Side


def side(pages: int) -> Side:
    return Side(pages, {}, {}, 18, 139, 3_432)


def test_equal_sides_are_the_same() -> None:
    found = verdict(side(5), side(5), [], [], 0)
    assert (found.tone, found.title) == ("same", "B decides as A does")


def test_fewer_pages_with_worse_groups_are_a_warning() -> None:
    scores = [Score("Faults found", 1.0, 1.0), Score("Grouping, F1", 0.88, 0.74, is_share=False)]
    found = verdict(side(5), side(3), [Changed("joined", ["2 joined"], pages=True)], scores, 5)
    assert (found.tone, found.title) == ("warning", "B pages less and groups worse")
    assert found.text == "2 pages fewer: 5 → 3. Incidents are joined in 1 place. Grouping, F1 0.88 → 0.74."


def test_more_pages_are_a_warning_even_with_better_groups() -> None:
    scores = [Score("Grouping, F1", 0.7, 0.8, is_share=False), Score("Cause right, first", 0.2, 0.4)]
    found = verdict(side(1), side(2), [Changed("split", ["torn into 2"])], scores, 5)
    assert (found.tone, found.title) == ("warning", "B pages more and groups better")
    assert "1 page more: 1 → 2. Incidents are torn apart in 1 place." in found.text
    assert "Cause right, first 20 % → 40 %." in found.text


def test_without_labels_no_side_is_right() -> None:
    found = verdict(side(5), side(3), [Changed("changed", ["other alerts"])], [], 0)
    assert (found.tone, found.title) == ("info", "B pages less")
    assert found.text.endswith("There are no labels: which side is right, the figures cannot show.")


def test_changes_that_call_nobody_are_said() -> None:
    found = verdict(side(5), side(5), [Changed("changed", ["another cause"])], [Score("Faults found", 1.0, 1.0)], 4)
    assert (found.title, found.text) == (
        "B pages as often",
        "5 pages on both sides. Against the labels both sides are equal.",
    )
