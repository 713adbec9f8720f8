"""Sending a request of a run: attempts, pauses, stops, and what is kept of an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aiops.respond.calls import Call
from aiops.respond.sending import MAX_EXCERPT, RETRY_PAUSE_S, Gate, Sent, send
from aiops.step_kinds.exchange import Reply, Request


class Scripted:
    """A transport that answers as it is told, and asks the gate as the real one does."""

    def __init__(self, *replies: Reply, before: Callable[[], None] = lambda: None) -> None:
        self.replies, self.before, self.keys = list(replies), before, list[str]()

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        self.before()
        if not gate():
            return Reply(error="not sent", sent=False)
        self.keys.append(idempotency_key)
        return self.replies.pop(0)


class Switch:
    """Says why nothing may start, once it is engaged."""

    def __init__(self) -> None:
        self.why: str | None = None

    def halted(self) -> str | None:
        return self.why

    def engage(self) -> None:
        self.why = "stopped by a test"


def call(attempts: int = 1, statuses: tuple[int, ...] = (200, 202)) -> Call:
    return Call(
        method="POST",
        url="https://ops.example/x",
        statuses=list(statuses),
        phase="step",
        place="step 0",
        name="restart",
        target="worker-1",
        attempts=attempts,
    )


def sent(transport: Scripted, one: Call, switch: Switch | None = None, pauses: list[float] | None = None) -> Sent:
    taken = (pauses if pauses is not None else []).append
    return send(transport, one, "key", (switch or Switch()).halted, taken, one.attempts)


@pytest.mark.parametrize("status", [200, 202])
def test_expected_status_is_accepted(status: int) -> None:
    assert sent(Scripted(Reply(status)), call()) == Sent(None, True, None, status)


@pytest.mark.parametrize("status", [204, 301, 400, 404, 409])
def test_other_status_is_a_problem_and_is_not_tried_again(status: int) -> None:
    transport = Scripted(Reply(status, "no"), Reply(200))
    assert sent(transport, call(5)) == Sent(f"status {status}", True, None, status, "no")
    assert len(transport.keys) == 1


@pytest.mark.parametrize("first", [Reply(500), Reply(503), Reply(429), Reply(error="connection reset")])
def test_failure_that_may_pass_is_tried_again_under_the_same_key(first: Reply) -> None:
    transport = Scripted(first, Reply(200))
    assert sent(transport, call(2)).problem is None
    assert transport.keys == ["key", "key"]


def test_status_that_the_step_expects_is_not_improved_on() -> None:
    """A step may name 503 or 429 as good answers: sending it again would be an act that nobody asked for."""
    for status in (503, 429):
        transport = Scripted(Reply(status), Reply(200))
        assert sent(transport, call(3, (200, status))) == Sent(None, True, None, status)
        assert len(transport.keys) == 1


def test_pauses_between_attempts_double() -> None:
    pauses: list[float] = []
    transport = Scripted(*[Reply(503)] * 5)
    assert sent(transport, call(5), pauses=pauses).problem == "status 503"
    assert pauses == [RETRY_PAUSE_S * factor for factor in (1, 2, 4, 8)]


def test_call_of_one_attempt_is_sent_once() -> None:
    transport = Scripted(Reply(error="connection reset"), Reply(200))
    assert sent(transport, call()) == Sent("connection reset", True)
    assert len(transport.keys) == 1


def test_stop_before_the_first_attempt_sends_nothing() -> None:
    switch, transport = Switch(), Scripted(Reply(200))
    switch.engage()
    found = sent(transport, call(), switch)
    assert found == Sent("not sent: stopped by a test", False, "stopped by a test")
    assert transport.keys == []


def test_stop_while_the_connection_is_made_sends_nothing() -> None:
    switch = Switch()
    transport = Scripted(Reply(200), before=switch.engage)
    found = sent(transport, call(3), switch)
    assert (found.was_sent, found.stopped, transport.keys) == (False, "stopped by a test", [])


def test_stop_during_a_pause_keeps_what_the_last_attempt_answered() -> None:
    switch = Switch()
    transport = Scripted(Reply(503, "busy"), Reply(200))
    found = send(transport, call(3), "key", switch.halted, lambda pause_s: switch.engage(), 3)
    assert found.problem == "status 503; not tried again: stopped by a test"
    assert (found.was_sent, found.stopped, found.status, found.excerpt) == (True, "stopped by a test", 503, "busy")
    assert len(transport.keys) == 1


def test_stop_while_connecting_again_keeps_the_error_of_the_attempt_before() -> None:
    switch, tries = Switch(), list[int]()

    def second_time() -> None:
        tries.append(1)
        if len(tries) == 2:
            switch.engage()

    transport = Scripted(Reply(error="reset"), Reply(200), before=second_time)
    found = sent(transport, call(3), switch)
    assert found.problem == "reset; not tried again: stopped by a test"
    assert found.was_sent


def test_only_the_beginning_of_an_answer_is_kept() -> None:
    assert len(sent(Scripted(Reply(400, "x" * 9_999)), call()).excerpt) == MAX_EXCERPT
