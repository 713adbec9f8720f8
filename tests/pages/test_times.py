"""Times on pages: zones, ages, and numbers that no clock has."""

from __future__ import annotations

import pytest

from aiops.pages.times import age, clock, machine, moment, thousands

SUMMER = 1_785_499_200.0


def test_a_time_follows_the_zone_and_its_summer() -> None:
    assert moment(SUMMER) == "2026-07-31 12:00:00"
    assert moment(SUMMER, "Europe/Berlin") == "2026-07-31 14:00:00"
    assert clock(SUMMER - 180 * 86_400, "Europe/Berlin") == "13:00:00"
    assert machine(SUMMER) == "2026-07-31T12:00:00Z"


@pytest.mark.parametrize("at", [1e300, float("inf"), float("nan"), -1e20])
def test_an_absurd_time_is_shown_as_its_number(at: float) -> None:
    assert moment(at, "Europe/Berlin").endswith(" s")
    assert clock(at).endswith(" s")


def test_no_time_is_no_text() -> None:
    assert [moment(None), clock(None), machine(None), age(None, 0.0)] == ["", "", "", ""]


def test_an_age_never_lies_in_the_future() -> None:
    assert age(SUMMER + 60, SUMMER) == "0 s"
    assert age(SUMMER - 3_700, SUMMER) == "1 h 1 min"


def test_thousands_never_break_over_a_line() -> None:
    assert thousands(1_234_567) == "1\u202f234\u202f567"
    assert thousands(0) == "0"
