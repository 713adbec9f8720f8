"""Gates: when a route may send, compared with a search minute by minute."""

from __future__ import annotations

from datetime import datetime
from math import inf
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops import zones
from aiops.routing.config import TimeInterval
from aiops.routing.gates import Gate
from aiops.routing.intervals import Interval

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kolkata")
DAY_S = 86_400.0


def interval(name: str, **parts: Any) -> Interval:
    return Interval(msgspec.convert({"name": name, "time_intervals": [parts]}, TimeInterval), "$")


def at(text: str, zone: str = "UTC") -> float:
    return zones.first(datetime.fromisoformat(text), zones.zone(zone))


WEEKEND = interval("weekend", weekdays=["saturday", "sunday"])
OFFICE = interval(
    "office", weekdays=["monday:friday"], times=[{"start_time": "09:00", "end_time": "17:00"}], location="Europe/Berlin"
)


def test_a_gate_without_intervals_is_always_open() -> None:
    assert not Gate()
    assert Gate().next_open(5.0) == 5.0


def test_a_mute_ends_with_its_interval() -> None:
    gate = Gate([WEEKEND])
    assert gate.next_open(at("2026-03-07T12:00")) == at("2026-03-09T00:00")
    assert gate.next_open(at("2026-03-06T12:00")) == at("2026-03-06T12:00")
    assert gate.closed_by(at("2026-03-07T12:00")) == "muted in weekend"


def test_an_active_interval_opens_when_it_begins() -> None:
    gate = Gate((), [OFFICE])
    assert gate.next_open(at("2026-03-06T18:00")) == at("2026-03-09T09:00", "Europe/Berlin")
    assert gate.closed_by(at("2026-03-07T12:00")) == "active only in office"


def test_a_mute_within_the_active_time_closes() -> None:
    gate = Gate(
        [interval("lunch", times=[{"start_time": "12:00", "end_time": "13:00"}], location="Europe/Berlin")], [OFFICE]
    )
    assert gate.next_open(at("2026-03-09T12:30", "Europe/Berlin")) == at("2026-03-09T13:00", "Europe/Berlin")


def test_the_next_day_of_a_zone_in_the_east_comes_before_the_end_of_the_day_in_the_west() -> None:
    east = interval("east", times=[{"start_time": "01:00", "end_time": "02:00"}], location="Pacific/Auckland")
    west = interval("west", times=[{"start_time": "22:00", "end_time": "23:00"}], location="Pacific/Honolulu")
    assert Gate((), [east, west]).next_open(at("2026-03-02T10:00")) == at("2026-03-02T12:00")


def test_a_mute_for_ever_never_opens() -> None:
    assert Gate((), [interval("gone", years=[2020])]).next_open(at("2026-03-09T12:30")) == inf
    assert Gate([interval("all")]).next_open(at("2026-03-09T12:30")) == inf


def test_an_answer_that_is_kept_is_the_answer_of_a_new_gate() -> None:
    gate = Gate([WEEKEND])
    for text in ("2026-03-07T12:00", "2026-03-08T23:00", "2026-03-14T01:00", "2026-03-07T01:00"):
        assert gate.next_open(at(text)) == Gate([WEEKEND]).next_open(at(text))


TIMES = st.tuples(st.integers(0, 47), st.integers(0, 47)).filter(lambda pair: pair[0] < pair[1])
PARTS = st.fixed_dictionaries(
    {"location": st.sampled_from(ZONES)},
    optional={
        "times": st.lists(
            TIMES.map(lambda pair: {"start_time": clock(pair[0]), "end_time": clock(pair[1])}), min_size=1, max_size=2
        ),
        "weekdays": st.lists(
            st.sampled_from(["sunday", "monday:thursday", "friday", "saturday"]), min_size=1, max_size=2
        ),
        "days_of_month": st.lists(st.sampled_from(["1:5", "-2:-1", "15", "28:31"]), min_size=1, max_size=2),
    },
)


def clock(half_hours: int) -> str:
    return f"{half_hours // 2:02}:{half_hours % 2 * 30:02}"


@settings(max_examples=60, deadline=None)
@given(
    mute=st.lists(PARTS, max_size=2),
    active=st.lists(PARTS, max_size=2),
    hours=st.integers(0, 24 * 330),
)
def test_the_next_open_time_is_the_first_one_of_all_half_hours(
    mute: list[dict[str, Any]], active: list[dict[str, Any]], hours: int
) -> None:
    gate = Gate(
        [interval(f"m{i}", **one) for i, one in enumerate(mute)],
        [interval(f"a{i}", **one) for i, one in enumerate(active)],
    )
    start = at("2026-01-01T00:00") + hours * 3600.0
    steps = (start + number * 1800.0 for number in range(14 * 48))
    expected = next((moment for moment in steps if not gate.closed_by(moment)), None)
    found = gate.next_open(start)
    if expected is None:
        assert found > start + 14 * DAY_S - 1800.0
    else:
        assert found == expected
