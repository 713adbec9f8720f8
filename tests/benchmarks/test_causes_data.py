"""Cases of root causes as a benchmark reads them."""

from __future__ import annotations

from aiops.records import Incident, RootCause
from benchmarks.accuracy.causes_data import faults


def incident(name: str, root: str, opened_at: float | None) -> Incident:
    return Incident(id=name, opened_at=opened_at, root_cause=RootCause(root))


def test_rows_of_one_fault_are_one_case() -> None:
    rows = [incident("a-0", "pay", 10.0), incident("a-1", "pay", 10.0), incident("b", "cart", 10.0)]
    assert [[one.id for one in same] for same in faults(rows)] == [["a-0", "a-1"], ["b"]]


def test_rows_without_a_time_are_cases_of_their_own() -> None:
    rows = [incident("a", "pay", None), incident("b", "pay", None)]
    assert len(faults(rows)) == 2
