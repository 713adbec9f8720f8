"""Wilson's bounds, and what counts as evidence."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.respond.calls import body_of
from aiops.respond.evidence import evidence_of, wilson
from aiops.respond.history import History, Run
from tests.respond.alone import AT, playbook, proven


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_published_values(successes: int, trials: int, low: float, high: float) -> None:
    assert [round(bound, 4) for bound in wilson(successes, trials)] == [low, high]


@given(st.integers(0, 300), st.integers(0, 300))
def test_bounds_hold_the_rate_and_shrink(successes: int, others: int) -> None:
    trials = successes + others
    low, high = wilson(successes, trials)
    assert 0.0 <= low <= high <= 1.0
    if trials:
        assert low <= successes / trials + 1e-12
        assert wilson(successes * 4, trials * 4)[0] >= low - 1e-12


def test_what_counts(samples: SimpleNamespace) -> None:
    book = playbook(samples)
    history = proven(book, verified=3, failed=1)
    for id, state in (("a", "stopped"), ("b", "executed"), ("c", "unknown")):
        run = Run(id, book.name, book.version, id, ["t"], AT, touched=["t"], body=body_of(book))
        run.state = state  # type: ignore[assignment]
        history.runs[id] = run
    found = evidence_of(history, book)
    assert (found.verified, found.judged, found.shadows) == (3, 5, 0)
    assert (found.low, found.high) == wilson(3, 5)


def test_shadows_count_where_people_confirmed_the_playbook(samples: SimpleNamespace) -> None:
    book = playbook(samples)
    history = History()
    for id, state, helped in (("a", "cleared", None), ("b", "persisted", True), ("c", "persisted", False)):
        run = Run(id, book.name, book.version, id, ["t"], AT, by="shadow", body=body_of(book), helped=helped)
        run.state = state  # type: ignore[assignment]
        history.shadows[id] = run
    found = evidence_of(history, book)
    assert (found.verified, found.judged, found.confirmed, found.shadows, found.cleared_alone) == (1, 2, 2, 3, 1)
