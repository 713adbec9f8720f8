"""Actions of people on the grouping: merge an incident into another one, split alerts out of it."""

from __future__ import annotations

from aiops.engine.acted_incident import acted_incident, actor_of, check_members, ids_in, named_incident
from aiops.engine.arrival import Moment
from aiops.engine.grouping_lessons import GroupingLessons
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.handled import new_deed
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.merging import Merging
from aiops.engine.incidents.regrouping import Regrouping
from aiops.engine.incidents.state import IncidentState
from aiops.errors import UsageError
from aiops.records import Action
from aiops.wording import plural


class RegroupingActions:
    """Applies them to incidents that the engine remembers."""

    def __init__(self, incidents: Incidents, lessons: GroupingLessons) -> None:
        self.incidents = incidents
        self.lessons = lessons
        self.handling = incidents.handling
        self.regrouping = Regrouping(Merging(incidents))

    def merge(self, action: Action, moment: Moment) -> str:
        """Make an open incident a part of another open one, which stays."""
        incident, source, now = acted_incident(self.incidents, action)
        into = action.args.get("into", "")
        if not into:
            raise UsageError("$.args.into: expected the incident that stays; got none")
        target, cluster, _ = named_incident(self.incidents, into, "$.args.into")
        if target is incident:
            raise UsageError(f"{now}$.args.into: expected another incident; {into[:80]} is {incident.id} itself")
        for one, at in ((incident, source), (target, cluster)):
            _check_regroupable(one, at, now, "merged")
        by = actor_of(action)
        before = {"incident": incident.id, "to": self.handling.of(target.id).assigned_to}
        deed = new_deed(action.id, "merge", moment.now, by, **before)
        learned = self.lessons.merged(deed, target.id, cluster, source)
        self.handling.did(target.id, deed)
        self.regrouping.merge(cluster, source, by, moment)
        notified = f"endpoints that know {incident.id} get its end, and nobody is called"
        return f"{now}merged into {target.id}, which stays{learned}; {notified}"

    def split(self, action: Action, moment: Moment) -> str:
        """Make an incident of its own of some alert streams; later alerts of them go there."""
        incident, cluster, now = acted_incident(self.incidents, action)
        _check_regroupable(incident, cluster, now, "split")
        names = ids_in(action.args.get("alerts", ""))
        if not names:
            raise UsageError(f"{now}$.args.alerts: expected the ids of alerts; got none")
        check_members(cluster, names, now)
        members = members_named(cluster, names)
        if len(members) == len(cluster.members) and not cluster.overflow:
            raise UsageError(f"{now}$.args.alerts: expected some of its alerts; got all, and nothing would be left")
        deed = new_deed(action.id, "split", moment.now, actor_of(action))
        learned = self.lessons.parted(deed, incident.id, cluster, members)
        made = self.regrouping.split(cluster, members, deed, moment)
        return (
            f"{now}{plural(len(members), 'alert stream')} split out to {made.id}, where later alerts of them go"
            f"{learned}; endpoints that know {incident.id} get a quiet message, and nobody is called"
        )


def members_named(cluster: ClusterState, names: set[str]) -> list[int]:
    """Return the numbers of members that are named by alert or fingerprint."""
    return [
        member.number
        for member in cluster.members.values()
        if member.alert in names or member.fingerprint in names or not names.isdisjoint(member.streams)
    ]


def _check_regroupable(incident: IncidentState, cluster: ClusterState, now: str, what: str) -> None:
    if incident.status == "resolved":
        raise UsageError(f"{now}{incident.id} is resolved: only open incidents can be {what}; reopen it first")
    if cluster.storm is not None:
        raise UsageError(
            f"{now}{incident.id} groups what came during a storm, by kind and not one by one: it cannot be {what}"
        )
