"""The objects that the steps of a plan would change, as they were read: an approval is bound to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from aiops.errors import AiopsError
from aiops.respond.calls import Call, StepState
from aiops.respond.gate import PlanGate
from aiops.respond.run_states import step_place
from aiops.respond.step_registry import kind_named
from aiops.step_kinds.exchange import Observed, Reply, StepRefused
from aiops.step_kinds.observing import bounded, differences
from aiops.step_kinds.taking import checked, holes

# A plan with more steps than this that change something is read in part, and cannot be approved.
MAX_STATES = 100


class Looked(Struct):
    """The values that reads found for the change, and what they show of its object."""

    known: dict[str, Any]
    observed: Observed


class _Unread(AiopsError):
    """Raised for a read that was not answered as expected."""


def observe(call: Call, read: Callable[[int, Mapping[str, Any]], Reply]) -> Looked:
    """Make the reads of a call; `read` sends one, by its number, with the values of those before it."""
    kind, replies, known = kind_named(call.kind), list[Reply](), dict[str, Any]()
    for number, _ in enumerate(call.reads):
        replies.append(read(number, known))
        if number + 1 == len(call.reads) or holes(call.reads[number + 1]):
            known = kind.found(call, "read", replies)
    seen = bounded(kind.observed(call, replies)) if replies and kind.observes else Observed()
    return Looked(known, seen)


def observing(calls: Sequence[Call]) -> list[Call]:
    """Return the steps whose objects are read for a plan."""
    return [call for call in calls if call.phase == "step" and call.reads and _observes(call)]


def read_states(calls: Sequence[Call], gate: PlanGate) -> list[StepState]:
    """Read the objects of all steps that observe; nothing is changed. What cannot be read has its problem.

    An object that an earlier step changes is read once: what the later step finds is not known yet.
    """
    found, objects = list[StepState](), dict[str, StepState]()
    for call in observing(calls)[:MAX_STATES]:
        first = objects.get(call.reads[0].url)
        if first is None:
            found.append(objects.setdefault(call.reads[0].url, _read(call, gate)))
        else:
            same = Observed(subject=first.observed.subject, managed=first.observed.managed)
            found.append(StepState(call.place, call.target, call.name, same, after=first.name))
    return found


def unread(calls: Sequence[Call], why: str) -> list[StepState]:
    """Return the states of steps that were not read, with the reason."""
    return [_state(call, Observed(), why, "state_unread") for call in observing(calls)[:MAX_STATES]]


def by_place(states: Sequence[StepState]) -> dict[str, StepState]:
    """Return states by the place of their steps."""
    return {step_place(one.place, one.target): one for one in states}


def changes(before: Sequence[StepState], after: Sequence[StepState]) -> list[str]:
    """Return what differs between two readings of one plan, in words."""
    known, found = by_place(before), list[str]()
    for place, now in by_place(after).items():
        was = known.get(place)
        if was is None:
            found.append(f"{now.name} on {now.target} was not read")
        else:
            found += [f"{now.name} on {now.target}: {one}" for one in differences(was.observed, now.observed)]
    return found


def _observes(call: Call) -> bool:
    try:
        return kind_named(call.kind).observes
    except AiopsError:
        return False


def _read(call: Call, gate: PlanGate) -> StepState:
    def read(number: int, values: Mapping[str, Any]) -> Reply:
        sent = gate.read(call, number, values)
        if sent.problem is not None:
            raise _Unread(sent.problem)
        return sent.reply()

    try:
        looked = observe(call, read)
        checked(call.taken, looked.known)
    except StepRefused as refused:
        return _state(call, Observed(), str(refused), "step_refused")
    except AiopsError as error:
        return _state(call, Observed(), f"it could not be read: {error}", "state_unread")
    return _state(call, looked.observed)


def _state(call: Call, observed: Observed, problem: str = "", code: str = "") -> StepState:
    return StepState(call.place, call.target, call.name, observed, problem, code)
