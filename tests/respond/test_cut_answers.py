"""An answer that did not arrive whole proves nothing but its status."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from aiops.respond import states
from aiops.respond.calls import Call, calls_of
from aiops.respond.parameters import Values
from aiops.respond.transport import MAX_ANSWER_BYTES, RunTransport
from aiops.step_kinds.exchange import Reply, Request
from aiops.testing.receiver import Receiver
from aiops.testing.receiver import Reply as Answer
from tests.respond.sample_kind import Recycle, recycling, system
from tests.respond.scripted import OpenGate, Scripted, call, keyed

LONG = "it is longer than 1024 KiB"
READ, TRIED, MADE = Reply(200, body=b'{"version": 7, "spec": 1}'), Reply(200), Reply(200, body=b'{"job": "j-1"}')
READY, CUT = Reply(200, body=b'{"state": "ready"}'), Reply(200, body=b'{"state": "ready"}', cut=LONG)


@pytest.fixture
def step(samples: Any) -> Iterator[Call]:
    """A step that reads, tries, changes and follows."""
    with recycling():
        book = msgspec.structs.replace(samples.playbook(), steps=[Recycle(name="recycle it", worker="{{ host }}")])
        yield calls_of(book, ["a"], [Values({"host": "a"}, {})], {"pool": system()})[0]


@pytest.mark.parametrize(
    ("body", "cut"),
    [(b"x" * MAX_ANSWER_BYTES, ""), (b"[1]" + b" " * MAX_ANSWER_BYTES, LONG), (None, "it broke off before its end")],
)
def test_the_transport_notices_what_did_not_arrive_whole(receiver: Receiver, body: bytes | None, cut: str) -> None:
    receiver.replies = [Answer(200, b"[1, 2]" * 99, cut="inside") if body is None else Answer(200, body)]
    transport = RunTransport({}, allow_private=True)
    reply = transport.send(Request("GET", receiver.url), "", lambda: True)
    transport.close()
    assert (reply.status, reply.error, reply.cut) == (200, None, cut)
    assert reply.body == (b"" if cut else body), "half of an answer is given to nobody"
    assert (reply.json() is None) or not cut


def test_a_precondition_on_the_body_is_refused() -> None:
    facts = {"op": ">=", "value": 0.0, "empty": "pass"}
    good = b'{"status": "success", "data": {"resultType": "vector", "result": []}}'
    check = call("enough", phase="precondition", kind="prometheus", facts=facts)
    assert Scripted(Reply(200, body=good)).execution.run(keyed(check)).state == "executed"
    outcome = Scripted(Reply(200, body=good, cut=LONG)).execution.run([*keyed(check), *keyed(call())])
    assert (outcome.state, outcome.left) == ("refused", ["restart on a"])
    assert LONG in outcome.why


def test_a_precondition_on_the_status_alone_holds() -> None:
    outcome = Scripted(CUT).execution.run([*keyed(call("alive", phase="precondition")), *keyed(call())])
    assert outcome.state == "executed"


def test_a_read_that_did_not_arrive_whole_prevents_the_change(step: Call) -> None:
    outcome = Scripted(msgspec.structs.replace(READ, cut=LONG)).execution.run(keyed(step))
    assert (outcome.state, outcome.left) == ("failed", ["recycle it on a"])
    assert f"the read before it failed: its answer did not arrive whole: {LONG}" in outcome.why


def test_a_dry_run_that_did_not_arrive_whole_prevents_the_change(step: Call) -> None:
    run = Scripted(READ, Reply(200, cut=LONG))
    outcome = run.execution.run(keyed(step))
    assert (outcome.state, outcome.left) == ("failed", ["recycle it on a"])
    assert "intent" not in run.kinds()
    assert "its dry run failed: its answer did not arrive whole" in outcome.why


def test_a_change_whose_answer_is_needed_is_unknown(step: Call) -> None:
    outcome = Scripted(READ, TRIED, msgspec.structs.replace(MADE, cut=LONG)).execution.run(keyed(step))
    assert (outcome.state, outcome.done) == ("failed", [])
    assert outcome.unknown == [f"recycle it on a: accepted, but its answer did not arrive whole: {LONG}"]


def test_a_change_that_is_judged_by_its_answer_is_unknown() -> None:
    facts = {"op": ">=", "value": 0.0, "empty": "pass"}
    outcome = Scripted(Reply(200, cut=LONG)).execution.run(keyed(call(kind="prometheus", facts=facts)))
    assert (outcome.state, outcome.done, len(outcome.unknown)) == ("failed", [], 1)


def test_progress_that_did_not_arrive_whole_is_read_again(step: Call) -> None:
    run = Scripted(READ, TRIED, MADE, CUT, READY)
    assert run.execution.run(keyed(step)).done == ["recycle it on a: done"]
    outcome = Scripted(READ, TRIED, MADE, *[CUT] * 9).execution.run(keyed(step))
    assert (outcome.state, outcome.done) == ("failed", [])
    assert LONG in outcome.unknown[0]


def test_an_object_that_did_not_arrive_whole_is_not_read_for_a_plan(
    step: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Scripted(msgspec.structs.replace(READ, cut=LONG))
    monkeypatch.setattr(states, "_observes", lambda call: True)
    [found] = states.read_states([step], OpenGate([], run, lambda: None, run.pauses.append))
    assert found.code == "state_unread"
    assert LONG in found.problem
