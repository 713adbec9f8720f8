"""Findings of simulated collectors rank the cause first more often; false ones do harm within a bound."""

from __future__ import annotations

from benchmarks.accuracy.findings import cases, rows


def test_findings_change_which_cause_is_first() -> None:
    without, collected, false = rows(list(cases([1, 2], faults=6)))
    assert collected.first > without.first
    assert collected.among_three >= without.among_three
    assert false.first < without.first
    assert false.among_three > 0.3
