"""The preferences of a reader: what a cookie may hold, and what becomes of anything else."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest

from aiops import zones
from aiops.pages.reader import DENSITIES, Reader, read_cookie, write_cookie


def test_every_zone_comes_back_from_a_cookie() -> None:
    for name in sorted(zones.names()):
        value = write_cookie(Reader(name, "compact"))
        # A browser sends what it was given; quotes would be read as a part of it.
        assert SimpleCookie({"one": value})["one"].coded_value == value
        assert read_cookie(value) == Reader(name, "compact")


@pytest.mark.parametrize(
    "value",
    ["", "~", "Berlin~cosy", "../../etc/passwd~", "x" * 9_000, "UTC;~comfortable", "\x00~\x00", "Europe:Berlin~" * 99],
)
def test_unknown_parts_fall_back_alone(value: str) -> None:
    found = read_cookie(value)
    assert found.zone in ("UTC", "Europe/Berlin")
    assert found.density in DENSITIES
    assert read_cookie("Europe:Berlin~cosy") == Reader("Europe/Berlin", "comfortable")
    assert read_cookie("Nowhere~compact") == Reader("UTC", "compact")
