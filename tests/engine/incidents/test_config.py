"""Settings of incidents: bounds, and what 0 means."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.engine.incidents.config import IncidentConfig


@pytest.mark.parametrize("name", ["resolve_after_s", "reopen_s", "rank_after_s", "storm_window_s", "change_window_s"])
@pytest.mark.parametrize("value", [0, -1, 31 * 86_400, "1h"])
def test_time_outside_its_bounds_is_refused(name: str, value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({name: value}, IncidentConfig)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lone_warning_s", -1),
        ("lone_warning_s", 86_401),
        ("max_members", 0),
        ("max_closed", 0),
        ("storm_incidents", -1),
        ("storm_incidents", 100_001),
        ("storms", 1),
    ],
)
def test_value_outside_its_bounds_is_refused(name: str, value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({name: value}, IncidentConfig)


@pytest.mark.parametrize("name", ["lone_warning_s", "storm_incidents"])
def test_zero_switches_off(name: str) -> None:
    assert getattr(msgspec.convert({name: 0}, IncidentConfig), name) == 0


def test_defaults_are_within_their_bounds() -> None:
    config = IncidentConfig()
    assert msgspec.convert(msgspec.to_builtins(config), IncidentConfig) == config
    assert config.rank_after_s < config.rank_at_most_every_s
    assert config.resolve_after_s < config.reopen_s
