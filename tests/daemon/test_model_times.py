"""Times of models: measured whether they answer or raise, by slot and role."""

from __future__ import annotations

import itertools

import pytest

from aiops.daemon.model_times import ModelTimes
from aiops.telemetry.metrics import render


def broken() -> int:
    raise ValueError("broken")


def test_call_is_measured_and_its_answer_returned() -> None:
    times = ModelTimes(itertools.count(0.0, 0.25).__next__)
    assert times("causes", "serving", lambda: 7) == 7
    with pytest.raises(ValueError, match="broken"):
        times("causes", "serving", broken)
    times("causes", "shadow", lambda: None)
    assert times.of("causes") == {
        "serving": {"count": 2, "mean_s": 0.25},
        "shadow": {"count": 1, "mean_s": 0.25},
    }
    assert times.of("similar") == {}


def test_metric_has_a_histogram_for_each_slot_and_role() -> None:
    times = ModelTimes(itertools.count(0.0, 0.25).__next__)
    assert "model_seconds_count{" not in render([times.family()])
    assert 'aiops_model_seconds_count{slot="causes",role="serving"} 0' in render([times.family(["causes"])])
    times("similar", "canary", lambda: None)
    assert 'aiops_model_seconds_count{slot="similar",role="canary"} 1' in render([times.family()])


def test_clock_that_goes_back_measures_nothing() -> None:
    times = ModelTimes(iter([5.0, 4.0]).__next__)
    times("causes", "serving", lambda: None)
    assert times.of("causes")["serving"]["mean_s"] == 0.0
