"""Nothing runs in a storm, by the number of incidents or the share of the fleet, nor for a while after one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aiops.respond.guard_case import World
from aiops.respond.history import Storm
from aiops.respond.storm_guard import storm_of
from tests.respond.alone import AT, Alone, policy


@pytest.fixture
def alone(samples: SimpleNamespace) -> Alone:
    return Alone(samples)


@pytest.mark.parametrize(
    ("alerting", "known", "code"),
    [
        (4, 4, None),  # too few to be a share
        (5, 12, "storm_share"),
        (5, 13, None),
        (40, 100, None),
        (41, 100, "storm_share"),
        (1, 0, "fleet_unknown"),
        (1, None, "fleet_unknown"),
    ],
)
def test_share_of_the_fleet(alone: Alone, alerting: int, known: int | None, code: str | None) -> None:
    alone.world.alerting, alone.world.known = alerting, known
    assert alone.codes() == ([code] if code else [])


def test_a_fleet_that_is_not_known_stops_no_person(alone: Alone) -> None:
    alone.world.known, alone.by = None, "person"
    assert alone.codes() == ["approval_missing"]


def test_the_engines_own_storm_counts(alone: Alone) -> None:
    alone.world.storm = "more than 50 incidents opened within 5 min"
    assert alone.codes() == ["storm_rate"]
    alone.by = "person"
    assert alone.codes() == ["storm_rate", "approval_missing"]


@pytest.mark.parametrize(("count", "code"), [(10, None), (11, "storm_rate")])
def test_open_incidents(alone: Alone, count: int, code: str | None) -> None:
    alone.world.open_incidents = count
    assert alone.codes() == ([code] if code else [])


@pytest.mark.parametrize(("ago_s", "code"), [(599.0, "storm_cooldown"), (600.0, None), (-50.0, "storm_cooldown")])
def test_after_a_storm_it_takes_a_while(alone: Alone, ago_s: float, code: str | None) -> None:
    alone.history.storm = Storm(False, AT - ago_s)
    assert alone.codes() == ([code] if code else [])


def test_a_storm_that_was_recorded_and_did_not_end_counts(alone: Alone) -> None:
    alone.history.storm = Storm(True, AT - 90_000, "41 of 100 entities alert")
    assert alone.codes() == ["storm_rate"]


def test_storm_of_a_host_without_a_playbook() -> None:
    assert storm_of(policy(), World(AT, alerting=3, known=3)) is None
    found = storm_of(policy(), World(AT, alerting=6, known=10))
    assert found is not None
    assert found.code == "storm_share"
