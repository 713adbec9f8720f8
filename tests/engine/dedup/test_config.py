"""Settings of deduplication: bounds that keep memory and time sane."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.engine.dedup.config import DedupConfig


@pytest.mark.parametrize("name", ["quiet_s", "stale_s", "flap_window_s", "flap_calm_s"])
@pytest.mark.parametrize("value", [0, -1, 31 * 86_400, "1h"])
def test_time_outside_its_bounds_is_refused(name: str, value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({name: value}, DedupConfig)


@pytest.mark.parametrize("name", ["flap_count", "max_streams", "max_recent"])
@pytest.mark.parametrize("value", [0, -1, 10_000_001, 1.5])
def test_count_outside_its_bounds_is_refused(name: str, value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({name: value}, DedupConfig)


def test_defaults_are_within_their_bounds_and_in_their_order() -> None:
    config = DedupConfig()
    assert msgspec.convert(msgspec.to_builtins(config), DedupConfig) == config
    assert config.quiet_s < config.stale_s
    assert "trace_id" in config.ignore_labels
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"quiet": 1}, DedupConfig)
