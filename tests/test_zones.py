"""Wall clocks: the hour that is skipped, the hour that comes twice, and names that are none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aiops import zones
from aiops.errors import UsageError

BERLIN, UTC_ZONE = zones.zone("Europe/Berlin"), zones.zone("UTC")


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("shown", "first", "last"),
    [
        ("2026-01-15T02:30", "2026-01-15T01:30", "2026-01-15T01:30"),
        ("2026-07-15T02:30", "2026-07-15T00:30", "2026-07-15T00:30"),
        # The clock leaps from 02:00 to 03:00 at 01:00 UTC, and is put back from 03:00 to 02:00 at 01:00 UTC.
        ("2026-03-29T01:59:59", "2026-03-29T00:59:59", "2026-03-29T00:59:59"),
        ("2026-03-29T02:00", "2026-03-29T01:00", "2026-03-29T01:00"),
        ("2026-03-29T02:59:59", "2026-03-29T01:00", "2026-03-29T01:00"),
        ("2026-03-29T03:00", "2026-03-29T01:00", "2026-03-29T01:00"),
        ("2026-10-25T01:59:59", "2026-10-24T23:59:59", "2026-10-24T23:59:59"),
        ("2026-10-25T02:00", "2026-10-25T00:00", "2026-10-25T01:00"),
        ("2026-10-25T02:59:59", "2026-10-25T00:59:59", "2026-10-25T01:59:59"),
        ("2026-10-25T03:00", "2026-10-25T02:00", "2026-10-25T02:00"),
    ],
)
def test_moment_at_which_a_time_is_shown(shown: str, first: str, last: str) -> None:
    moment = datetime.fromisoformat(shown)
    assert zones.first(moment, BERLIN) == utc(first)
    assert zones.last(moment, BERLIN) == utc(last)
    assert zones.first(moment, UTC_ZONE) == zones.last(moment, UTC_ZONE) == utc(shown)


def test_half_an_hour_and_a_whole_day_can_be_skipped() -> None:
    lord_howe = zones.zone("Australia/Lord_Howe")
    assert zones.first(datetime(2026, 10, 4, 2, 15), lord_howe) == utc("2026-10-03T15:30")
    apia = zones.zone("Pacific/Apia")
    assert zones.first(datetime(2011, 12, 30, 12), apia) == utc("2011-12-30T10:00")
    assert zones.skipped(datetime(2011, 12, 30, 12), apia)
    assert not zones.skipped(datetime(2011, 12, 31, 12), apia)


def test_later_by_the_wall_clock() -> None:
    start = zones.first(datetime(2026, 3, 29, 1, 30), BERLIN)
    assert zones.later(start, 7200.0, BERLIN) - start == 3600.0
    assert zones.later(start, 7200.0, UTC_ZONE) - start == 7200.0
    start = zones.first(datetime(2026, 10, 25, 1, 30), BERLIN)
    assert zones.later(start, 3600.0, BERLIN) - start == 7200.0


@pytest.mark.parametrize(
    "name",
    ["", "Berlin", "europe/berlin", "Europe", "../../etc/passwd", "/etc/localtime", "localtime", "UTC\0", "posixrules"],
)
def test_name_that_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="unknown time zone"):
        zones.zone(name)


def test_every_zone_that_is_named_can_be_had() -> None:
    for name in zones.names():
        assert zones.zone(name).key == name
