"""Undo: the last action of a person on an incident, within an hour and if nothing contradicts it.

An action that cannot be undone is refused with the reason, and with what helps instead.
"""

from __future__ import annotations

from collections.abc import Callable

from aiops.engine.acted_incident import acted_incident, actor_of
from aiops.engine.arrival import Moment
from aiops.engine.incidents.absorbed import Absorbed
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.handled import Deed
from aiops.engine.incidents.lifecycle import lasted_s
from aiops.engine.incidents.regrouping import Regrouping
from aiops.engine.incidents.state import IncidentState
from aiops.engine.regrouping_actions import RegroupingActions
from aiops.engine.work_actions import UPDATED, reopen
from aiops.errors import UsageError
from aiops.records import Action
from aiops.wording import duration, plural

# An action that has stood for longer has had its effects: people were called off, tools were closed.
UNDO_S = 3_600.0

Undo = Callable[[Deed, IncidentState, ClusterState, Action, Moment], str]


class UndoActions:
    """Undoes actions on incidents that the engine remembers."""

    def __init__(self, actions: RegroupingActions) -> None:
        self.incidents = actions.incidents
        self.handling = actions.incidents.handling
        self.lessons = actions.lessons
        self.regrouping: Regrouping = actions.regrouping
        self._verbs: dict[str, Undo] = {
            "acknowledge": self._acknowledge,
            "assign": self._assign,
            "snooze": self._snooze,
            "unsnooze": self._unsnooze,
            "resolve": self._resolve,
            "merge": self._merge,
            "split": self._split,
            "confirm_grouping": self._confirm_grouping,
            "reject_playbook": self._reject_playbook,
            "mark": self._mark,
        }

    def undo(self, action: Action, moment: Moment) -> str:
        """Undo the last deed in an incident, or the one that `args.action` names if it is the last."""
        incident, cluster, now = acted_incident(self.incidents, action)
        deed = self._deed(incident, action, now)
        if moment.now - deed.at > UNDO_S:
            ago = duration(moment.now - deed.at)
            raise UsageError(f"{now}{deed.verb} by {deed.actor} was {ago} ago: it can be undone for {duration(UNDO_S)}")
        # Dropped first: the changes that follow show what can be undone next.
        holders = self.handling.drop(deed, incident.id)
        try:
            answer = self._verbs[deed.verb](deed, incident, cluster, action, moment)
        except UsageError:
            for one in holders:
                one.deeds = [*one.deeds, deed]
            raise
        done, notified, rest = answer.partition("; ")
        answer = f"{done}{self.lessons.undone(deed.id)}{notified}{rest}"
        return answer if deed.before.get("incident") == action.incident else now + answer

    def _deed(self, incident: IncidentState, action: Action, now: str) -> Deed:
        deeds = self.handling.of(incident.id).deeds
        wanted = action.args.get("action", "")
        if not deeds:
            raise UsageError(f"{now}nothing to undo: no action of a person on {incident.id} that can be undone")
        if not wanted and action.incident != incident.id:
            # It was merged, and is named itself: that is what is to be undone.
            found = [one for one in deeds if one.verb == "merge" and one.before.get("incident") == action.incident]
            wanted = found[-1].id if found else ""
            if not found:
                raise UsageError(f"{now}{(action.incident or '')[:80]} was not merged by a person: it stays there")
        last = deeds[-1]
        if not wanted or wanted == last.id:
            return last
        if any(one.id == wanted for one in deeds):
            raise UsageError(f"{now}{last.verb} by {last.actor} came after it: undo that first")
        raise UsageError(
            f"{now}$.args.action: expected the id of an action on {incident.id} that can be undone "
            f"({', '.join(self._verbs)}); got {wanted[:80]!r}"
        )

    def _reject_playbook(
        self, deed: Deed, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment
    ) -> str:
        playbook = deed.before["playbook"]
        self.handling.accept(incident.id, playbook)
        self.incidents.announce(incident, cluster, moment.now, ("updated", ["rejected"]), moment)
        return f"{playbook} is suggested again"

    def _mark(self, deed: Deed, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment) -> str:
        label, by = deed.before.get("mark", ""), actor_of(action)
        self.incidents.noise.mark(incident.id, label, (moment.now, by), lasted_s(cluster))
        self.incidents.announce(incident, cluster, moment.now, ("updated", ["marked"]), moment)
        return f"marked as {label} again" if label else "no longer marked"

    def _confirm_grouping(
        self, deed: Deed, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment
    ) -> str:
        self._said(incident, f"{actor_of(action)} undid the judgement of its grouping", ["grouping"], moment)
        return "the judgement of its grouping is undone"

    def _acknowledge(
        self, deed: Deed, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment
    ) -> str:
        if incident.status != "acknowledged":
            raise UsageError(f"{incident.id} is {incident.status} by now: an acknowledgement of it cannot be undone")
        by = actor_of(action)
        _unacknowledge(incident)
        self._said(incident, f"{deed.actor} is no longer on it, by {by}", ["status"], moment)
        return f"acknowledgement by {deed.actor} undone, nobody is on it; {UPDATED}"

    def _assign(
        self, deed: Deed, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment
    ) -> str:
        if incident.status == "resolved":
            raise UsageError(f"{incident.id} is resolved by now: its assignment cannot be undone")
        handled = self.handling.of(incident.id)
        handled.assigned_to = deed.before.get("to", "")
        if deed.before.get("acknowledged") and incident.status == "acknowledged":
            _unacknowledge(incident)
        owner = handled.assigned_to or "nobody"
        self._said(incident, f"assigned to {owner} again by {actor_of(action)}", ["status", "assigned"], moment)
        return f"assigned to {owner} again; {UPDATED}"

    def _snooze(
        self, deed: Deed, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment
    ) -> str:
        if self.handling.of(incident.id).snoozed_until is None:
            raise UsageError("the snooze has ended by now: there is nothing to undo")
        self.handling.end_snooze(incident.id)
        until = float(deed.before.get("until") or 0.0)
        if until > moment.now:
            self.handling.snooze(incident.id, until)
        if deed.before.get("acknowledged"):
            _unacknowledge(incident)
        self._said(incident, f"snooze undone by {actor_of(action)}", ["status", "snoozed"], moment)
        return f"snooze by {deed.actor} undone; {UPDATED}"

    def _unsnooze(
        self, deed: Deed, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment
    ) -> str:
        until = float(deed.before.get("until") or 0.0)
        if incident.status == "resolved" or until <= moment.now:
            raise UsageError("the time of that snooze has passed, or the incident is resolved: snooze it anew")
        self.handling.snooze(incident.id, until)
        self._said(incident, f"snoozed again by {actor_of(action)}", ["snoozed"], moment)
        return f"snoozed again as before; {UPDATED}"

    def _resolve(
        self, deed: Deed, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment
    ) -> str:
        if incident.status != "resolved" or not incident.ended_by_hand:
            raise UsageError(f"{incident.id} is {incident.status}, and not by that action any more: nothing to undo")
        return reopen(self.incidents, incident, cluster, actor_of(action), moment)

    def _merge(self, deed: Deed, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment) -> str:
        name = deed.before.get("incident", "")
        absorbed = self.handling.absorbed.get(name)
        if absorbed is None:
            raise UsageError(f"the merge of {name[:80]} was too many merges ago: split its alerts out instead")
        _check_whole(absorbed, incident, cluster)
        self.regrouping.take_out(absorbed, cluster, actor_of(action), moment)
        handled = self.handling.of(incident.id)
        if handled.assigned_to == absorbed.handled.assigned_to:
            handled.assigned_to = deed.before.get("to", "")
        came = plural(len(absorbed.members), "alert stream")
        return (
            f"{name} is an incident of its own again, with the {came} of then; endpoints that got its end get a quiet "
            "message, and nobody is called"
        )

    def _split(self, deed: Deed, incident: IncidentState, cluster: ClusterState, action: Action, moment: Moment) -> str:
        made = self.incidents.by_id.get(deed.before.get("incident", ""))
        part = self.incidents.clusters.of(made.cluster) if made is not None else None
        whole = self.incidents.by_id.get(self.handling.of(made.id).split_from) if made is not None else None
        target = self.incidents.clusters.of(whole.cluster) if whole is not None else None
        if made is None or part is None or whole is None or target is None or target is part:
            raise UsageError("one of the two parts was merged or forgotten by now: merge what is left instead")
        by = actor_of(action)
        for one in (made, whole):
            if one.status == "resolved" and one.ended_by_hand:
                raise UsageError(f"{one.resolved_by} resolved {one.id}: reopen it first, then the split can be undone")
        if whole.status == "resolved":
            # No person resolved it; it resolves again unless something of the part fires.
            reopen(self.incidents, whole, target, by, moment)
        ended = made.status == "resolved"
        self.regrouping.merge(target, part, by, moment)
        self.handling.absorbed.pop(made.id, None)
        news = "nobody gets its end again" if ended else f"endpoints that know {made.id} get its end"
        return f"{made.id} is a part of {whole.id} again; {news}, and nobody is called"

    def _said(self, incident: IncidentState, said: str, what: list[str], moment: Moment) -> None:
        self.incidents.note(incident, said)
        self.incidents.updated(incident, what, moment, said)


def _unacknowledge(incident: IncidentState) -> None:
    if incident.status == "acknowledged":
        incident.status = "open"
    incident.was_acknowledged, incident.acknowledged_by = False, ""


def _check_whole(absorbed: Absorbed, incident: IncidentState, cluster: ClusterState) -> None:
    """Raise `UsageError` if it is not known, or no longer true, what came with an incident."""
    name = absorbed.incident.id
    if incident.status == "resolved":
        raise UsageError(f"{incident.id} is resolved by now: {name} cannot be taken out; reopen it first")
    if not absorbed.is_whole:
        raise UsageError(
            f"{name} had more alert streams than are kept one by one: what came with it is not known any more"
        )
    gone = [number for number in absorbed.members if number not in cluster.members]
    if gone:
        raise UsageError(
            f"{plural(len(gone), 'alert stream')} of {name} left {incident.id} since: split the others out instead"
        )
    if len(absorbed.members) == len(cluster.members):
        raise UsageError(f"nothing else is left in {incident.id}: {name} is all of it")
