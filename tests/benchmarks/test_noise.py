"""The benchmark of noise: its figures, and that it measures a simulated site from end to end."""

from __future__ import annotations

import pytest

from aiops.engine.noise.stage import WINDOW
from benchmarks.accuracy.noise import Opened, Row, Run, area, marks_of, promoted_at, show


def run_of(labels: str) -> Run:
    return Run([Opened(f"inc-{n}", n * 60.0, None, label == "n") for n, label in enumerate(labels)], {})


def test_the_area_counts_pairs_and_halves_ties() -> None:
    assert area([(True, 2.0), (True, 0.0), (False, 0.0)]) == pytest.approx(0.75)
    assert area([(True, 2.0)]) is None


def test_the_model_is_promoted_once_its_gate_opens() -> None:
    run = run_of("n" * 40 + "a" * 11 + "n" * WINDOW)
    marks = marks_of(run, 1.0)
    at = promoted_at(run, marks)
    assert at is not None
    assert at > marks[50].ts
    assert promoted_at(run_of("n" * 60), marks_of(run_of("n" * 60), 1.0)) is None


def test_each_fourth_incident_is_marked_where_a_quarter_is_wanted() -> None:
    assert [mark.incident for mark in marks_of(run_of("nana" * 3), 0.25)] == ["inc-0", "inc-4", "inc-8"]


def test_a_row_states_why_there_is_no_model() -> None:
    assert show(Row("site", 50, "no model: 2 marks of the rarer kind")).endswith("no model: 2 marks of the rarer kind")
