"""Averages over `type.stage.instance`, and the ROC area of a sweep."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import auc

from aiops.score import IncidentRates, by_type, grouping, macro, roc_area

POINTS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12)


def rates(incident: str, tpr: float, tnr: float | None = 1.0) -> IncidentRates:
    return IncidentRates(incident, 1, tpr, tnr)


def test_each_level_is_averaged_by_itself() -> None:
    several = [
        rates("scan.0.1", 1.0),
        rates("scan.0.2", 0.0),
        rates("scan.0.3", 0.0),
        rates("scan.1.4", 1.0),
        rates("leak.0.5", 0.0),
    ]
    scan = ((1 / 3) + 1.0) / 2
    assert macro(several).tpr == pytest.approx((scan + 0.0) / 2)
    assert {name: each.tpr for name, each in by_type(several).items()} == {"leak": 0.0, "scan": pytest.approx(scan)}


def test_a_stage_is_its_whole_component() -> None:
    """`scan.1` must not swallow `scan.10`."""
    several = [rates("scan.1.7", 1.0), rates("scan.10.8", 0.0), rates("scan.10.9", 0.0)]
    assert macro(several).tpr == pytest.approx(0.5)


def test_plain_ids_are_averaged_plainly_and_unknown_rates_left_out() -> None:
    several = [rates("one", 1.0, None), rates("two", 0.5, 0.25)]
    assert macro(several) == macro(several[::-1])
    assert (macro(several).tpr, macro(several).tnr) == (0.75, 0.25)
    assert macro([]).tpr is None


def test_data_sets_scored_one_by_one_can_be_put_together() -> None:
    first = grouping(["x.0.1", "x.0.1", "y.0.2"], [1, 1, 1])
    second = grouping(["x.0.3", "x.0.3"], [1, 2])
    together = macro(first.per_incident + second.per_incident)
    assert together.tpr == pytest.approx(((1.0 + 0.5) / 2 + 1.0) / 2)
    assert together.tnr == 0.0


@given(POINTS)
@settings(max_examples=150, deadline=None)
def test_area_agrees_with_the_trapezoid_rule_over_the_front(points: list[tuple[float, float]]) -> None:
    front = [p for p in set(points) if not any(q[0] > p[0] and q[1] > p[1] for q in points)]
    front.sort(key=lambda point: (-point[1], point[0]))
    tnr = [0.0] + [point[0] for point in front]
    tpr = [front[0][1]] + [point[1] for point in front]
    assert roc_area(points) == pytest.approx(auc(tnr, tpr))
    assert 0.0 <= roc_area(points) <= 1.0
    assert roc_area(points[::-1]) == roc_area(points)


@given(POINTS, st.tuples(st.floats(0, 1), st.floats(0, 1)))
@settings(max_examples=100, deadline=None)
def test_a_point_that_is_beaten_changes_nothing(points: list[tuple[float, float]], weak: tuple[float, float]) -> None:
    beaten = (weak[0] * points[0][0] * 0.99, weak[1] * points[0][1] * 0.99)
    if beaten[0] < points[0][0] and beaten[1] < points[0][1]:
        assert roc_area([*points, beaten]) == roc_area(points)


def test_no_points_no_area() -> None:
    assert roc_area([]) == 0.0
