"""Authority: who may approve, promote, roll back and release, and the reasons that these need.

Stopping is the safe direction: whoever may write may stop anything, with or without a reason. What lets something run
needs a person who answers for it, with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiops.errors import UsageError
from aiops.respond.format import Playbook
from aiops.respond.guards import scopes
from aiops.respond.history import GLOBAL
from aiops.respond.run_states import NO_REASON
from aiops.respond.steps import can_run


class ReasonMissing(UsageError):
    """Raised if what needs a reason came without one."""


class Authority:
    """The authority of people over the playbooks of a catalogue; `groups` has the members of each group."""

    def __init__(self, playbooks: Mapping[str, Playbook], groups: Mapping[str, Sequence[str]]) -> None:
        self._playbooks, self._groups = playbooks, groups

    def groups_of(self, actor: str) -> list[str]:
        """Return the groups that an actor belongs to."""
        return [name for name, members in self._groups.items() if actor in members]

    def scope_of(self, scope: str, *, engaged: bool) -> str:
        """Return a scope as the catalogue has it; raise `UsageError` for one that stops nothing.

        A stop is not refused for its capitals or the blanks around it, where only one scope can be meant.
        """
        owners = {owner for playbook in self._playbooks.values() for owner in playbook.owners}
        known = [GLOBAL, *sorted(owners), *(f"playbook:{name}" for name in self._playbooks)]
        if scope in known:
            return scope
        meant = {one for one in known if one.casefold() == scope.strip().casefold()} if engaged else set[str]()
        if len(meant) == 1:
            return meant.pop()
        raise UsageError(f"expected a scope of the catalogue ({', '.join(known[:10])} …); got {scope[:100]!r}")

    def may_release(self, scope: str, actor: str) -> None:
        """Raise `UsageError` if an actor may not release the switch of a playbook or an owner.

        It lets playbooks run again: it needs an approver of each of them, or a member of the owning group. The global
        switch leaves each of these to its own switches and approvals.
        """
        if scope == GLOBAL or (scope in self.groups_of(actor) and not scope.startswith("playbook:")):
            return
        stopped = [one for one in self._playbooks.values() if scope in scopes(one)]
        # A playbook that only people carry out names nobody, and nothing of it could run.
        able = [one for one in stopped if can_run(one.steps)]
        for playbook in able or stopped:
            try:
                may_approve(playbook, actor, self.groups_of(actor))
            except UsageError as error:
                member = "" if scope.startswith("playbook:") else f", as may members of the group {scope!r}"
                raise UsageError(f"{actor or 'nobody'} may not release {scope}: {error}{member}") from None


def may_approve(playbook: Playbook, actor: str, groups: Sequence[str], approvers: Sequence[str] = ()) -> None:
    """Raise `UsageError` if an actor, with the groups it belongs to, is no approver of a playbook.

    `approvers` are those of a step that names its own.
    """
    allowed = set(approvers or playbook.approval.approvers)
    if not actor or not allowed.intersection({actor, f"user:{actor}", *groups}):
        known = f"{', '.join(sorted(allowed))} may" if allowed else "it names no approvers"
        raise UsageError(f"{actor or 'nobody'} may not approve {playbook.name}; {known}")


def required_reason(reason: str, what: str) -> str:
    """Return a reason without blanks around it; raise `ReasonMissing` if it has no letter or digit.

    >>> required_reason(' it was a drill ', 'a release')
    'it was a drill'
    """
    if not any(character.isalnum() for character in reason):
        raise ReasonMissing(f"{what} needs a reason in words (got {reason[:40]!r}): the audit trail keeps it")
    return reason.strip()


def optional_reason(reason: str) -> str:
    """Return the reason of a stop or a demotion, which is never refused for the want of one."""
    return reason.strip() if any(character.isalnum() for character in reason) else NO_REASON
