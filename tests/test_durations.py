"""Lengths of time as playbooks write them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.durations import Duration, seconds


def test_durations() -> None:
    assert [seconds(text) for text in ("500ms", "90s", "15m", "2h", "7d")] == [0.5, 90, 900, 7200, 604800]


@given(st.integers(0, 99_999), st.sampled_from(["ms", "s", "m", "h", "d"]))
def test_durations_of_the_schema_are_all_read(count: int, unit: str) -> None:
    text = msgspec.convert(f"{count}{unit}", Duration)
    assert seconds(text) == count * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[unit]


@pytest.mark.parametrize("text", ["", "s", "1", "1w", "-1s", "1.5h", "1 s", "100000s", "1s\n", "١s", "1m30s"])
def test_durations_of_another_form_are_refused(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, Duration)
