"""Ranked answers: ties by expectation, checked by trying every order."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.records import Cause, RootCause, Suggestion
from aiops.score import Case, cause_case, hit_at, playbook_case, ranking, reciprocal_rank

CANDIDATES = st.lists(st.tuples(st.sampled_from([0.0, 1.0, 2.0]), st.booleans()), max_size=6)


def every_order(candidates: list[tuple[float, bool]]) -> list[list[bool]]:
    """The labels in every order that does not put a lower score before a higher one."""
    orders = permutations(candidates)
    return [
        [right for _, right in order] for order in orders if all(left[0] >= right[0] for left, right in pairwise(order))
    ]


@given(CANDIDATES, st.integers(1, 7))
@settings(max_examples=120, deadline=None)
def test_ties_are_what_random_orders_give(candidates: list[tuple[float, bool]], k: int) -> None:
    case = Case([score for score, _ in candidates], [right for _, right in candidates])
    orders = every_order(candidates)
    hits = [any(order[:k]) for order in orders]
    ranks = [1 / (order.index(True) + 1) if True in order else 0.0 for order in orders]
    assert hit_at(case, k) == pytest.approx(sum(hits) / len(orders))
    assert reciprocal_rank(case) == pytest.approx(sum(ranks) / len(orders))


def test_without_ties_it_is_the_textbook() -> None:
    """Voorhees 1999: ranks 3, 2 and 1 have the mean reciprocal rank 11/18."""
    cases = [Case([3.0, 2.0, 1.0], [place == rank for place in (1, 2, 3)]) for rank in (3, 2, 1)]
    result = ranking(cases)
    assert result.mrr == pytest.approx(11 / 18)
    assert result.top1 == pytest.approx(1 / 3)
    assert result.top3 == result.top5 == 1.0


def test_unanswered_cases_stay_in_the_denominator() -> None:
    result = ranking([Case([1.0], [True]), Case([], []), Case([1.0], [False])])
    assert (result.cases, result.answered) == (3, 2)
    assert result.top1 == result.mrr == pytest.approx(1 / 3)
    assert ranking([]).cases == 0


def test_a_service_is_hit_by_its_instances_and_nothing_else_is() -> None:
    causes = [Cause("cart-1", 2.0), Cause("cart", 1.0), Cause("host-1", 0.5)]

    def service_of(entity: str) -> str:
        return {"cart-1": "cart", "cart-2": "cart"}.get(entity, entity)

    assert cause_case(causes, RootCause("cart", "service"), service_of).right == [True, True, False]
    assert cause_case(causes, RootCause("cart-1", "pod"), service_of).right == [True, False, False]
    assert cause_case(causes, RootCause("cart", None), service_of).right == [False, True, False]


def test_playbooks_are_matched_by_name() -> None:
    case = playbook_case([Suggestion("restart", 2.0), Suggestion("rollback", 1.0)], "rollback")
    assert reciprocal_rank(case) == 0.5


def test_labels_and_scores_must_be_parallel() -> None:
    with pytest.raises(ValueError, match="expected as many labels as scores, got 0 and 1"):
        hit_at(Case([1.0], []), 1)
