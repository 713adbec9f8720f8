"""Measures of ranked answers; ties score the expectation over a random order of the tied ones.

For m candidates tied after o better ones, of which r are right and none of the better ones is, in a random order: P(hit
in the first k) = 1 - C(m-r, k-o) / C(m, k-o) (1 when k >= o+m, 0 when k <= o), and E[1/rank of the first right one] =
sum over j of P(first right one is jth of the tie) / (o+j), with P(j) = C(m-j, r-1) / C(m, r). McSherry and Najork,
"Computing information retrieval performance measures efficiently in the presence of tied scores" (2008). A right answer
that is not among the candidates counts as never found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import comb, fsum

from msgspec import Struct

from aiops.records import Cause, RootCause, Suggestion


class Case(Struct, gc=False):
    """One question: the score of each candidate, and its correctness; parallel lists, in any order."""

    scores: list[float]
    right: list[bool]


class Ranking(Struct):
    """Shares of cases, 0 to 1.

    `answered` counts the cases with any candidate; all cases are in the denominators.
    """

    cases: int
    answered: int
    top1: float
    top3: float
    top5: float
    mrr: float


def ranking(cases: Iterable[Case]) -> Ranking:
    """Average over cases; all measures are zero without any.

    >>> ranking([Case([3.0, 1.0], [True, False]), Case([2.0, 2.0], [False, True])])
    Ranking(cases=2, answered=2, top1=0.75, top3=1.0, top5=1.0, mrr=0.875)
    """
    all_cases = list(cases)
    count = len(all_cases)
    ties = [_first_right_tie(case) for case in all_cases]
    return Ranking(
        cases=count,
        answered=sum(bool(case.scores) for case in all_cases),
        top1=fsum(_hit(tie, 1) for tie in ties) / max(count, 1),
        top3=fsum(_hit(tie, 3) for tie in ties) / max(count, 1),
        top5=fsum(_hit(tie, 5) for tie in ties) / max(count, 1),
        mrr=fsum(_reciprocal_rank(tie) for tie in ties) / max(count, 1),
    )


def hit_at(case: Case, k: int) -> float:
    """Return the probability, 0 to 1, that one of the first `k` (from 1) candidates is right.

    >>> hit_at(Case([1.0, 1.0, 1.0, 1.0], [True, False, False, False]), 3)
    0.75
    """
    return _hit(_first_right_tie(case), k)


def reciprocal_rank(case: Case) -> float:
    """Return the expected 1/rank of the first right candidate; 0 if none is.

    >>> reciprocal_rank(Case([2.0, 1.0, 1.0], [False, True, True]))
    0.5
    """
    return _reciprocal_rank(_first_right_tie(case))


def cause_case(causes: Sequence[Cause], root: RootCause, service_of: Callable[[str], str] = str) -> Case:
    """Compare ranked causes with the labelled one.

    Any instance of a service counts for a root of level `service`.

    Names are compared without a `kind/` prefix: some labels have one (`app/cart`) and topologies do not.

    >>> cause_case([Cause("cart-0", 2.0), Cause("db", 1.0)], RootCause("cart", "service"), lambda e: e.split("-")[0])
    Case(scores=[2.0, 1.0], right=[True, False])
    """
    any_instance = root.level == "service"
    right = [
        _bare(cause.entity) == _bare(root.entity) or (any_instance and service_of(cause.entity) == root.entity)
        for cause in causes
    ]
    return Case([cause.score for cause in causes], right)


def _bare(entity: str) -> str:
    return entity.rsplit("/", 1)[-1]


def playbook_case(suggestions: Sequence[Suggestion], playbook: str) -> Case:
    """Count the candidates that beat the best right one, tie with it, and tie and are right.

    The third number is 0 if none is right.
    """
    return Case([each.score for each in suggestions], [each.name == playbook for each in suggestions])


def _first_right_tie(case: Case) -> tuple[int, int, int]:
    """Count the candidates that beat the best right one, tie with it, and tie and are right.

    The third number is 0 if none is right.
    """
    if len(case.scores) != len(case.right):
        raise ValueError(f"expected as many labels as scores, got {len(case.right)} and {len(case.scores)}")
    best = max((score for score, right in zip(case.scores, case.right, strict=True) if right), default=None)
    if best is None:
        return len(case.scores), 0, 0
    tied = [right for score, right in zip(case.scores, case.right, strict=True) if score == best]
    return sum(score > best for score in case.scores), len(tied), sum(tied)


def _hit(tie: tuple[int, int, int], k: int) -> float:
    better, tied, right = tie
    slots = min(k - better, tied)
    if not right or slots <= 0:
        return 0.0
    return 1.0 - comb(tied - right, slots) / comb(tied, slots)


def _reciprocal_rank(tie: tuple[int, int, int]) -> float:
    better, tied, right = tie
    if not right:
        return 0.0
    ways = comb(tied, right)
    places = range(1, tied - right + 2)
    return fsum(comb(tied - place, right - 1) / ways / (better + place) for place in places)
