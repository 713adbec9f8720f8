"""All requests of a run, prepared once and in order, and the digest that an approval covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from aiops.errors import UsageError
from aiops.respond.format import Playbook
from aiops.respond.parameters import Values
from aiops.respond.step_registry import kind_of, name_of, system_of
from aiops.respond.steps import Check, Manual, Step
from aiops.step_kinds.exchange import Observed, Prepared, Request
from aiops.step_kinds.forms import Form
from aiops.step_kinds.systems import System
from aiops.step_kinds.taking import faults

Phase = Literal["precondition", "step", "verify", "rollback"]
Systems = Mapping[str, System]
# 128 bits: an attacker who writes alerts could otherwise try parameters until two plans have one id.
ID_CHARS = 32
# Increased whenever the content of the digest changes; earlier approvals are then void.
_FORM = "aiops plan 2"


class Call(Prepared, omit_defaults=True, kw_only=True):
    """One step of a run on one target: its change, and all that may be sent with it.

    `place` is its step, such as `step 0`. `undoes` is the place of the step that this request of a rollback undoes; it
    is sent only if that step was.
    """

    phase: Phase
    place: str
    name: str
    target: str
    # The trails of earlier releases have no kind: all their requests were judged by their status.
    kind: str = "http"
    undoes: str = ""
    # False for a step that changes nothing on its target, such as a pause: it gives no reason for a rollback.
    touches: bool = True

    def __str__(self) -> str:
        kind = "" if self.phase == "step" else f"{self.phase} "
        return f"{kind}{self.name} on {self.target}"


class StepState(Struct, omit_defaults=True):
    """The object of a step on a target, as it was read for a plan.

    `problem` is why it could not be, or why its kind refuses the change, with its `code`.
    `after` names an earlier step of the plan that changes the same object: only its identity is known before that.
    """

    place: str
    target: str
    name: str
    observed: Observed = field(default_factory=Observed)
    problem: str = ""
    code: str = ""
    after: str = ""


def calls_of(
    playbook: Playbook, targets: Sequence[str], values: Sequence[Values], systems: Systems | None = None
) -> list[Call]:
    """Return every request of a run, in order: preconditions, steps, checks, rollback.

    The rollback begins with the last target. It has the playbook's own steps, then what undoes the steps, last one
    first. A target that lacks a value has no requests, nor has a step whose system is not configured. Raise
    `UsageError` for a value that does not fit its place.
    """
    ready = [(target, one) for target, one in zip(targets, values, strict=True) if not one.missing]
    parts: list[tuple[Phase, Sequence[Step | Check]]] = [
        ("precondition", playbook.preconditions),
        ("step", playbook.steps),
        ("verify", playbook.verify),
        ("rollback", playbook.rollback),
    ]
    made: list[Call] = []
    for phase, steps in parts:
        for target, one in reversed(ready) if phase == "rollback" else ready:
            mine = list(_calls(phase, steps, target, one, systems or {}))
            made += mine
            if phase == "rollback":
                made += _undoing(made, target, len(executable(steps)))
    return made


def executable(steps: Sequence[Step | Check]) -> list[Form]:
    """Return the steps that a run can execute."""
    return [step for step in steps if isinstance(step, Form)]


def by_hand(steps: Sequence[Step | Check]) -> list[str]:
    """Return the names of the manual steps."""
    return [step.name for step in steps if isinstance(step, Manual)]


def missing_system(step: Form, systems: Systems) -> str | None:
    """Explain that the system of a step is not configured; None if it is, or if the step needs none."""
    wanted = system_of(step)
    if wanted is None:
        return None
    name, kind = wanted
    if kind == "exec" and name not in systems:
        return "programs are not run: name those that may be in respond.exec"
    found = systems.get(name)
    if found is None:
        return f"system {name!r} is not configured: add [respond.systems.{name}] with kind = {kind!r}"
    if found.kind != kind:
        return f"step {step.name!r} needs a system of kind {kind!r}; {name!r} is of kind {found.kind!r}"
    return None


def digest(
    playbook: Playbook, incident: str, targets: Sequence[str], values: Sequence[Values], calls: Sequence[Call]
) -> str:
    """Return the digest of a plan: playbook, incident, targets, values and ordered requests."""
    given = [[one.values, one.missing] for one in values]
    return _hashed([_FORM, playbook, incident, list(targets), given, list(calls)])[:ID_CHARS]


def bound(base: str, states: Sequence[StepState]) -> str:
    """Return the id of a plan: its digest, bound to what its steps would change, as it was read."""
    return _hashed([_FORM, base, list(states)])[:ID_CHARS] if states else base


def continuation_id(run: str, plan: str, step: str, nonce: str, states: Sequence[StepState]) -> str:
    """Return the id of the rest of a waiting run: bound to plan, step and what was read, unguessable."""
    return bound(_hashed([_FORM, run, plan, step, nonce])[:ID_CHARS], states)


def key_of(playbook: Playbook, incident: str, call: Call) -> str:
    """Return the idempotency key of a request; a repeat for the same incident has the same key."""
    return _hashed([playbook.name, playbook.version, incident, call])


def body_of(playbook: Playbook) -> str:
    """Return the digest of what a playbook does: evidence for one body is none for another.

    Texts for people and tests do not count; conditions, parameters, steps, checks and the rollback do.
    """
    parts = [playbook.match, playbook.parameters, playbook.preconditions, playbook.steps, playbook.verify]
    return _hashed([_FORM, playbook.name, *parts, playbook.rollback])[:ID_CHARS]


def _calls(
    phase: Phase, steps: Sequence[Step | Check], target: str, values: Values, systems: Systems
) -> Iterator[Call]:
    for index, step in enumerate(executable(steps)):
        if missing_system(step, systems) is None:
            yield _call(phase, f"{phase} {index}", step, target, values, systems)


def _call(phase: Phase, place: str, step: Form, target: str, values: Values, systems: Systems) -> Call:
    kind, wanted = kind_of(step), system_of(step)
    made = kind.prepare(step, values.values, systems[wanted[0]] if wanted is not None else None)
    where: dict[str, Any] = {"phase": phase, "place": place, "name": step.name, "target": target}
    call = Call(**_fields(made), **where, kind=name_of(step), touches=kind.effect(step).blast != "none")
    parts = [call, call.dry_run, call.undo, *call.reads, call.poll.request if call.poll is not None else None]
    if any(one is not None and one.url.startswith("aiops:") and one.url != f"aiops:{call.kind}" for one in parts):
        raise UsageError(f"kind of step {call.kind!r}: it may use no URL of a step of this daemon")
    for fault in faults(call, kind.poll_method):
        raise UsageError(f"kind of step {call.kind!r}: {fault}")
    if phase in ("precondition", "verify") and (made.reads or made.dry_run or made.poll or made.undo or made.taken):
        raise UsageError(f"kind of step {call.kind!r}: a {phase} must be one request")
    return call


def _undoing(calls: Sequence[Call], target: str, first: int) -> Iterator[Call]:
    """Yield what undoes the steps on a target, the last one first; `first` is the number of its place."""
    steps = [call for call in reversed(calls) if call.phase == "step" and call.target == target and call.undo]
    for number, call in enumerate(steps, first):
        assert call.undo is not None
        where: dict[str, Any] = {
            "phase": "rollback",
            "place": f"rollback {number}",
            "name": f"undo {call.name}",
            "target": target,
        }
        yield Call(**_fields(call.undo), taken=call.taken, **where, kind=call.kind, undoes=call.place)


def _fields(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


def _hashed(parts: object) -> str:
    return sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()
