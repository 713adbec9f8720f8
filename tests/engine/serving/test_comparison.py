"""Counts of two decisions side by side: what is taken back leaves nothing behind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiops.engine.serving.comparison import ABSENT, Compared, Tally

NAMES = st.lists(st.sampled_from("abcd"), max_size=4, unique=True)
CASES = st.builds(
    Compared,
    key=st.just("inc-1"),
    serving=NAMES,
    candidate=NAMES,
    is_confirmed=st.booleans(),
    serving_place=st.integers(ABSENT, 4),
    candidate_place=st.integers(ABSENT, 4),
)


@given(st.lists(CASES, max_size=12))
def test_tally_counts_each_case_once_and_takes_it_back(cases: list[Compared]) -> None:
    tally = Tally()
    for one in cases:
        tally.count(one, 1)
    assert tally.compared == len(cases)
    assert tally.same_first <= tally.compared
    assert tally.confirmed == sum(one.is_confirmed for one in cases)
    assert tally.serving_first <= tally.serving_three <= tally.confirmed
    assert tally.candidate_first - tally.only_candidate == tally.serving_first - tally.only_serving
    for one in cases:
        tally.count(one, -1)
    assert tally == Tally()


def test_same_three_is_in_any_order_and_same_first_is_not() -> None:
    tally = Tally()
    tally.count(Compared("a", ["x", "y", "z", "q"], ["y", "x", "z"]), 1)
    assert (tally.same_first, tally.same_three) == (0, 1)
    tally.count(Compared("b", ["x"], ["x", "y"]), 1)
    assert (tally.same_first, tally.same_three) == (1, 1)
    tally.count(Compared("c", [], []), 1)
    assert (tally.same_first, tally.same_three) == (2, 2)


def test_case_differs_by_its_first_name() -> None:
    assert Compared("a", ["x"], ["y"]).differs
    assert Compared("a", [], ["y"]).differs
    assert not Compared("a", ["x", "y"], ["x", "z"]).differs
    assert not Compared("a", [], []).differs


def test_only_one_side_right_is_counted_for_it() -> None:
    tally = Tally()
    for ours, theirs in ((0, 2), (0, 0), (ABSENT, 0), (1, 0)):
        tally.count(Compared("k", ["a"], ["b"], False, True, ours, theirs), 1)
    assert (tally.serving_first, tally.candidate_first) == (2, 3)
    assert (tally.only_serving, tally.only_candidate) == (1, 2)
    assert (tally.serving_three, tally.candidate_three) == (3, 4)
