"""Marks of a time axis: at round times of the reader's clock, never more than have room."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aiops.pages.time_axis import ticks
from aiops.zones import zone

START = 1_772_359_200.0
BERLIN = zone("Europe/Berlin")


def labels(length: float, most: int = 8, start: float = START, where: str = "UTC") -> list[str]:
    return [tick.label for tick in ticks(start, start + length, most, zone(where))]


def test_marks_stand_at_round_times() -> None:
    assert labels(600) == ["10:00", "10:02", "10:04", "10:06", "10:08", "10:10"]
    assert labels(60)[:3] == ["10:00:00", "10:00:10", "10:00:20"]
    assert labels(86_400)[:5] == ["12:00", "15:00", "18:00", "21:00", "2 Mar"]
    assert labels(7 * 86_400)[:2] == ["2 Mar", "3 Mar"]


def test_marks_follow_the_zone_of_the_reader() -> None:
    assert labels(600, where="Europe/Berlin")[0] == "11:00"
    assert labels(600, where="Asia/Kolkata")[0] == "15:30"


def test_days_on_which_the_clocks_change_keep_their_midnights() -> None:
    found = ticks(1_774_500_000.0, 1_774_500_000.0 + 5 * 86_400, 8, BERLIN)
    gaps = [later.at - earlier.at for earlier, later in pairwise(found)]
    assert set(gaps) == {86_400.0, 82_800.0}


@given(
    st.floats(0, 4_102_444_800),
    st.floats(1, 400_000_000),
    st.integers(1, 10),
    st.sampled_from(["UTC", "Europe/Berlin"]),
)
def test_marks_are_few_and_inside(start: float, length: float, most: int, where: str) -> None:
    found = ticks(start, start + length, most, zone(where))
    assert len(found) <= most
    assert all(start <= tick.at <= start + length for tick in found)
    assert all(earlier.at < later.at for earlier, later in pairwise(found))


def test_a_time_without_a_calendar_has_no_marks() -> None:
    assert ticks(1e18, 2e18, 5) == []
