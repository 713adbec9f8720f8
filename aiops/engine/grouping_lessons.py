"""Lessons of what people do to the grouping: merges, splits, and judgements of alerts.

`Lessons` weighs them; here they are made of incidents, and forgotten at the request of people. All follows from
operator actions in the journal.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiops.engine.correlate.lesson import MAX_SIDE, new_lesson
from aiops.engine.correlate.lessons import Lessons
from aiops.engine.correlate.state import Name
from aiops.engine.incidents.clusters import ClusterState, MemberState
from aiops.engine.incidents.handled import Deed
from aiops.errors import UsageError
from aiops.records import Action
from aiops.wording import plural

LEARNED = "; learned for alerts like these"
KNOWN = "; nothing new is learned from it"


class GroupingLessons:
    """Makes lessons of corrections, and forgets them."""

    def __init__(self, lessons: Lessons) -> None:
        self.lessons = lessons

    def merged(self, deed: Deed, incident: str, target: ClusterState, source: ClusterState) -> str:
        """Learn from a merge, before it is done; return what to add to the answer."""
        return self._learn(deed, incident, "merge", (list(target.members.values()), list(source.members.values())))

    def parted(self, deed: Deed, incident: str, cluster: ClusterState, numbers: list[int]) -> str:
        """Learn from a split, before it is done; return what to add to the answer."""
        part = dict.fromkeys(numbers)
        rest = [member for member in cluster.members.values() if member.number not in part]
        return self._learn(deed, incident, "split", (rest, [cluster.members[number] for number in numbers]))

    def judged(self, deed: Deed, incident: str, cluster: ClusterState, sides: tuple[list[int], list[int]]) -> str:
        """Learn which members belong to an incident, and which do not; return what to add to the answer.

        Without a choice of members that do, all others do.
        """
        right, wrong = (dict.fromkeys(numbers) for numbers in sides)
        chosen = [member for member in cluster.members.values() if member.number in right]
        parted = [member for member in cluster.members.values() if member.number in wrong]
        whole = [member for member in cluster.members.values() if member.number not in wrong]
        found = [self._learn(deed, incident, "wrong", (chosen or whole, parted))] if parted else []
        if chosen or not parted:
            found.append(self._learn(deed, incident, "belongs", (whole, chosen or whole)))
        return LEARNED if LEARNED in found else KNOWN

    def forget(self, action: Action) -> str:
        """Forget lessons by the id of their action, by their person, or all."""
        wanted, by = action.args.get("lesson", ""), action.args.get("by", "")
        if bool(wanted) == bool(by):
            raise UsageError("$.args: expected `lesson` (the id of one, or `all`) or `by` (a person), one of them")
        found = [one.id for one in self.lessons.all if wanted in ("all", one.id) or (by and one.by == by)]
        if not found:
            what = f"a lesson by {by[:80]!r}" if by else f"the id of a lesson that is kept; got {wanted[:80]!r}"
            raise UsageError(f"$.args: expected {what}; `aiops incidents lessons` lists them")
        return f"{plural(self.lessons.remove(found), 'lesson')} forgotten; open incidents stay as they are"

    def undone(self, deed: str) -> str:
        """Forget what an action taught that is undone; return what to add to the answer."""
        return ", and what it taught is forgotten" if self.lessons.remove([deed]) else ""

    def _learn(self, deed: Deed, incident: str, verb: str, sides: tuple[list[MemberState], list[MemberState]]) -> str:
        made = new_lesson(deed.id, verb, deed.at, deed.actor, incident)
        made.left, made.right = names_of(sides[0]), names_of(sides[1])
        return LEARNED if self.lessons.add(made) else KNOWN


def names_of(members: Iterable[MemberState]) -> list[Name]:
    """Return the streams of members, (kind, workload), the first that came, each once."""
    found = dict.fromkeys((member.name, member.workload or member.service or member.entity) for member in members)
    return list(found)[:MAX_SIDE]
