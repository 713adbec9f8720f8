"""Reversibility of a playbook: no run starts without a person unless all that it does can be undone."""

from __future__ import annotations

from collections.abc import Collection

from aiops.respond.approval_kind import ApprovalStep
from aiops.respond.calls import by_hand, executable
from aiops.respond.format import Playbook
from aiops.respond.step_registry import kind_of, name_of
from aiops.step_kinds.forms import Form


def before_approval(playbook: Playbook) -> list[Form]:
    """Return the steps of a run before people approve its rest; all of them without such a step."""
    steps = executable(playbook.steps)
    first = next((number for number, step in enumerate(steps) if isinstance(step, ApprovalStep)), len(steps))
    return steps[:first]


def irreversible(playbook: Playbook, vouched: Collection[str] = ()) -> str | None:
    """Return why a run of a playbook could not be undone; None if it can be.

    The table of a step's kind decides, never the playbook. Of a kind that cannot know, such as `http`, the operator may
    vouch that the playbook's own rollback undoes it: `vouched` names these playbooks. What follows a step at which
    people approve is theirs: only the steps before the first one must be undoable.
    """
    alone = before_approval(playbook)
    if not playbook.reversible and len(alone) == len(executable(playbook.steps)):
        return "it is not declared reversible"
    if manual := by_hand(playbook.rollback):
        return f"step {manual[0]!r} of its rollback is manual"
    unknown = next((step for step in alone if not kind_of(step).effect(step).reversible), None)
    if unknown is None:
        return None
    if not playbook.rollback:
        return f"step {unknown.name!r} cannot be undone, and the playbook has no rollback"
    if playbook.name in vouched:
        return None
    kind = f"its kind {name_of(unknown)!r} does not promise that"
    return f"step {unknown.name!r} may not be undone: {kind} (respond.auto.reversible vouches for the rollback)"
