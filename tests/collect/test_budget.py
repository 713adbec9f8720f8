"""So many reads in any minute, and so many for one incident."""

from __future__ import annotations

from aiops.collect.budget import Budget


def test_a_minute_has_so_many_reads() -> None:
    budget = Budget(2, 10)
    assert [budget.refusal(0, at) for at in (0.0, 1.0)] == [None, None]
    assert "2 reads were made within a minute" in str(budget.refusal(0, 59.9))
    assert budget.refusal(0, 60.0) is None
    assert budget.refusal(0, 60.5) is not None


def test_an_incident_has_so_many_reads_and_a_refusal_takes_none() -> None:
    budget = Budget(1, 3)
    assert "3 reads were made for this incident" in str(budget.refusal(3, 0.0))
    assert budget.refusal(2, 0.0) is None
