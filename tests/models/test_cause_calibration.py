"""Probabilities appear after ten outcomes, come true, and say how well they did."""

from __future__ import annotations

import json
import math
import random

import pytest
from aiops_models.causes.calibration import MAX_OUTCOMES, MIN_OUTCOMES, Calibration, shares
from hypothesis import given, settings
from hypothesis import strategies as st

SCORES = st.lists(st.floats(0, 12), min_size=1, max_size=30).map(lambda scores: sorted(scores, reverse=True))


def taught(rate: float, margin: float, outcomes: int = 200, seed: int = 7) -> Calibration:
    """A calibration that saw first places with this margin come true at this rate."""
    draw, found = random.Random(seed), Calibration()
    for _ in range(outcomes):
        found.learn([2.0 + margin, 2.0, 1.0], 0 if draw.random() < rate else 1)
    return found


def test_not_ready_before_ten_outcomes() -> None:
    found = Calibration()
    for number in range(MIN_OUTCOMES):
        assert not found.ready
        found.learn([3.0, 1.0], number % 2)
    assert found.ready


def test_prior_is_the_softmax() -> None:
    scores = [3.0, 1.0, 0.0]
    assert Calibration().probabilities(scores)[0] == pytest.approx(shares(scores)[0])


@pytest.mark.parametrize("rate", [0.15, 0.5, 0.9])
def test_stated_probability_moves_to_what_comes_true(rate: float) -> None:
    stated = taught(rate, 1.0).probabilities([3.0, 2.0, 1.0])[0]
    assert stated == pytest.approx(rate, abs=0.08)


def test_wider_margins_stay_surer() -> None:
    found = Calibration()
    draw = random.Random(3)
    for _ in range(200):
        margin = draw.choice([0.2, 3.0])
        found.learn([2.0 + margin, 2.0], 0 if draw.random() < (0.5 if margin < 1 else 0.95) else 1)
    narrow, wide = (found.probabilities([2.0 + margin, 2.0])[0] for margin in (0.2, 3.0))
    assert narrow < 0.65 < 0.8 < wide


def test_report_measures_only_what_was_stated() -> None:
    report = taught(0.7, 1.0).report()
    assert report["outcomes"] == 200
    assert report["measured_on"] == 200 - MIN_OUTCOMES
    assert report["error"] < 0.1
    assert 0 < report["floor"] < 0.1
    assert Calibration().report()["error"] is None


def test_report_counts_the_outcomes_whose_root_was_first() -> None:
    found = Calibration()
    for place in (0, 0, 1, None):
        found.learn([2.0, 1.0], place)
    report = found.report()
    assert (report["outcomes"], report["hits"], report["kept"], report["needed"]) == (4, 2, 4, MIN_OUTCOMES)


def test_roots_that_were_no_candidate_leave_room_for_none_of_them() -> None:
    found = Calibration()
    for _ in range(30):
        found.learn([3.0, 2.5], None)
    assert sum(found.probabilities([3.0, 2.5])) < 0.4


def test_perfect_and_hopeless_records_do_not_run_away() -> None:
    for place in (0, None):
        found = Calibration()
        for _ in range(500):
            found.learn([8.0, 0.0], place)
        assert abs(found.a) < 10
        assert abs(found.b) < 10


@settings(max_examples=60, deadline=None)
@given(SCORES, st.lists(st.tuples(SCORES, st.none() | st.integers(0, 3)), max_size=20))
def test_probabilities_are_probabilities(scores: list[float], past: list[tuple[list[float], int | None]]) -> None:
    found = Calibration()
    for seen, place in past:
        found.learn(seen, place)
    stated = found.probabilities(scores)
    assert all(0 <= each <= 1 and math.isfinite(each) for each in stated)
    assert sum(stated) <= 1 + 1e-9
    assert stated[1:] == sorted(stated[1:], reverse=True)


def test_state_is_bounded_and_survives_json() -> None:
    found, copy = taught(0.5, 1.0, MAX_OUTCOMES + 50), Calibration()
    state = json.loads(json.dumps(found.dump()))
    assert len(state["outcomes"]) == MAX_OUTCOMES
    copy.load(state)
    assert copy.report() == found.report()
    assert copy.probabilities([2.0, 1.0]) == found.probabilities([2.0, 1.0])
