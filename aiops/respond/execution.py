"""One run: its preconditions and steps in the order of its plan, each recorded before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct, field

from aiops.respond.calls import Call
from aiops.respond.history import Run, RunState
from aiops.respond.sending import Sent, Transport, send

Write = Callable[[str, dict[str, Any]], None]
Keyed = tuple[Call, str]


State = TypeVar("State", bound=str)


class Outcome(Struct, Generic[State]):
    """The outcome of the steps of a run: those that were done with their results, and those that were not."""

    state: State
    why: str
    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


class Execution:
    """Sends the approved requests and nothing else; `halted` returns the reason for stopping."""

    def __init__(
        self,
        run: Run,
        transport: Transport,
        write: Write,
        halted: Callable[[], str | None],
        pause: Callable[[float], None],
    ) -> None:
        self._run, self._transport, self.write = run, transport, write
        self.halted, self._pause = halted, pause

    def run(self, calls: Sequence[Keyed]) -> Outcome[RunState]:
        """Check the preconditions, then send the steps up to the first problem."""
        steps = [(call, key) for call, key in calls if call.phase == "step"]
        left = [str(call) for call, _ in steps]
        for call, _ in calls:
            if call.phase == "precondition" and (sent := self.check(call)).problem is not None:
                stopped = sent.stopped or self.halted()
                state: RunState = "stopped" if stopped else "refused"
                why = stopped or f"precondition {call.name!r} answered {sent.problem.removeprefix('status ')}"
                return Outcome(state, why, [], left)
        return self._steps(steps, left)

    def _steps(self, steps: Sequence[Keyed], left: list[str]) -> Outcome[RunState]:
        done: list[str] = []
        for number, (call, key) in enumerate(steps):
            sent = self.send(call, key)
            if not sent.was_sent:
                return Outcome("stopped" if sent.stopped else "failed", sent.problem or "", done, left[number:])
            done.append(f"{call}: {sent.problem or 'accepted'}")
            if sent.problem is not None:
                state: RunState = "stopped" if sent.stopped or self.halted() else "failed"
                return Outcome(state, done[-1], done, left[number + 1 :])
        stopped = self.halted()
        # The last step was accepted, but whoever stopped it meanwhile did not want it to have an effect.
        return Outcome("stopped", stopped, done) if stopped else Outcome("executed", done[-1] if done else "", done)

    def check(self, call: Call) -> Sent:
        """Send a check that changes nothing; only its result is recorded."""
        sent = send(self._transport, call, "", self.halted, self._pause)
        if sent.was_sent:
            place = {"run": self._run.id, "place": call.place, "target": call.target}
            came = {"status": sent.status, "problem": sent.problem}
            self.write("asked", place | came | {"request": msgspec.to_builtins(call)})
        return sent

    def send(self, call: Call, key: str) -> Sent:
        """Send one request of a run: the intent is on disk before, the outcome after."""
        if (stopped := self.halted()) is not None:
            return Sent(f"not sent: {stopped}", False, stopped)
        place = {"run": self._run.id, "key": key, "place": call.place, "target": call.target}
        first = call.target not in self._run.touched
        self.write("intent", place | {"request": msgspec.to_builtins(call)})
        sent = send(self._transport, call, key, self.halted, self._pause)
        outcome = {"status": sent.status, "problem": sent.problem, "excerpt": sent.excerpt, "sent": sent.was_sent}
        self.write("outcome", place | outcome | {"first": first})
        return sent
