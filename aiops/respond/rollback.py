"""Rollback of every target that a run touched, the last one first.

With a kill switch engaged a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiops.respond.execution import Execution, Keyed, Outcome
from aiops.respond.history import History, RollbackState, Run, RunState, step_place


class Rollback:
    """The rollback of one run; `calls` are those of its plan.

    `history` has the keys of requests that were accepted before, and which steps were sent, with what they took.
    """

    def __init__(
        self, run: Run, execution: Execution, calls: Sequence[Keyed], by_hand: Sequence[str], history: History
    ) -> None:
        self._run, self._execution = run, execution
        self._calls, self._by_hand, self._history = calls, by_hand, history

    def after(self, outcome: Outcome[RunState]) -> None:
        """End a run; roll back its targets if a step failed."""
        state, needed = outcome.state, self._is_needed() and outcome.state in ("failed", "stopped")
        # What may still be under way is not undone beside it: a person looks first.
        unsure = state == "stopped" or bool(outcome.unknown) or self._execution.halted() is not None
        waits = needed and (unsure or not self._mine())
        done: dict[str, Any] = {"done": outcome.done, "left": outcome.left, "unknown": outcome.unknown}
        done |= {"code": outcome.code} if outcome.code else {}
        self._end(state, outcome.why, "waiting" if waits else "running" if needed else "", done)
        if needed and not waits:
            self._go("aiops")

    def after_waiting(self, why: str, actor: str, *, page: bool) -> None:
        """End a run that people did not let continue; roll back what it did, or call somebody to what stays."""
        run, needed = self._run, self._is_needed()
        waits = needed and (self._execution.halted() is not None or not self._mine())
        stays = bool(run.touched) and not needed
        why = f"{why}; what it did stays: check it" if stays else why
        data = {"done": run.done, "left": run.left, "actor": actor}
        state = "waiting" if waits else "running" if needed else ""
        self._end("stopped", why, state, data, page=page or waits or stays)
        if needed and not waits:
            self._go("aiops")

    def after_verification(self, unsure: str) -> None:
        """End a run whose steps were accepted and did not help; `unsure` explains why a person must decide."""
        needed = self._is_needed()
        waits = needed and (bool(unsure) or self._execution.halted() is not None or not self._mine())
        why = f"verification: {unsure}" if unsure else "verification"
        self._end("failed", why, "waiting" if waits else "running" if needed else "", {})
        if needed and not waits:
            self._go("aiops")

    def by_a_person(self, actor: str, reason: str = "") -> None:
        """Roll back a run whose rollback waited for a person."""
        data: dict[str, Any] = {"run": self._run.id, "state": "running", "why": "", "actor": actor, "reason": reason}
        data |= {"undoing": self._undoing()}
        self._execution.write("rollback", data)
        self._go(actor)

    def _is_needed(self) -> bool:
        return bool(self._run.touched) and bool(self._mine() or self._by_hand)

    def _mine(self) -> list[Keyed]:
        """Return what remains to be sent for touched targets; a step that was not sent is not undone."""
        rolled, taken = self._history.rolled, self._history.taken.get(self._run.id, {})
        touched = [one for one in self._calls if one[0].target in self._run.touched and one[1] not in rolled]
        return [one for one in touched if not one[0].undoes or step_place(one[0].undoes, one[0].target) in taken]

    def _undoing(self) -> list[str]:
        return [str(call) for call, _ in self._mine()]

    def _end(self, state: str, why: str, rollback: str, more: dict[str, Any], *, page: bool = False) -> None:
        run = self._run
        data = {"run": run.id, "incident": run.incident, "state": state, "why": why, "rollback": rollback, **more}
        data |= {"undoing": self._undoing()} if rollback == "running" else {}
        if state in ("failed", "stopped", "refused"):
            waits = "; its rollback waits for a person" if rollback == "waiting" else ""
            data["say"] = f"run {run.id} of {run.playbook} {state}: {why}{waits}"
            # Nobody was there to see it, or somebody has to decide.
            data["page"] = page or (state == "failed" and (run.by == "engine" or rollback == "waiting"))
        self._execution.write("ended", data)

    def _go(self, actor: str) -> None:
        """Undo as much as possible: a request that fails does not prevent the others."""
        run, found = self._run, Outcome[RollbackState]("done", "")
        calls, taken = self._mine(), self._history.taken.get(run.id, {})
        for number, (call, key) in enumerate(calls):
            sent = self._execution.send(call, key, taken.get(step_place(call.undoes, call.target)))
            if not sent.was_sent and sent.stopped:
                found.state, found.why = "waiting", sent.stopped
                found.left = [str(left) for left, _ in calls[number:]]
                break
            text = f"{call}: {sent.problem or 'accepted'}"
            (found.unknown if sent.is_unknown else found.done).append(text)
            if sent.problem is not None:
                found.state, found.why = "failed", text
        if found.state == "done" and self._by_hand:
            found.state, found.why = "waiting", f"for a person: {', '.join(self._by_hand)}"
        notice = f"rollback of run {run.id} of {run.playbook}: {found.state}" + (f", {found.why}" if found.why else "")
        data = {"run": run.id, "incident": run.incident, "state": found.state, "why": found.why, "actor": actor}
        self._execution.write(
            "rollback", data | {"done": found.done, "left": found.left, "unknown": found.unknown, "say": notice}
        )
