"""Keys of `[detect]`: bounds that keep memory and arithmetic sane."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.engine.detect.config import DetectConfig


@pytest.mark.parametrize(
    "section",
    [
        {"bin_s": 0.5},
        {"bin_s": 3_601},
        {"forgetting": 0},
        {"forgetting": 1},
        {"streams": 0},
        {"series": 1_000_001},
        {"metric_fire": 0},
        {"metric_calm": -1},
        {"metric_warm": 49},
        {"window_s": 0},
        {"batch_rows": 0},
        {"batch_wait_s": -1},
        {"training_rows": -1},
        {"training_rows": 1.5},
        {"bins": 60},
    ],
    ids=str,
)
def test_value_outside_its_bounds_is_refused(section: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(section, DetectConfig)


def test_defaults_are_within_their_bounds() -> None:
    plain = msgspec.to_builtins(DetectConfig())
    assert msgspec.convert(plain, DetectConfig) == DetectConfig()
    assert DetectConfig().metric_calm < DetectConfig().metric_fire
