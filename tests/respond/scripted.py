"""A run without a network or a disk: requests are answered by a script, lines of the trail are kept in a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiops.respond.calls import Call, Phase
from aiops.respond.execution import Execution, Keyed
from aiops.respond.gate import PlanGate
from aiops.respond.history import Run
from aiops.respond.sending import Gate, Sent
from aiops.step_kinds.exchange import Reply, Request

AT = 1_700_000_000.0


def call(name: str = "restart", target: str = "a", phase: Phase = "step", **more: Any) -> Call:
    """A request that expects 200."""
    url = f"https://ops.example/{target}/{name}"
    given = {"method": "POST", "url": url, "statuses": [200], "place": f"{phase} 0", **more}
    return Call(**given, phase=phase, name=name, target=target)


def keyed(*calls: Call) -> list[Keyed]:
    """Requests with their keys, as a plan has them."""
    return [(one, f"key of {one}") for one in calls]


class OpenGate(PlanGate):
    """A gate whose plan holds whatever it is given: a test makes its requests one by one."""

    def _send(self, call: Call, *given: Any) -> Sent:
        self._calls = [call]
        return super()._send(call, *given)


class Scripted:
    """One run: `replies` are given in order (200 once they are used up), `sent` is what came."""

    def __init__(self, *replies: Reply) -> None:
        self.run = Run("r1", "restart-worker", "1.0.0", "i1", ["a", "b"], AT)
        self.replies, self.sent, self.lines = list(replies), list[str](), list[tuple[str, dict[str, Any]]]()
        self.stopped: str | None = None
        # Called with each line of the trail.
        self.heard: Callable[[str, dict[str, Any]], None] = lambda kind, data: None
        # Called with the number of requests so far, just before the next one is sent.
        self.before: Callable[[int], None] = lambda count: None
        self.pauses = list[float]()
        self.gate = OpenGate([], self, lambda: self.stopped, self.pauses.append)
        self.execution = Execution(self.run, self.gate, self.write)

    def stop(self) -> None:
        """Engage a switch."""
        self.stopped = "kill switch global is engaged"

    def stop_before(self, count: int) -> None:
        """Engage a switch while the connection for that request is made."""
        self.before = lambda number: self.stop() if number == count else None

    def send(self, request: Request, idempotency_key: str, gate: Gate) -> Reply:
        """See `Transport.send`."""
        self.before(len(self.sent))
        if not gate():
            return Reply(error="not sent", sent=False)
        self.sent.append(request.url.removeprefix("https://ops.example/"))
        return self.replies.pop(0) if self.replies else Reply(200)

    def write(self, kind: str, data: dict[str, Any]) -> None:
        """Keep a line; what it says of the targets counts, as in the history."""
        self.lines.append((kind, data))
        self.heard(kind, data)
        is_touched = kind == "intent" and data["place"].startswith("step") and data["request"].get("touches", True)
        if is_touched and data["target"] not in self.run.touched:
            self.run.touched.append(data["target"])

    def kinds(self) -> list[str]:
        """The kinds of the lines, in order."""
        return [kind for kind, _ in self.lines]

    def last(self, kind: str) -> dict[str, Any]:
        """The data of the last line of a kind."""
        return [data for name, data in self.lines if name == kind][-1]
