"""Time intervals: ranges of minutes, weekdays, days, months and years in a time zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest

from aiops import zones
from aiops.errors import UsageError
from aiops.routing.config import TimeInterval, TimeSpan
from aiops.routing.intervals import Interval, Span, read_intervals


def span(**parts: Any) -> Span:
    return Span(msgspec.convert(parts, TimeSpan), "$.span")


def at(text: str, zone: str = "UTC") -> float:
    return zones.first(datetime.fromisoformat(text), zones.zone(zone))


@pytest.mark.parametrize(
    ("parts", "text", "expected"),
    [
        ({"times": [{"start_time": "09:00", "end_time": "17:00"}]}, "2026-03-02T09:00", True),
        ({"times": [{"start_time": "09:00", "end_time": "17:00"}]}, "2026-03-02T17:00", False),
        ({"times": [{"start_time": "22:00", "end_time": "24:00"}]}, "2026-03-02T23:59", True),
        ({"weekdays": ["monday:friday"]}, "2026-03-02T00:00", True),
        ({"weekdays": ["monday:friday"]}, "2026-03-01T12:00", False),
        ({"weekdays": ["sunday", "Saturday"]}, "2026-02-28T12:00", True),
        ({"days_of_month": ["-1"]}, "2026-02-28T12:00", True),
        ({"days_of_month": ["-1"]}, "2028-02-28T12:00", False),
        ({"days_of_month": [-3]}, "2026-02-26T12:00", True),
        ({"days_of_month": ["-3:-1"]}, "2026-04-27T12:00", False),
        ({"days_of_month": ["-3:-1"]}, "2026-04-28T12:00", True),
        ({"days_of_month": ["1:5", "-3:-1"]}, "2026-04-05T12:00", True),
        ({"days_of_month": ["5:-5"]}, "2026-04-26T12:00", True),
        ({"days_of_month": ["5:-5"]}, "2026-04-27T12:00", False),
        ({"days_of_month": ["30:31"]}, "2026-02-28T12:00", False),
        ({"days_of_month": ["27:31"]}, "2026-02-28T12:00", True),
        ({"months": ["january:march", 12]}, "2026-12-01T12:00", True),
        ({"months": ["january:march", "12"]}, "2026-04-01T12:00", False),
        ({"months": ["1:3"]}, "2026-02-01T12:00", True),
        ({"years": ["2026:2027", 2030]}, "2030-06-01T12:00", True),
        ({"years": ["2026:2027", 2030]}, "2028-06-01T12:00", False),
        ({}, "2026-03-01T12:00", True),
        ({"weekdays": ["monday"], "months": ["march"]}, "2026-04-06T12:00", False),
    ],
)
def test_a_span_holds_when_all_its_parts_do(parts: dict[str, Any], text: str, expected: bool) -> None:
    assert span(**parts).contains(at(text)) is expected


def test_a_span_follows_the_clock_of_its_zone() -> None:
    office = span(times=[{"start_time": "09:00", "end_time": "17:00"}], location="Europe/Berlin")
    assert office.contains(at("2026-01-15T08:00"))
    assert not office.contains(at("2026-07-15T15:00"))
    assert office.contains(at("2026-07-15T07:00"))


def test_an_interval_holds_in_any_of_its_spans() -> None:
    spans = [TimeSpan(weekdays=["monday"]), TimeSpan(weekdays=["wednesday"])]
    interval = Interval(TimeInterval("some", spans), "$")
    held = [interval.contains(at(f"2026-03-0{day}T12:00")) for day in (2, 3, 4)]
    assert held == [True, False, True]


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"times": [{"start_time": "17:00", "end_time": "09:00"}]}, r"times\[0\]: .*two ranges"),
        ({"times": [{"start_time": "09:60", "end_time": "17:00"}]}, r"times\[0\]\.start_time"),
        ({"times": [{"start_time": "9:00", "end_time": "17:00"}]}, r"times\[0\]\.start_time"),
        ({"times": [{"start_time": "09:00", "end_time": "24:01"}]}, r"times\[0\]\.end_time"),
        ({"times": [{"start_time": "aa:bb", "end_time": "24:00"}]}, r"times\[0\]\.start_time"),
        ({"weekdays": ["monday", "blursday"]}, r"weekdays\[1\]"),
        ({"weekdays": ["friday:monday"]}, r"weekdays\[0\]: it ends before it begins"),
        ({"days_of_month": ["0"]}, r"days_of_month\[0\]"),
        ({"days_of_month": ["32"]}, r"days_of_month\[0\]"),
        ({"days_of_month": ["-5:3"]}, r"days_of_month\[0\].*negative"),
        ({"days_of_month": ["-1:-3"]}, r"days_of_month\[0\]"),
        ({"days_of_month": ["25:-7"]}, r"days_of_month\[0\]"),
        ({"months": ["13"]}, r"months\[0\]"),
        ({"months": ["march:january"]}, r"months\[0\]"),
        ({"years": ["now"]}, r"years\[0\]"),
        ({"years": ["1:2:3"]}, r"years\[0\]"),
        ({"location": "Local"}, r"location: .*time zone"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(parts: dict[str, Any], place: str) -> None:
    with pytest.raises(UsageError, match=place):
        span(**parts)


def test_names_are_unique_and_intervals_not_empty() -> None:
    one = TimeInterval("office", [TimeSpan()])
    with pytest.raises(UsageError, match=r"\$\.time_intervals\[1\]\.name"):
        read_intervals([one, one], "$.time_intervals")
    with pytest.raises(UsageError, match="would never hold"):
        read_intervals([TimeInterval("office", [])], "$.time_intervals")
