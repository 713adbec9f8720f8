"""`--sweep`: ranges in decimal arithmetic, lists of TOML values, and what is neither."""

from __future__ import annotations

import pytest

from aiops.errors import UsageError
from aiops.sweep.axes import MAX_RUNS, Axis, parse_axis, plain


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a.b=.1:.9:.2", ("0.1", "0.3", "0.5", "0.7", "0.9")),
        ("a.b=0:1:.25", ("0.00", "0.25", "0.50", "0.75", "1.00")),
        ("a.b=60:300:120", ("60", "180", "300")),
        ("a.b=1:10:4", ("1", "5", "9")),
        ("a.b=1e3:3e3:1e3", ("1000", "2000", "3000")),
        ("a.b=-1:1:1", ("-1", "0", "1")),
        (" a.b = 5 : 5 : 1 ", ("5",)),
        ("a.b=.1,.5", ("0.1", "0.5")),
        ("a.b=high, critical", ("high", "critical")),
        ("a.b=1,1,2", ("1", "2")),
        ('a.b=["x","y"],[],"a,b"', ('["x","y"]', "[]", '"a,b"')),
        ('a.b="http://x:1/y"', ('"http://x:1/y"',)),
    ],
)
def test_axis_has_the_values(text: str, values: tuple[str, ...]) -> None:
    assert parse_axis(text) == Axis("a.b", values)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.b", "expected KEY=from:to:step"),
        ("a.b=", "expected KEY=from:to:step"),
        ("=1,2", "expected KEY=from:to:step"),
        ("a..b=1", "expected KEY=from:to:step"),
        ("a.b=1,,2", "an empty value"),
        ("a.b=low:high:1", "a range needs numbers"),
        ("a.b=0:inf:1", "a range needs numbers"),
        ("a.b=nan:1:1", "a range needs numbers"),
        ("a.b=1e30:2e30:1e29", "a range needs numbers"),
        ("a.b=0:1e-16:1e-16", "a range needs numbers"),
        ("a.b=1:0:1", "expected from <= to"),
        ("a.b=0:1:0", "a step above 0"),
        ("a.b=0:1:-.1", "a step above 0"),
        ("a.b=0:1:.0001", f"more than {MAX_RUNS} values"),
    ],
)
def test_what_is_no_axis_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match="--sweep") as refused:
        parse_axis(text)
    assert message in str(refused.value)


def test_text_that_holds_a_point_stays() -> None:
    assert plain("a.5") == "a.5"
