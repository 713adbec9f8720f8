"""The rule of promotion: better, worse, as good, or no recommendation."""

from __future__ import annotations

import pytest

from aiops.lifecycle.verdict import MIN_OUTCOMES, Beside, Paired, judge

NEWER = Beside("causes-1", is_newer=True)


def measure(candidate: float, low: float, high: float, name: str = "top1", cases: int = 40) -> Paired:
    return Paired(name, cases, candidate, 0.5, low, high)


@pytest.mark.parametrize(
    ("measures", "beside", "expected", "words"),
    [
        ([], NEWER, None, "0 judged outcomes"),
        ([measure(0.9, 0.2, 0.6, cases=MIN_OUTCOMES - 1)], NEWER, None, "no recommendation below 10"),
        ([measure(0.6, 0.02, 0.2)], Beside("x"), True, "better"),
        ([measure(0.4, -0.2, -0.02)], NEWER, False, "worse"),
        ([measure(0.48, -0.1, 0.06)], NEWER, False, "not as good"),
        ([measure(0.5, -0.1, 0.1)], NEWER, True, "as good, and newer"),
        ([measure(0.5, 0.0, 0.0)], Beside("x", is_simpler=True), True, "as good, and simpler"),
        ([measure(0.5, 0.0, 0.0)], Beside("x"), False, "neither simpler nor newer"),
        ([measure(0.6, 0.02, 0.2), measure(0.2, -0.4, -0.1, "top3")], NEWER, False, "top3 0.200 beside 0.500"),
        ([measure(0.6, 0.02, 0.2), measure(0.45, -0.2, 0.1, "top3")], NEWER, True, "better"),
    ],
)
def test_the_rule(measures: list[Paired], beside: Beside, expected: bool | None, words: str) -> None:
    found = judge(measures, beside)
    assert found.verdict is expected
    assert words in found.reason
