"""Sends the requests of runs: each asks the kill switches first, retries and pauses included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from aiops.respond.calls import Call
from aiops.respond.rendering import Request

# Pauses between attempts of an idempotent step: 1, 2, 4, 8 s. More patience than that is the outbox's business.
RETRY_PAUSE_S = 1.0
# Of an answer only the beginning is kept, and only in the trail: it can hold anything.
MAX_EXCERPT = 300


class Reply(Struct):
    """What came back: a status, or an `error` where nothing came back; not `sent`: no byte of it left this host."""

    status: int = 0
    excerpt: str = ""
    error: str | None = None
    sent: bool = True


Gate = Callable[[], bool]


class Transport(Protocol):
    """Sends a request once. The daemon passes its guarded client, which refuses private addresses and redirects."""

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """Make one attempt within `request.timeout_s`; never raise for a peer's fault.

        Ask `gate` when the connection stands, just before the first byte of the request: looking up a name and
        connecting take seconds, in which somebody may have stopped everything. False: send nothing, and say so.
        """
        ...


class Sent(Struct):
    """What came of a call. `problem` is None where it was accepted; `stopped` says why no (other) attempt was made."""

    problem: str | None
    was_sent: bool
    stopped: str | None = None
    status: int = 0
    excerpt: str = ""


def send(
    transport: Transport,
    call: Call,
    key: str,
    halted: Callable[[], str | None],
    pause: Callable[[float], None],
) -> Sent:
    """Send a call as often as it may be sent; `halted` says why nothing may start, and ends a `pause`."""
    reply = Reply(sent=False)
    for attempt in range(call.attempts):
        if attempt:
            pause(RETRY_PAUSE_S * 2 ** (attempt - 1))
        stopped = halted()
        if stopped is None:
            last = transport.send(call, key, lambda: halted() is None)
            stopped = None if last.sent else halted()
            reply = last if last.sent or not reply.sent else reply
        if stopped is not None:
            return _stopped(reply, stopped)
        if not _may_help(call, reply):
            break
    return Sent(_problem(call, reply), reply.sent, None, reply.status, reply.excerpt[:MAX_EXCERPT])


def _stopped(reply: Reply, why: str) -> Sent:
    if not reply.sent:
        return Sent(f"not sent: {why}", False, why)
    answer = reply.error or f"status {reply.status}"
    return Sent(f"{answer}; not tried again: {why}", True, why, reply.status, reply.excerpt[:MAX_EXCERPT])


def _may_help(call: Call, reply: Reply) -> bool:
    """Return True if another attempt may do better; an answer that the step expects is none to improve on."""
    if reply.error is None and reply.status in call.statuses:
        return False
    return reply.error is not None or reply.status >= 500 or reply.status == 429


def _problem(call: Call, reply: Reply) -> str | None:
    if reply.error is not None:
        return reply.error
    return None if reply.status in call.statuses else f"status {reply.status}"
