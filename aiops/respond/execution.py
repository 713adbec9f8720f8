"""One run: its preconditions and steps in the order of its plan, each recorded before and after."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct, field

from aiops.errors import AiopsError
from aiops.respond.approval_kind import APPROVAL
from aiops.respond.calls import Call, StepState
from aiops.respond.gate import PlanGate
from aiops.respond.history import Run, RunState, step_place
from aiops.respond.local_kinds import NOTIFY, notice_of
from aiops.respond.run_progress import NOT_FOLLOWED
from aiops.respond.sending import Sent
from aiops.respond.states import by_place, observe
from aiops.respond.step_registry import kind_named
from aiops.step_kinds.exchange import Observed, Poll, Reply, Request
from aiops.step_kinds.observing import differences
from aiops.step_kinds.taking import checked, for_trail, of_clock

Write = Callable[[str, dict[str, Any]], None]
Keyed = tuple[Call, str]


State = TypeVar("State", bound=str)


class Outcome(Struct, Generic[State]):
    """The outcome of steps: those that were answered, with their results, and those not begun.

    `unknown` are those that may still have an effect: not answered, or accepted and not followed to their end.
    """

    state: State
    why: str
    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    # Why it was refused, for machines.
    code: str = ""
    # The step at which the run waits for people.
    waits: Call | None = None


class Execution:
    """Makes the steps of a run through its gate; `halted` returns the reason for stopping."""

    def __init__(
        self,
        run: Run,
        gate: PlanGate,
        write: Write,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        states: Sequence[StepState] = (),
    ) -> None:
        # What its steps change, as it was read for the plan.
        self._states = by_place(states)
        self._run, self._gate, self.write = run, gate, write
        self._clock, self._monotonic = clock, monotonic
        self.halted = gate.halted

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
        return self._steps(steps, left, [])

    def resume(self, calls: Sequence[Keyed], done: Sequence[str]) -> Outcome[RunState]:
        """Send the remaining steps of a run that waited; `done` are those before."""
        return self._steps(calls, [str(call) for call, _ in calls], list(done))

    def _steps(self, steps: Sequence[Keyed], left: list[str], done: list[str]) -> Outcome[RunState]:
        for number, (call, key) in enumerate(steps):
            if call.url == APPROVAL:
                if (stopped := self.halted()) is not None:
                    return Outcome("stopped", stopped, done, left[number:])
                return Outcome("waiting", f"for an approval: {call.name}", done, left[number:], waits=call)
            sent = self.send(call, key)
            if not sent.was_sent:
                return self._unsent(sent, done, left[number:])
            text = f"{call}: {sent.problem or ('accepted' if call.poll is None else 'done')}"
            unknown = [text] if sent.is_unknown else []
            if sent.problem is not None:
                state: RunState = "stopped" if sent.stopped or self.halted() else "failed"
                return Outcome(state, text, done if unknown else [*done, text], left[number + 1 :], unknown)
            done.append(text)
        stopped = self.halted()
        # The last step was accepted, but whoever stopped it meanwhile did not want it to have an effect.
        return Outcome("stopped", stopped, done) if stopped else Outcome("executed", done[-1] if done else "", done)

    def _unsent(self, sent: Sent, done: list[str], left: list[str]) -> Outcome[RunState]:
        # A change that was refused for what was read is no failure of the playbook, unless it leaves half of it done.
        refused = bool(sent.code) and not self._run.touched
        state: RunState = "stopped" if sent.stopped else "refused" if refused else "failed"
        return Outcome(state, sent.problem or "", done, left, code=sent.code)

    def check(self, call: Call) -> Sent:
        """Send a check that changes nothing; only its result is recorded."""
        sent = self._gate.change(call, {})
        if sent.was_sent and sent.problem is None:
            sent.problem = self._judged(call, sent)
        self._recorded(call, call, sent)
        return sent

    def send(self, call: Call, key: str, values: Mapping[str, Any] | None = None) -> Sent:
        """Make one change of a run: the intent is on disk before, the outcome after.

        `values` are those that an earlier step took, for a request that undoes it. What comes before the change and
        does not go as expected prevents it; what comes after decides whether it worked.
        """
        if (stopped := self._gate.halted()) is not None:
            return Sent(f"not sent: {stopped}", False, stopped)
        try:
            known = dict(values or {}) | self._before(call)
            # The clock last: reads and dry runs take seconds.
            known |= {} if call.undoes else of_clock(call.taken, self._clock())
            self._gate.filled(call, call, known)
        except _NotMade as why:
            return why.sent
        except AiopsError as error:
            return Sent(f"not sent: {error}", False)
        sent, known = self._change(call, key, known)
        if sent.was_sent and sent.problem is None:
            self._after(call, key, sent, known)
        return sent

    def _before(self, call: Call) -> dict[str, Any]:
        """Read, and try the change without making it; return what the reads found."""

        def read(number: int, values: Mapping[str, Any]) -> Reply:
            return self._recorded(call, call.reads[number], self._gate.read(call, number, values)).reply()

        kind, looked = kind_named(call.kind), observe(call, read)
        known = looked.known
        if kind.observes and call.reads:
            self._compare(call, looked.observed)
        if call.dry_run is not None:
            timed = known | of_clock(call.taken, self._clock())
            tried = self._recorded(call, call.dry_run, self._gate.dry_run(call, timed))
            kind.rehearsed(call, known, tried.reply())
        return known

    def _compare(self, call: Call, observed: Observed) -> None:
        """Raise `_NotMade` unless the object is as it was read for the plan."""
        if call.phase != "step":
            # What the run did to it cannot have been read before. What would undo the rollback, must have been.
            if observed.managed and observed.managed not in {one.observed.managed for one in self._states.values()}:
                raise _NotMade(Sent(f"not sent: it is managed by {observed.managed}", False, code="gitops_managed"))
            return
        planned = self._states.get(step_place(call.place, call.target))
        if planned is None or planned.problem:
            raise _NotMade(Sent("not sent: it was not read for the plan", False, code="state_unread"))
        if found := differences(planned.observed, observed, changed_by_us=bool(planned.after)):
            why = f"not sent: changed since the plan was made: {'; '.join(found)}; a new plan is needed"
            raise _NotMade(Sent(why, False, code="changed_since_plan"))

    def _change(self, call: Call, key: str, known: dict[str, Any]) -> tuple[Sent, dict[str, Any]]:
        place = {"run": self._run.id, "key": key, "place": call.place, "target": call.target}
        first = call.touches and call.target not in self._run.touched
        found = {"taken": for_trail(call.taken, known)} if known else {}
        self.write("intent", place | {"request": msgspec.to_builtins(call)} | found)
        sent = self._gate.change(call, known, key)
        if sent.was_sent and sent.problem is None:
            known, sent.problem = self._taken(call, sent, known)
            sent.unsure = sent.problem is not None
        outcome: dict[str, Any] = {
            "status": sent.status,
            "problem": sent.problem,
            "excerpt": sent.excerpt,
            "sent": sent.was_sent,
        }
        outcome |= {"unsure": True} if sent.is_unknown else {}
        answered: dict[str, Any] = {"taken": for_trail(call.taken, known)} if known else {}
        if call.url == NOTIFY and sent.problem is None:
            # The runner has people notified of what an entry states, also after a crash.
            answered |= {"incident": self._run.incident, "say": notice_of(call.body)}
        self.write("outcome", place | outcome | {"first": first} | answered)
        return sent, known

    def _taken(self, call: Call, sent: Sent, known: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        """Return what is known after the change was accepted, and the problem if its answer lacks something."""
        wanted = [name for name, one in call.taken.items() if one.source == "change"]
        if not wanted or call.undoes:
            return known, None
        try:
            found = kind_named(call.kind).found(call, "change", [sent.reply()])
            known |= checked(call.taken, {name: found[name] for name in wanted if name in found})
        except AiopsError as error:
            return known, f"accepted, but its answer cannot be used: {error}"
        lacking = [call.taken[name].what for name in wanted if name not in known]
        if lacking and sent.cut:
            return known, f"accepted, but {sent.cut_text}"
        return known, f"accepted, but its answer lacks {lacking[0]}" if lacking else None

    def _after(self, call: Call, key: str, sent: Sent, known: dict[str, Any]) -> None:
        """Find out whether an accepted change worked; its problem goes into `sent`."""
        if call.undoes:
            return
        if call.poll is None:
            sent.problem = self._judged(call, sent)
            sent.unsure = bool(sent.problem and sent.cut)
            return
        polled, count = self._polled(call, call.poll, known)
        sent.problem, sent.stopped, sent.unsure = polled.problem, polled.stopped, polled.unsure
        self._recorded(call, call.poll.request, polled, {"key": key, "count": count, "unsure": polled.unsure})

    def _polled(self, call: Call, poll: Poll, known: dict[str, Any]) -> tuple[Sent, int]:
        began, count, why = self._monotonic(), 0, "no answer yet"
        # The count bounds it where time stands still, as in a test.
        while count * poll.every_s <= poll.limit_s and self._monotonic() - began <= poll.limit_s:
            self._gate.pause(poll.every_s)
            if (stopped := self._gate.halted()) is not None:
                return Sent(f"{NOT_FOLLOWED}: {stopped}", True, stopped, unsure=True), count
            sent, count = self._gate.poll(call, known), count + 1
            if sent.stopped is not None:
                continue
            if sent.status == 0 or sent.status >= 500 or sent.status == 429:
                # The system may be busy with the very change: its silence proves nothing.
                why = sent.problem or why
                continue
            progress = kind_named(call.kind).progress(call, sent.reply())
            if sent.cut and sent.problem is None and progress.state != "done":
                why = sent.cut_text
                continue
            if progress.state != "working":
                sent.problem = None if progress.state == "done" else progress.why or "it failed"
                return sent, count
            why = progress.why or "it is still working"
        return Sent(f"accepted, and not done within {poll.limit_s:g} s: {why}", True, unsure=True), count

    def _judged(self, call: Call, sent: Sent) -> str | None:
        try:
            progress = kind_named(call.kind).progress(call, sent.reply())
        except AiopsError as error:
            return str(error)
        if progress.state == "done":
            return None
        return sent.cut_text if sent.cut else progress.why or f"it is {progress.state}"

    def _recorded(self, call: Call, request: Request, sent: Sent, more: Mapping[str, Any] | None = None) -> Sent:
        """Record a request that changed nothing; raise `_NotMade` if it prevents the change that follows it."""
        if sent.was_sent:
            place = {"run": self._run.id, "place": call.place, "target": call.target}
            came = {"status": sent.status, "problem": sent.problem, **(more or {})}
            plain = msgspec.to_builtins(request)
            self.write("asked", place | came | {"request": plain if request is call else {"name": call.name, **plain}})
        if sent.problem is not None and request is not call and more is None:
            name = "its dry run" if request is call.dry_run else "the read before it"
            raise _NotMade(Sent(f"not sent: {name} failed: {sent.problem}", False, sent.stopped))
        return sent


class _NotMade(Exception):
    """Raised if something prevents a change."""

    def __init__(self, sent: Sent) -> None:
        self.sent = sent
