"""Measurements of the pump."""

from __future__ import annotations

from aiops.daemon.pump_metrics import PumpMetrics


def test_frame_that_was_committed_is_counted() -> None:
    metrics = PumpMetrics()
    metrics.journaled(0.002, 10, 77.0)
    metrics.journaled(0.004, 5, 78.0)
    assert (metrics.records, metrics.journaled_at) == (15, 78.0)
    assert metrics.journal.samples("j", {})[-1] == "j_count 2"


def test_each_step_has_a_histogram_of_its_own() -> None:
    metrics = PumpMetrics()
    metrics.queue.observe(1.0)
    for name in ("journal", "step", "store", "whole", "snapshot"):
        assert getattr(metrics, name).samples("h", {})[-1] == "h_count 0"
    assert PumpMetrics().queue.samples("h", {})[-1] == "h_count 0"
