"""Sends the requests of runs.

Each checks the kill switches first, also before retries and after pauses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from aiops.step_kinds.exchange import Reply, Request

# Pauses between attempts of an idempotent step: 1, 2, 4, 8 s. Longer retries belong in an outbox.
RETRY_PAUSE_S = 1.0
# No answer; a gateway that got none from the system behind it (RFC 9110, 15.6.3 and 15.6.5), which may be at it.
_UNANSWERED = (0, 502, 504)
# Only the beginning of an answer is kept, and only in the trail: it can hold anything.
MAX_EXCERPT = 300


Gate = Callable[[], bool]


class Transport(Protocol):
    """Sends a request once.

    The daemon passes its guarded client, which refuses private addresses and redirects.
    """

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """Make one attempt within `request.timeout_s`; never raise for a peer's fault.

        Call `gate` when the connection stands, just before the first byte of the request: a person may have stopped
        everything during the seconds of name lookup and connection. If it returns False, send nothing and report that.
        """
        ...


class Sent(Struct):
    """The result of a request.

    `problem` is None if it was accepted, `stopped` the reason for making no more attempts, `body` the
    answer, which is never written anywhere. `unsure`: it may still have an effect. `cut`: see `Reply`.
    """

    problem: str | None
    was_sent: bool
    stopped: str | None = None
    status: int = 0
    excerpt: str = ""
    body: bytes = b""
    unsure: bool = False
    cut: str = ""
    # Why it was not sent, for machines.
    code: str = ""

    @property
    def cut_text(self) -> str:
        """Return the sentence that the answer is not whole."""
        return f"its answer did not arrive whole: {self.cut}"

    @property
    def is_unknown(self) -> bool:
        """Return True if it was sent with a problem, and may still have an effect."""
        return self.was_sent and self.problem is not None and (self.unsure or self.status in _UNANSWERED)

    def reply(self) -> Reply:
        """Return the answer, for the kind of the step to read."""
        error = None if self.status else self.problem
        return Reply(self.status, self.excerpt, error, self.was_sent, b"" if self.cut else self.body, self.cut)


def send(
    transport: Transport,
    request: Request,
    key: str,
    halted: Callable[[], str | None],
    pause: Callable[[float], None],
    attempts: int = 1,
) -> Sent:
    """Send a request up to `attempts` times; `halted` gives the reason to stop, also during a `pause`."""
    reply = Reply(sent=False)
    for attempt in range(attempts):
        if attempt:
            pause(RETRY_PAUSE_S * 2 ** (attempt - 1))
        stopped = halted()
        if stopped is None:
            last = transport.send(request, key, lambda: halted() is None)
            stopped = None if last.sent else halted()
            reply = last if last.sent or not reply.sent else reply
        if stopped is not None:
            return _stopped(reply, stopped)
        if not _may_help(request, reply):
            break
    shown = reply.excerpt[:MAX_EXCERPT]
    return Sent(_problem(request, reply), reply.sent, None, reply.status, shown, reply.body, cut=reply.cut)


def _stopped(reply: Reply, why: str) -> Sent:
    if not reply.sent:
        return Sent(f"not sent: {why}", False, why)
    answer = reply.error or f"status {reply.status}"
    return Sent(f"{answer}; not tried again: {why}", True, why, reply.status, reply.excerpt[:MAX_EXCERPT])


def _may_help(request: Request, reply: Reply) -> bool:
    """Return True if another attempt may do better; an answer that the step expects is none to improve on."""
    if reply.error is None and reply.status in request.statuses:
        return False
    return reply.error is not None or reply.status >= 500 or reply.status == 429


def _problem(request: Request, reply: Reply) -> str | None:
    if reply.error is not None:
        return reply.error
    return None if reply.status in request.statuses else f"status {reply.status}"
