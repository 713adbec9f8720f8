"""The benchmark's score against its published formula, and against rows that its authors published."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.score.nab import LOW_FALSE_ALARMS, LOW_MISSES, STANDARD, Scored, at_threshold, best, probation, sigmoid
from benchmarks.accuracy import nab
from benchmarks.data import available

# 1,000 samples, one window of 101; the first 150 samples do not count.
TIMES = [float(i) for i in range(1000)]
WINDOW = (500.0, 600.0)


def series(*detections: int, windows: tuple[tuple[float, float], ...] = (WINDOW,)) -> Scored:
    scores = [0.0] * 1000
    for i in detections:
        scores[i] = 1.0
    return Scored("s", TIMES, scores, windows)


def reward(y: float) -> float:
    return 2.0 / (1.0 + math.exp(5.0 * y)) - 1.0


def test_the_sigmoid_has_the_values_of_the_paper() -> None:
    assert sigmoid(-1.0) == pytest.approx(0.98661, abs=1e-5)
    assert sigmoid(-0.5) == pytest.approx(0.84828, abs=1e-5)
    assert sigmoid(0.0) == 0.0
    assert sigmoid(3.0) == -1.0


def test_a_miss_costs_one_and_a_detection_at_the_left_edge_earns_one() -> None:
    assert at_threshold([series()], 0.5).raw == -1.0
    # The left edge lies at −(width) / width = −1, and rewards are scaled by its sigmoid.
    assert at_threshold([series(500)], 0.5).raw == pytest.approx(1.0)
    assert at_threshold([series(500)], 0.5).score == pytest.approx(100.0)


def test_only_the_earliest_detection_of_a_window_counts() -> None:
    assert at_threshold([series(550, 580, 599)], 0.5).raw == at_threshold([series(550)], 0.5).raw
    assert at_threshold([series(550)], 0.5).raw == pytest.approx(reward(-51 / 101) / reward(-1.0))


def test_false_alarms_cost_more_the_further_they_are_behind_a_window() -> None:
    before = at_threshold([series(300, 500)], 0.5).raw
    close = at_threshold([series(500, 610)], 0.5).raw
    far = at_threshold([series(500, 990)], 0.5).raw
    assert before == pytest.approx(1.0 - 0.11)
    assert close == pytest.approx(1.0 + 0.11 * reward(10 / 100))
    assert far == pytest.approx(1.0 - 0.11)
    assert at_threshold([series(300, 500)], 0.5, LOW_FALSE_ALARMS).raw == pytest.approx(1.0 - 0.22)
    assert at_threshold([series()], 0.5, LOW_MISSES).raw == -2.0


def test_detections_in_the_probation_do_not_count() -> None:
    assert (probation(1000), probation(4032), probation(20_000)) == (150, 604, 750)
    assert at_threshold([series(*range(150), 500)], 0.5).raw == pytest.approx(1.0)
    assert at_threshold([series(*range(151), 500)], 0.5).raw == pytest.approx(0.89)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.31, 0.9]), min_size=60, max_size=60), st.integers(0, 3))
def test_the_best_threshold_is_the_best_of_all(scores: list[float], windows: int) -> None:
    labelled = [(15.0 + 12 * i, 20.0 + 12 * i) for i in range(windows)]
    corpus = [Scored("s", [float(i) for i in range(60)], scores, labelled)]
    found = best(corpus)
    assert at_threshold(corpus, found.threshold).raw == pytest.approx(found.raw)
    for threshold in (0.0, 0.1, 0.3, 0.31, 0.9, math.inf):
        assert at_threshold(corpus, threshold).raw <= found.raw + 1e-9


def test_no_detection_is_0_for_each_profile() -> None:
    for profile in (STANDARD, LOW_FALSE_ALARMS, LOW_MISSES):
        assert at_threshold([series()], 0.5, profile).score == 0.0


def test_published_rows_of_the_windowed_gaussian_are_met() -> None:
    """Threshold 1.0, standard profile, as in the results that the benchmark's authors distribute."""
    root = available((nab.SERIES,))
    if root is None:
        pytest.skip("no benchmark data: AIOPS_DATA is not set")
    published = {
        "realAdExchange/exchange-3_cpc_results": (2.5026632611866138, 1),
        "realAdExchange/exchange-4_cpc_results": (0.2922884634276035, 4),
        "realAWSCloudwatch/rds_cpu_utilization_cc0c53": (-0.13844919792440225, 0),
    }
    found = [s for s in nab.load(root) if s.name in published]
    if not found:
        pytest.skip("none of the series whose published rows are compared is here")
    for s in found:
        scores = nab.windowed_gaussian(s.times, s.values)
        result = at_threshold([Scored(s.name, s.times, scores, s.windows)], 1.0)
        raw, false_alarms = published[s.name]
        assert result.raw == pytest.approx(raw, abs=1e-9)
        assert result.false_alarms == false_alarms


def test_chance_stays_far_below_a_detector() -> None:
    source = random.Random(3)
    corpus = [
        Scored(f"s{i}", TIMES, [source.random() for _ in TIMES], ((400.0, 450.0), (700.0, 750.0))) for i in range(8)
    ]
    assert best(corpus).score < 40.0
