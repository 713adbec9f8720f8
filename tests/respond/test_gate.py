"""The gate sends requests of its plan, and no other; values of answers must match their patterns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from aiops.errors import UsageError
from aiops.respond.calls import Call, calls_of
from aiops.respond.gate import NotInPlan, PlanGate
from aiops.respond.parameters import Values
from aiops.respond.sending import Gate
from aiops.step_kinds.exchange import Reply, Request
from tests.respond.sample_kind import Recycle, recycling, system
from tests.respond.scripted import call


class Wire:
    """A transport that keeps what it sends."""

    def __init__(self) -> None:
        self.sent: list[Request] = []

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        if gate():
            self.sent.append(request)
        return Reply(200)


def gate(calls: list[Call], wire: Wire, why: str | None = None) -> PlanGate:
    return PlanGate(calls, wire, lambda: why, lambda pause_s: None)


@pytest.fixture
def recycle(samples: Any) -> Iterator[Call]:
    """The request of a step with everything."""
    with recycling():
        book = msgspec.structs.replace(samples.playbook(), steps=[Recycle(name="recycle it", worker="{{ host }}")])
        yield calls_of(book, ["a"], [Values({"host": "a"}, {})], {"pool": system()})[0]


@pytest.mark.parametrize("change", [{"url": "https://ops.example/b"}, {"body": {"x": 1}}, {"method": "PUT"}])
def test_a_request_that_is_not_in_the_plan_is_not_sent(change: dict[str, Any]) -> None:
    wire, planned = Wire(), call()
    altered = msgspec.structs.replace(planned, **change)
    for other in (altered, call("other"), call(target="b"), call(phase="rollback")):
        with pytest.raises(NotInPlan):
            gate([planned], wire).change(other, {})
    assert wire.sent == []


@pytest.mark.parametrize("part", ["read", "dry_run", "change", "poll"])
def test_each_part_must_be_in_the_plan(recycle: Call, part: str) -> None:
    wire = Wire()
    altered = msgspec.structs.replace(
        recycle, reads=[Request("GET", "https://evil.example")], url="https://evil.example"
    )
    with pytest.raises(NotInPlan):
        getattr(gate([recycle], wire), part)(altered, *([0, {}] if part == "read" else [{"job": "j", "version": 1}]))
    assert wire.sent == []


def test_a_part_that_a_call_does_not_have_is_not_sent() -> None:
    wire, planned = Wire(), call()
    for part in ("dry_run", "poll"):
        with pytest.raises(NotInPlan):
            getattr(gate([planned], wire), part)(planned, {})
    assert wire.sent == []


def test_holes_are_filled_with_checked_values_alone(recycle: Call) -> None:
    wire = Wire()
    found = gate([recycle], wire)
    found.change(recycle, {"version": 7, "spec": {"n": 1}, "job": "j-1", "other": "x"})
    found.poll(recycle, {"job": "j-1"})
    assert [(one.method, one.url, one.body) for one in wire.sent] == [
        ("POST", "https://pool.example/workers/a", {"version": 7, "spec": {"n": 1}}),
        ("GET", "https://pool.example/jobs/j-1", None),
    ]
    for values in ({"job": "../../admin"}, {"job": "a?b"}, {}):
        with pytest.raises(UsageError):
            found.poll(recycle, values)
    assert len(wire.sent) == 2


def test_a_stop_sends_nothing(recycle: Call) -> None:
    wire = Wire()
    assert gate([recycle], wire, "stopped by a test").read(recycle, 0, {}).stopped == "stopped by a test"
    assert wire.sent == []
