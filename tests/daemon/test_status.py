"""The state of the daemon follows its start, its stop and its pump."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from aiops.daemon.pump import Pump
from aiops.daemon.status import STATUSES, DaemonStatus


def status(state: str) -> DaemonStatus:
    return DaemonStatus(cast(Pump, SimpleNamespace(state=state)))


def shown(found: DaemonStatus) -> str:
    return found.value


def test_it_is_starting_until_all_threads_run() -> None:
    found = status("running")
    assert shown(found) == "starting"
    found.started()
    assert shown(found) == "ok"


@pytest.mark.parametrize(("pump", "shown"), [("running", "ok"), ("degraded", "degraded"), ("stopped", "degraded")])
def test_after_the_start_the_pump_decides(pump: str, shown: str) -> None:
    found = status(pump)
    found.started()
    assert found.value == shown


@pytest.mark.parametrize("pump", ["running", "degraded", "stopped"])
def test_a_stop_is_shown_whatever_the_pump_does(pump: str) -> None:
    found = status(pump)
    found.started()
    found.stopping()
    assert found.value == "stopping"


def test_a_failure_is_never_hidden() -> None:
    found = status("failed")
    assert shown(found) == "failed"
    found.started()
    found.stopping()
    assert shown(found) == "failed"
    known: tuple[Any, ...] = STATUSES
    assert set(known) == {"starting", "ok", "degraded", "stopping", "failed"}
