"""The work of people on incidents: owner, snooze, notes, and deeds that can be undone.

It is a stage of its own in snapshots: an incident that nobody touched costs nothing. All of it follows from operator
actions in the journal.
"""

from __future__ import annotations

from math import inf
from typing import Any, ClassVar, Final, TypedDict

from aiops.engine.incidents.absorbed import Absorbed
from aiops.engine.incidents.clusters import Clusters
from aiops.engine.incidents.grouping_decisions import GroupingDecisions
from aiops.engine.incidents.handled import Deed, Handled, new_handled
from aiops.records import Incident, LastAction, Rejection, Remark

# Notes of one incident, the oldest dropped first: a page lists no more.
MAX_REMARKS: Final = 50
# Suggestions are five at a time, and others follow them.
MAX_REJECTIONS: Final = 20
# Deeds of one incident that can still be undone, and incidents under whose id its alerts were notified before.
MAX_DEEDS: Final = 10
MAX_ORIGINS: Final = 20
# Merges of people that can still be undone.
MAX_ABSORBED: Final = 200


class HandlingState(TypedDict):
    """The state of `Handling` in snapshots."""

    handled: list[Handled]
    absorbed: list[Absorbed]
    bound: dict[str, int]
    apart: list[tuple[int, int]]
    kept: list[int]


class Handling:
    """The work of people, by incident. `next_wake` is when the next snooze ends; infinity without one.

    `absorbed` are the incidents that people merged into others, by their ids, `grouping` what people decided on it.
    """

    STATE: ClassVar[Any] = HandlingState

    def __init__(self, clusters: Clusters) -> None:
        self.grouping = GroupingDecisions(clusters)
        self.by_incident: dict[str, Handled] = {}
        self.absorbed: dict[str, Absorbed] = {}
        self.next_wake = inf

    def of(self, incident: str) -> Handled:
        """Return what is kept of an incident, which may begin with that."""
        found = self.by_incident.get(incident)
        if found is None:
            found = self.by_incident[incident] = new_handled(incident)
        return found

    def forget(self, incident: str) -> None:
        """Drop what is kept of an incident."""
        self._take(incident)
        for name in [name for name, one in self.absorbed.items() if one.into == incident]:
            del self.absorbed[name]

    def _take(self, incident: str) -> Handled | None:
        found = self.by_incident.pop(incident, None)
        if found is not None and found.snoozed_until is not None:
            self._schedule()
        return found

    def unite(self, older: str, younger: str) -> None:
        """Let an incident have the notes of one that evidence merged into it, and its owner if it has none."""
        theirs = self._take(younger)
        for one in self.absorbed.values():
            if one.into == younger:
                one.into = older
        if theirs is not None:
            ours = self.of(older)
            ours.assigned_to = ours.assigned_to or theirs.assigned_to
            ours.remarks = sorted([*ours.remarks, *theirs.remarks])[-MAX_REMARKS:]
            self.known_as(older, theirs.origins)

    def absorb(self, absorbed: Absorbed) -> None:
        """Keep an incident that a person merged into another one, and let that one have its notes and origins."""
        name = absorbed.incident.id
        self.unite(absorbed.into, name)
        self.known_as(absorbed.into, [name])
        self.absorbed[name] = absorbed
        if len(self.absorbed) > MAX_ABSORBED:
            del self.absorbed[next(iter(self.absorbed))]

    def take_out(self, absorbed: Absorbed, into: str) -> None:
        """Keep again the work on an incident that is taken out of the one it was merged into; it is awake."""
        left = self.of(into)
        left.origins = [name for name in left.origins if name != absorbed.incident.id]
        del self.absorbed[absorbed.incident.id]
        absorbed.handled.snoozed_until = None
        self.by_incident[absorbed.incident.id] = absorbed.handled

    def remark(self, incident: str, at: float, actor: str, text: str) -> None:
        """Add a note."""
        found = self.of(incident)
        found.remarks = [*found.remarks, (at, actor, text)][-MAX_REMARKS:]

    def reject(self, incident: str, playbook: str, at: float, actor: str, reason: str) -> None:
        """Keep the rejection of a playbook; a later one of the same playbook replaces it."""
        found = self.of(incident)
        others = [one for one in found.rejections if one[0] != playbook]
        found.rejections = [*others, (playbook, at, actor, reason)][-MAX_REJECTIONS:]

    def accept(self, incident: str, playbook: str) -> None:
        """Drop the rejection of a playbook."""
        found = self.of(incident)
        found.rejections = [one for one in found.rejections if one[0] != playbook]

    def did(self, incident: str, deed: Deed) -> None:
        """Keep a deed that can be undone."""
        found = self.of(incident)
        found.deeds = [*found.deeds, deed][-MAX_DEEDS:]

    def drop(self, deed: Deed, incident: str) -> list[Handled]:
        """Drop the last deed of an incident, which the other part of a split has, too; return who had it."""
        holders = [
            one
            for one in self.by_incident.values()
            if one.deeds and one.deeds[-1].id == deed.id and (one.incident == incident or deed.verb == "split")
        ]
        for one in holders:
            one.deeds = one.deeds[:-1]
        return holders

    def drop_verb(self, incident: str, verb: str) -> None:
        """Drop the last deed of an incident if it is of that kind: something else has undone it."""
        deeds = self.of(incident).deeds
        if deeds and deeds[-1].verb == verb:
            self.of(incident).deeds = deeds[:-1]

    def leave(self, incident: str) -> None:
        """Let an incident that begins anew be nobody's."""
        found = self.by_incident.get(incident)
        if found is not None:
            found.assigned_to = ""

    def snooze(self, incident: str, until: float) -> None:
        """Send no news of an incident until a time."""
        self.of(incident).snoozed_until = until
        self._schedule()

    def end_snooze(self, incident: str) -> bool:
        """End the snooze of an incident; return False without one."""
        found = self.by_incident.get(incident)
        if found is None or found.snoozed_until is None:
            return False
        found.snoozed_until = None
        self._schedule()
        return True

    def wake(self, now: float) -> list[str]:
        """End the snoozes that are due; return their incidents, the one that ended first in front."""
        over = [one for one in self.by_incident.values() if one.snoozed_until is not None and one.snoozed_until <= now]
        over.sort(key=lambda one: (one.snoozed_until or 0.0, one.incident))
        for one in over:
            one.snoozed_until = None
        self._schedule()
        return [one.incident for one in over]

    def known_as(self, incident: str, others: list[str]) -> None:
        """Note incidents as parts of which alerts of this one were notified."""
        found = self.of(incident)
        known = dict.fromkeys([*found.origins, *others])
        known.pop(incident, None)
        found.origins = list(known)[-MAX_ORIGINS:]

    def origins_of(self, incident: str) -> list[str]:
        """Return the incidents as parts of which alerts of this one were notified."""
        found = self.by_incident.get(incident)
        return found.origins if found is not None else []

    def describe(self, record: Incident) -> None:
        """Set owner, snooze and notes in the record of an incident."""
        found = self.by_incident.get(record.id)
        if found is None:
            return
        record.assigned_to, record.snoozed_until = found.assigned_to or None, found.snoozed_until
        record.notes = [Remark(*one) for one in found.remarks]
        record.rejected = [Rejection(*one) for one in found.rejections]
        record.split_from = found.split_from or None
        if found.deeds:
            last = found.deeds[-1]
            record.last_action = LastAction(last.id, last.verb, last.actor, last.at)

    def set_back(self, now: float) -> None:
        """Count deeds ahead of `now` as `now`: engine time was set back.

        A snooze ends at the time that its answer named.
        """
        for one in (*self.by_incident.values(), *(each.handled for each in self.absorbed.values())):
            for deed in one.deeds:
                deed.at = min(deed.at, now)

    def dump(self) -> HandlingState:
        """State for a snapshot."""
        grouping = self.grouping
        return {
            "handled": list(self.by_incident.values()),
            "absorbed": list(self.absorbed.values()),
            "bound": grouping.bound,
            "apart": list(grouping.apart),
            "kept": list(grouping.kept),
        }

    def load(self, state: HandlingState) -> None:
        """Take the state of a `dump`."""
        self.by_incident = {one.incident: one for one in state["handled"]}
        self.absorbed = {one.incident.id: one for one in state["absorbed"]}
        grouping = self.grouping
        grouping.bound = state["bound"]
        grouping.apart, grouping.kept = dict.fromkeys(state["apart"]), dict.fromkeys(state["kept"])
        self._schedule()

    def _schedule(self) -> None:
        times = (one.snoozed_until for one in self.by_incident.values() if one.snoozed_until is not None)
        self.next_wake = min(times, default=inf)
