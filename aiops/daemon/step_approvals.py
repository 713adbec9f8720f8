"""Runs that wait for an approval in the middle: their rest, approvals, rejections and timeouts."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable

from msgspec import Struct

from aiops.daemon.plan_states import PlanStates
from aiops.engine.incident_view import CurrentIncident
from aiops.errors import AiopsError, UsageError
from aiops.respond.authority import required_reason
from aiops.respond.guard_case import World
from aiops.respond.history import MAX_RUNS, Run
from aiops.respond.runs import Runner
from aiops.respond.states import observing, unread
from aiops.respond.step_approvals import Continuation
from aiops.respond.switches import Watch
from aiops.telemetry.logs import log


class Host(Struct):
    """The rest of the runs of a daemon.

    `open` returns an incident that has not ended, `world` what is known of it, `groups_of` the groups of an actor.
    `begin` does work in a thread of its own, one of a key at a time, and returns False if it cannot begin.
    """

    open: Callable[[str], CurrentIncident]
    world: Callable[[CurrentIncident], World]
    groups_of: Callable[[str], list[str]]
    begin: Callable[..., bool]
    clock: Callable[[], float]


class StepRuns:
    """The waiting runs of one daemon; safe for many threads."""

    def __init__(self, runner: Runner, host: Host, states: PlanStates) -> None:
        self._runner, self._host, self._states = runner, host, states

    def continuation(self, run: str) -> Continuation:
        """Return what a waiting run would do next, with what its steps would change."""
        found = self._host.open(self._waiting(run).incident)
        world = self._host.world(found)
        made = self._runner.continuation(run, found.view, world)
        if made.refused is not None or not observing(made.requests):
            return made
        states = self._states.get(made.id, lambda: self._runner.read_rest(run, found.view, world))
        if states is None:
            states = unread(made.requests, "it is being read: look again in a moment")
        return self._runner.continuation(run, found.view, world, states)

    def listed(self) -> list[Continuation]:
        """Return what the waiting runs would do next; one whose incident has ended can only be rejected."""
        found = []
        for run in list(self._runner.history.runs.values())[::-1][:MAX_RUNS]:
            if run.state == "waiting":
                with contextlib.suppress(AiopsError):
                    found.append(self.continuation(run.id))
        return found

    def approve(self, run: str, approval: str, actor: str) -> tuple[Continuation, bool]:
        """Approve the rest of a waiting run, of the id `approval`; return it, and True if it continues."""
        known = self._waiting(run)
        watch, found = self._runner.watch(known.playbook), self._host.open(known.incident)
        world, groups = self._host.world(found), self._host.groups_of(actor)
        made, enough = self._runner.approve_step(run, found.view, world, actor, groups, approval, watch)
        return made, enough and self._host.begin(self._resume, run, made.id, watch, key=run)

    def reject(self, run: str, actor: str, reason: str) -> Run:
        """End a waiting run; what it did is rolled back in a thread of its own."""
        known = self._waiting(run)
        if not actor:
            raise UsageError("a rejection needs the name of its person")
        reason, watch = required_reason(reason, "a rejection"), self._runner.watch(known.playbook)
        if not self._host.begin(self._runner.reject_step, run, actor, self._host.clock(), reason, watch, key=run):
            raise UsageError(f"run {run} cannot be ended now, as others are under way: try again")
        return known

    def expire(self) -> None:
        """End the runs that nobody approved in time."""
        now = self._host.clock()
        for run in self._runner.overdue(now):
            self._host.begin(self._runner.time_out, run.id, now, self._runner.watch(run.playbook), key=run.id)

    def _resume(self, run: str, approval: str, watch: Watch) -> None:
        found = self._host.open(self._waiting(run).incident)
        done = self._runner.resume(run, found.view, self._host.world(found), approval, watch)
        log(logging.INFO, f"a run that waited for an approval: {done.state}", run=run, steps=done.done)

    def _waiting(self, run: str) -> Run:
        known = self._runner.history.runs.get(run)
        if known is None or known.state != "waiting":
            raise UsageError(f"expected a run that waits for an approval; got {run[:80]!r}")
        return known
