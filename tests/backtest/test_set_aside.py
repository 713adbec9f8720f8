"""Attempts without the records that failed before."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from aiops.backtest import RecordFault, setting_aside
from aiops.records import Tick


def fault(number: int) -> RecordFault:
    return RecordFault(number, Tick(ts=0.0, id=f"t{number}"), ValueError(f"bad {number}"))


def test_an_attempt_knows_all_faults_before() -> None:
    seen: list[dict[int, str]] = []
    reported: list[int] = []

    def attempt(reasons: Mapping[int, str]) -> str:
        seen.append(dict(reasons))
        if len(reasons) < 2:
            raise fault(7 - len(reasons))
        return "done"

    assert setting_aside(attempt, lambda one: reported.append(one.number)) == "done"
    assert seen == [{}, {7: "ValueError: bad 7"}, {7: "ValueError: bad 7", 6: "ValueError: bad 6"}]
    assert reported == [7, 6]


@pytest.mark.parametrize("most", [0, 3])
def test_one_fault_more_than_allowed_is_raised(most: int) -> None:
    attempts: list[int] = []

    def attempt(reasons: Mapping[int, str]) -> None:
        attempts.append(len(reasons))
        raise fault(len(reasons))

    with pytest.raises(RecordFault):
        setting_aside(attempt, lambda one: None, most)
    assert attempts == list(range(most + 1))
