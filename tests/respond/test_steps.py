"""The kinds of step: strict fields, camelCase keys, bounds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.respond.http_kinds import Http, Webhook
from aiops.respond.steps import AlertResolved, Manual, Step

HTTP = {"kind": "http", "name": "restart", "url": "https://ops.example"}


def read(step: dict[str, Any]) -> Any:
    return msgspec.convert(step, Step)


def test_kinds_are_told_by_their_tag() -> None:
    assert isinstance(read(HTTP), Http)
    assert isinstance(read({**HTTP, "kind": "webhook"}), Webhook)
    assert isinstance(read({"kind": "manual", "name": "look"}), Manual)
    assert isinstance(msgspec.convert({"kind": "alert-resolved"}, AlertResolved), AlertResolved)


@pytest.mark.parametrize("kind", ["shell", "", None, "Manual"])
def test_other_kinds_are_refused(kind: str | None) -> None:
    """Nothing runs a command: whatever else a step may be is reached through a webhook."""
    with pytest.raises(msgspec.ValidationError):
        read({**HTTP, "kind": kind})


@pytest.mark.parametrize(
    "change",
    [
        {"method": "CONNECT"},
        {"method": "get"},
        {"url": "ftp://ops.example"},
        {"url": "https://{{ host }}.example"},
        {"url": "https://ops.example/?q=1"},
        {"url": "https://ops.example/#x"},
        {"url": "https://ops.example\n"},
        {"url": "https://ops example"},
        {"url": "https://" + "x" * 500},
        {"path": ["x"] * 11},
        {"path": [""]},
        {"attempts": 0},
        {"attempts": 6},
        {"attempts": True},
        {"timeout": "1 minute"},
        {"expect": {"status": []}},
        {"expect": {"status": [99]}},
        {"expect": {"status": [600]}},
        {"secret": "Ops Token"},
        {"secret": "ops\n"},
        {"name": ""},
        {"run": "reboot"},
        {"stable_for": "1m"},
    ],
    ids=str,
)
def test_request_outside_its_bounds_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read({**HTTP, **change})


def test_defaults_send_once_and_take_the_usual_answers() -> None:
    step = read(HTTP)
    assert (step.method, step.attempts, step.idempotent, step.timeout) == ("POST", 1, False, "30s")
    assert step.expect.status == [200, 201, 202, 204]


def test_keys_are_camel_case() -> None:
    check = msgspec.convert({"kind": "alert-resolved", "within": "20m", "stableFor": "1m"}, AlertResolved)
    assert check.stable_for == "1m"
    assert msgspec.to_builtins(check) == {"kind": "alert-resolved", "within": "20m", "stableFor": "1m"}


def test_steps_do_not_share_their_defaults() -> None:
    first, second = read(HTTP), read(HTTP)
    first.headers["X-A"] = "b"
    first.path.append("x")
    first.expect.status.append(500)
    assert (second.headers, second.path, second.expect.status) == ({}, [], [200, 201, 202, 204])
