"""Health and metrics of delivery."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aiops.config import EndpointConfig
from aiops.notify.status import families, health, state
from aiops.telemetry.metrics import Histogram, render


def queue(name: str = "pager", *, disabled: str | None = None, breaker: str = "closed", error: str = "") -> Any:
    return SimpleNamespace(
        name=name,
        config=EndpointConfig(name, "webhook"),
        disabled=disabled,
        last_error=error,
        in_flight=2,
        results={"sent": 3, "failed": 1},
        attempt_s=Histogram(),
        lag_s=Histogram(),
        breaker_state=lambda at: breaker,
    )


def test_delivery_that_works_is_ok() -> None:
    found = health({"pager": queue()}, 0.0)
    assert (found["ok"], found["detail"]) == (True, "")
    assert found["endpoints"]["pager"]["results"] == {"sent": 3, "failed": 1}


@pytest.mark.parametrize("breaker", ["open", "half-open"])
def test_open_breaker_is_not_ok_and_says_the_last_error(breaker: str) -> None:
    found = health({"pager": queue(breaker=breaker, error="503"), "chat": queue("chat")}, 0.0)
    assert (found["ok"], found["detail"]) == (False, "endpoint pager: 503")
    assert found["endpoints"]["chat"]["ok"]


def test_disabled_endpoint_says_how_it_is_enabled() -> None:
    found = state(queue(disabled="410 Gone", error="other"), 0.0)
    assert not found["ok"]
    assert "410 Gone" in found["detail"]
    assert "`aiops outbox enable pager`" in found["detail"]


def test_disk_that_fails_comes_first() -> None:
    found = health({"pager": queue(breaker="open", error="503")}, 0.0, "the disk is full")
    assert found["detail"] == "the disk is full; endpoint pager: 503"


def test_metrics_have_each_endpoint() -> None:
    page = render(families({"pager": queue(), "chat": queue("chat", disabled="410", breaker="open")}, 0.0))
    for line in (
        'aiops_delivery_attempts_total{endpoint="pager",result="sent"} 3',
        'aiops_endpoint_up{endpoint="pager"} 1',
        'aiops_endpoint_up{endpoint="chat"} 0',
        'aiops_endpoint_disabled{endpoint="chat"} 1',
        'aiops_endpoint_in_flight{endpoint="pager"} 2',
        'aiops_delivery_lag_seconds_count{endpoint="chat"} 0',
    ):
        assert line in page.splitlines()
