"""The one gate of a run: it sends what the approved plan holds, and refuses everything else.

A request is sent as it is in the plan. Only its holes are filled, with what the system itself answered before, and each
value must match the pattern that the plan has for it. The kill switches are read before each request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiops.errors import AiopsError
from aiops.respond.calls import Call
from aiops.respond.sending import Sent, Transport, send
from aiops.step_kinds.exchange import Request
from aiops.step_kinds.taking import checked, with_values


class NotInPlan(AiopsError):
    """Raised for a request that the approved plan does not hold; nothing was sent."""


class PlanGate:
    """Sends the requests of one plan; `halted` returns the reason for stopping."""

    def __init__(
        self,
        calls: Sequence[Call],
        transport: Transport,
        halted: Callable[[], str | None],
        pause: Callable[[float], None],
    ) -> None:
        self._calls, self._transport = list(calls), transport
        self.halted, self.pause = halted, pause

    def read(self, call: Call, number: int, values: Mapping[str, Any]) -> Sent:
        """Send a request of a call that reads before the change; `values` are those of the reads before it."""
        return _whole(self._send(call, call.reads[number], values))

    def dry_run(self, call: Call, values: Mapping[str, Any]) -> Sent:
        """Send the dry run of a call."""
        return _whole(self._send(call, call.dry_run, values))

    def change(self, call: Call, values: Mapping[str, Any], key: str = "") -> Sent:
        """Send the change of a call."""
        return self._send(call, call, values, key, call.attempts)

    def poll(self, call: Call, values: Mapping[str, Any]) -> Sent:
        """Send the request that reads the progress of a call, once."""
        return self._send(call, call.poll.request if call.poll is not None else None, values)

    def filled(self, call: Call, request: Request, values: Mapping[str, Any]) -> Request:
        """Return a request of a call as it is sent; raise `UsageError` for a value that does not fit its hole."""
        return with_values(request, checked(call.taken, values)) if call.taken else request

    def _send(
        self, call: Call, request: Request | None, values: Mapping[str, Any], key: str = "", attempts: int = 1
    ) -> Sent:
        # The caller's copy may be altered; what counts is the plan's.
        if request is None or not any(one is call or one == call for one in self._calls):
            raise NotInPlan(f"{call}: expected a request of the approved plan; it was not sent")
        made = self.filled(call, request, values)
        return send(self._transport, made, key, self.halted, self.pause, attempts)


def _whole(sent: Sent) -> Sent:
    """Make a problem of half an answer to a request that is made for what the answer holds."""
    if sent.problem is None and sent.cut:
        sent.problem = sent.cut_text
    return sent
