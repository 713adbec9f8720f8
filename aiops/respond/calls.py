"""All requests of a run, rendered once and in order, and the digest that an approval covers."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

import msgspec

from aiops.respond.format import Playbook
from aiops.respond.parameters import Values
from aiops.respond.rendering import Request, request
from aiops.respond.steps import Check, Executable, Http, Manual, Step, Webhook

Phase = Literal["precondition", "step", "verify", "rollback"]
# 128 bits: an attacker who writes alerts could otherwise try parameters until two plans have one id.
ID_CHARS = 32
# Increased whenever the content of the digest changes; earlier approvals are then void.
_FORM = "aiops plan 1"


class Call(Request, omit_defaults=True, kw_only=True):
    """One request of a run.

    `place` is its step, such as `step 0`; `attempts` is the number of times it may be sent.
    """

    phase: Phase
    place: str
    name: str
    target: str
    attempts: int = 1

    def __str__(self) -> str:
        kind = "" if self.phase == "step" else f"{self.phase} "
        return f"{kind}{self.name} on {self.target}"


def calls_of(playbook: Playbook, targets: Sequence[str], values: Sequence[Values]) -> list[Call]:
    """Return every request of a run, in order: preconditions, steps, checks, rollback.

    The rollback begins with the last target. A target that lacks a value has no requests. Raise `UsageError` for a
    value that does not fit its place.
    """
    ready = [(target, one) for target, one in zip(targets, values, strict=True) if not one.missing]
    parts: list[tuple[Phase, Sequence[Step | Check]]] = [
        ("precondition", playbook.preconditions),
        ("step", playbook.steps),
        ("verify", playbook.verify),
        ("rollback", playbook.rollback),
    ]
    return [
        _call(phase, f"{phase} {index}", step, target, one)
        for phase, steps in parts
        for target, one in (reversed(ready) if phase == "rollback" else ready)
        for index, step in enumerate(executable(steps))
    ]


def executable(steps: Sequence[Step | Check]) -> list[Executable]:
    """Return the steps that a run can send."""
    return [step for step in steps if isinstance(step, Http | Webhook)]


def by_hand(steps: Sequence[Step | Check]) -> list[str]:
    """Return the names of the manual steps."""
    return [step.name for step in steps if isinstance(step, Manual)]


def digest(
    playbook: Playbook, incident: str, targets: Sequence[str], values: Sequence[Values], calls: Sequence[Call]
) -> str:
    """Return the id of a plan: a digest of playbook, incident, targets, values and ordered requests."""
    given = [[one.values, one.missing] for one in values]
    return _hashed([_FORM, playbook, incident, list(targets), given, list(calls)])[:ID_CHARS]


def key_of(playbook: Playbook, incident: str, call: Call) -> str:
    """Return the idempotency key of a request; a repeat for the same incident has the same key."""
    return _hashed([playbook.name, playbook.version, incident, call])


def _call(phase: Phase, place: str, step: Executable, target: str, values: Values) -> Call:
    made = request(step, values.values)
    attempts = step.attempts if step.idempotent else 1
    given = {name: getattr(made, name) for name in Request.__struct_fields__}
    return Call(**given, phase=phase, place=place, name=step.name, target=target, attempts=attempts)


def _hashed(parts: object) -> str:
    return sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()
