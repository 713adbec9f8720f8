"""The settings of heartbeats are strict."""

from __future__ import annotations

import msgspec
import pytest

from aiops.engine.heartbeats.config import HeartbeatConfig


def test_expectations_are_read() -> None:
    text = {"expected": [{"matchers": ["team=a"], "every": "10m"}]}
    [one] = msgspec.convert(text, HeartbeatConfig).expected
    assert (one.matchers, one.every, one.severity) == (["team=a"], "10m", "high")


@pytest.mark.parametrize(
    "wrong",
    [{"expected": [{"matchers": ["team=a"]}]}, {"expected": [{"matchers": [], "every": "soon"}]}, {"lable": "x"}],
)
def test_what_does_not_fit_is_refused(wrong: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, HeartbeatConfig)
