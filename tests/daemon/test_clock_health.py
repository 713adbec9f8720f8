"""Health of clocks: whose is wrong, by how much, and for how long that is shown."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aiops.daemon.clock_health import SHOWN_S, WARN_S, clock_families, clock_health
from aiops.daemon.clocks import LASTS_S, Absurd, SteadyClock
from aiops.telemetry.metrics import render

T0 = 1_795_000_000.0


class Host:
    """A host whose clock a test sets, with what its pump has seen of senders."""

    def __init__(self) -> None:
        self.now, self.passed = T0, 50.0
        self.clock = SteadyClock(lambda: self.now, lambda: self.passed)
        self.offsets: dict[str, float] = {}
        self.absurd: dict[str, Absurd] = {}
        self.accounts: dict[str, Any] = {}

    def core(self) -> Any:
        offsets = SimpleNamespace(estimates=lambda: self.offsets, absurd=lambda: self.absurd)
        return SimpleNamespace(
            pump=SimpleNamespace(accounts=self.accounts, offsets=offsets), clocks=SimpleNamespace(wall=self.clock)
        )

    def health(self) -> dict[str, Any]:
        return clock_health(self.core())

    def jump(self, seconds: float, lasts: bool = True) -> None:
        self.now += seconds
        self.clock()
        if lasts:
            self.pass_(LASTS_S + 1)

    def pass_(self, seconds: float) -> None:
        self.now += seconds
        self.passed += seconds
        self.clock()


@pytest.fixture
def host() -> Host:
    return Host()


def test_clocks_that_agree_are_ok(host: Host) -> None:
    host.offsets = {"kafka": 0.5, "http": -59.0}
    host.accounts = {"clock_ahead_s": 59.0}
    found = host.health()
    assert (found["ok"], found["detail"]) == (True, "")
    assert found["sources"] == {"kafka": 0.5, "http": -59.0}


@pytest.mark.parametrize(("offset", "said"), [(WARN_S + 1, "ahead"), (-WARN_S - 1, "late")])
def test_one_sender_that_is_off_is_named(host: Host, offset: float, said: str) -> None:
    host.offsets = {"kafka": offset, "http": 0.0}
    found = host.health()
    assert not found["ok"]
    assert "the clock of kafka is" in found["detail"]
    assert said in found["detail"]


def test_all_senders_off_alike_make_the_host_suspect(host: Host) -> None:
    host.offsets = {"kafka": -7200.0, "http": -7210.0}
    found = host.health()
    assert "the host's clock is" in found["detail"]
    host.offsets["file"] = 0.0
    assert "the host's clock" not in host.health()["detail"]


@pytest.mark.parametrize("step", [7200.0, -7200.0])
def test_jump_is_shown_while_it_is_doubted_and_for_an_hour_after(host: Host, step: float) -> None:
    host.jump(step, lasts=False)
    assert "jumped 2 h" in host.health()["detail"]
    host.pass_(LASTS_S + 1)
    assert "is followed" in host.health()["detail"]
    host.pass_(SHOWN_S + 1)
    assert host.health()["ok"]


def test_small_step_is_no_jump(host: Host) -> None:
    host.jump(20.0)
    assert host.health()["ok"]


def test_senders_that_did_not_jump_prove_the_host_wrong(host: Host) -> None:
    host.jump(7200.0)
    host.offsets = {"kafka": -7200.0}
    found = host.health()["detail"]
    assert "the host's clock is wrong" in found
    assert "the clock of kafka" not in found


def test_engine_that_is_ahead_and_one_that_was_set_back_are_said(host: Host) -> None:
    host.accounts = {"clock_ahead_s": 300.0, "set_backs": 2, "set_back_at": T0 - 10}
    found = host.health()
    assert "ahead of the host" in found["detail"]
    assert "set back within the last hour" in found["detail"]
    assert found["set_backs"] == 2
    host.accounts = {"set_backs": 2, "set_back_at": T0 - SHOWN_S - 1}
    assert host.health()["ok"]


def test_absurd_times_are_counted_and_shown_for_an_hour(host: Host) -> None:
    host.absurd = {"kafka": Absurd(3, T0 - 10), "http": Absurd(9, T0 - SHOWN_S - 1)}
    found = host.health()
    assert "3 alerts of kafka" in found["detail"]
    assert "http" not in found["detail"]
    assert found["absurd"] == {"kafka": 3, "http": 9}


def test_metrics_have_each_sender(host: Host) -> None:
    host.offsets, host.absurd = {"kafka": -3.25}, {"kafka": Absurd(2, T0)}
    host.accounts = {"clock_ahead_s": 1.5, "set_backs": 1}
    page = render(clock_families(host.core())).splitlines()
    assert "aiops_engine_clock_ahead_seconds 1.5" in page
    assert "aiops_engine_clock_set_backs_total 1" in page
    assert 'aiops_source_clock_offset_seconds{source="kafka"} -3.25' in page
    assert 'aiops_source_absurd_times_total{source="kafka"} 2' in page
