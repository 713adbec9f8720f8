"""Calibration error, its floor, detection and the report."""

from __future__ import annotations

from random import Random
from statistics import mean

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.score import (
    Case,
    TruthReport,
    calibration,
    cause_report,
    detection,
    grouping,
    grouping_report,
    noise_reduction,
    playbook_report,
    quantile,
)
from aiops.score.calibration import EXACT_UP_TO, expected_gap

STATED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)


@given(STATED)
@settings(max_examples=120, deadline=None)
def test_error_is_the_weighted_gap_of_ten_bins(cases: list[tuple[float, bool]]) -> None:
    stated = np.array([probability for probability, _ in cases])
    came_true = np.array([float(outcome) for _, outcome in cases])
    bins = np.minimum((stated * 10).astype(int), 9)
    expected = sum(
        (bins == each).mean() * abs(came_true[bins == each].mean() - stated[bins == each].mean())
        for each in np.unique(bins)
    )
    result = calibration(stated.tolist(), came_true.tolist())
    assert result is not None
    assert result.error == pytest.approx(expected, abs=1e-9)
    assert result.brier == pytest.approx(np.mean((stated - came_true) ** 2), abs=1e-9)


def test_floor_is_what_a_calibrated_source_scores_on_average() -> None:
    random = Random(7)
    stated = [random.random() for _ in range(60)]
    errors, floors = [], set()
    for _ in range(2000):
        result = calibration(stated, [float(random.random() < probability) for probability in stated])
        assert result is not None
        errors.append(result.error)
        floors.add(result.floor)
    assert max(floors) == min(floors) == pytest.approx(mean(errors), abs=0.004)


def test_exact_floor_meets_the_normal_one() -> None:
    count = EXACT_UP_TO
    exact, normal = expected_gap([0.7] * count), expected_gap([0.7] * (count + 1))
    assert exact / count == pytest.approx(normal / (count + 1), abs=0.001)


def test_certain_and_right_is_perfect() -> None:
    result = calibration([1.0, 0.0], [1.0, 0.0])
    assert result is not None
    assert (result.error, result.floor, result.brier) == (0.0, 0.0, 0.0)


def test_no_cases_and_wrong_numbers() -> None:
    assert calibration([], []) is None
    with pytest.raises(ValueError, match=r"expected numbers from 0 to 1, got 1\.2"):
        calibration([1.2], [1.0])
    with pytest.raises(ValueError, match="expected as many outcomes as probabilities"):
        calibration([0.2], [])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), st.floats(0, 1))
@settings(max_examples=80, deadline=None)
def test_quantile_is_the_usual_one(values: list[float], share: float) -> None:
    assert quantile(sorted(values), share) == pytest.approx(float(np.quantile(values, share)), abs=1e-6)


def test_one_incident_of_everything_has_recall_but_owns_one() -> None:
    truth = ["a", "a", "b", None]
    found = detection(truth, ["i"] * 4, [10.0, 11.0, 30.0, 40.0], {"a": 5.0, "b": 30.0, "c": 9.0})
    assert found.recall == pytest.approx(2 / 3)
    assert found.own_recall == pytest.approx(1 / 3)
    assert found.seconds_p50 == 2.5


def test_an_incident_of_noise_belongs_to_nobody() -> None:
    found = detection(["a", None, None], ["i"] * 3, [1.0, 2.0, 3.0], {"a": 0.0})
    assert (found.recall, found.own_recall) == (1.0, 0.0)


def test_nothing_reported() -> None:
    found = detection(["a"], [None], [1.0], {"a": 0.0})
    assert (found.recall, found.own_recall, found.seconds_p50) == (0.0, 0.0, None)


def test_noise_reduction() -> None:
    assert noise_reduction(0, 0) == 0.0
    assert noise_reduction(8000, 8) == 0.999


def test_the_report_is_plain_json() -> None:
    scored = grouping(["a", "b", None], [1, 2, 3])
    found = detection(["a", "b", None], ["i", None, None], [3.0, 0.0, 0.0], {"a": 1.0, "b": 1.0})
    report = TruthReport(
        grouping_report(scored, found),
        None,
        cause_report([Case([0.6], [True])], calibration([0.6], [1.0])),
        playbook_report([Case([2.0, 1.0], [False, True])]),
    )
    plain = msgspec.json.decode(msgspec.json.encode(report))
    assert plain["grouping"]["incident_recall"] == 0.5
    assert plain["grouping"]["seconds_to_incident_p95"] == 2.0
    assert plain["causes"]["calibration_error"] == 0.4
    assert plain["playbooks"] == {"cases": 1, "answered": 1, "recall_at_1": 0.0, "recall_at_5": 1.0, "mrr": 0.5}
    assert "grouping_with_background" not in plain
