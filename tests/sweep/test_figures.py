"""Rows of a sweep, and what they are measured against."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from aiops.sweep.blocks import PairCounts
from aiops.sweep.feedback import Judged
from aiops.sweep.figures import rows_of
from tests.sweep.outcomes import DAY_S, measured, outcome, page

BOTH = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=60)


@given(BOTH)
@settings(deadline=None)
def test_agreement_is_that_of_scikit_learn(alerts: list[tuple[int, int]]) -> None:
    one, other = [first for first, _ in alerts], [second for _, second in alerts]
    found = measured(outcome(0.1, one, is_current=True), outcome(0.2, other))
    assert found.agreed(0, 1) == pytest.approx(adjusted_rand_score(one, other))
    assert found.agreed(1, 0) == found.agreed(0, 1)


def test_rows_count_pages_by_change_and_day() -> None:
    pages = [
        page(10.0),
        page(20.0, change="updated"),
        page(30.0, "inc-2", "reopened"),
        page(9.5 * DAY_S, change="reminder"),
    ]
    [row] = rows_of(measured(outcome(0.5, [1, 1, 2], is_current=True, pages=pages)))
    assert (row.pages, row.pages_a_day, row.new_a_day) == (4, 0.4, 0.2)
    assert row.pages_by_change == {"opened": 1, "reminder": 1, "reopened": 1, "updated": 1}
    assert row.pages_by_endpoint == {"pager": 4}
    assert (row.incidents_a_day, row.alerts_per_incident) == (0.2, 1.5)
    assert row.setting == {"correlate.sensitivity": "0.5"}


def test_labels_stand_before_judgements() -> None:
    pairs = PairCounts([1.0] + [0.0] * 9, [1.0] + [0.0] * 9, [1.0] + [0.0] * 9)
    judged = [Judged(0.0, [0, 1], [2])]
    one = measured(outcome(0.5, [1, 1, 1], is_current=True, pairs=pairs, judged=judged))
    assert one.truth == "labels"
    other = measured(outcome(0.3, [1, 1, 2]), outcome(0.5, [1, 1, 1], is_current=True, judged=judged))
    assert other.truth == "feedback"
    scores = [row.scores.f1 for row in rows_of(other) if row.scores is not None]
    assert scores == [1.0, 0.5]


def test_judgement_of_one_alert_is_no_truth() -> None:
    found = measured(outcome(0.5, [1], is_current=True, judged=[Judged(0.0, [0], [])]), outcome(0.6, [1]))
    assert found.truth is None
    assert [row.agreement for row in rows_of(found)] == [1.0, None]
