"""Regrouping by people: incidents are merged, and parts are split out; the engine keeps to it.

Every alert stays accounted for: whole members move, with their counts. Nobody is called: endpoints that know the alerts
from another incident get a quiet message.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from aiops.engine.arrival import Moment
from aiops.engine.events import ClusterMerged, ClusterPromoted, ClusterSplit, IncidentChanged
from aiops.engine.incidents.absorbed import Absorbed, absorbed_of
from aiops.engine.incidents.clusters import ClusterState, count_entities
from aiops.engine.incidents.handled import Deed
from aiops.engine.incidents.incident_record import MAX_LISTED
from aiops.engine.incidents.merging import Merging
from aiops.engine.incidents.state import IncidentState, drop_findings, take_findings
from aiops.records import Severity
from aiops.wording import plural


class Regrouping:
    """Merges, splits and takes apart again; its callers check what may be done."""

    def __init__(self, merging: Merging) -> None:
        self.merging = merging
        self.incidents = merging.incidents
        self.clusters = merging.clusters
        self.handling = merging.incidents.handling
        self.grouping = merging.incidents.handling.grouping

    def merge(self, target: ClusterState, source: ClusterState, by: str, moment: Moment) -> None:
        """Make the incident of `source` a part of the one of `target`, whichever is older."""
        ours, theirs = self.incidents.of(target), self.incidents.of(source)
        assert ours is not None
        assert theirs is not None
        handled = self.handling.of(theirs.id)
        absorbed = absorbed_of(theirs, handled, source, ours.id)
        reason = f"{by} merged {theirs.id} into it"
        self.merging.end(theirs, ours, source, moment)
        self.grouping.reunite(target, source)
        self.grouping.bind(source.members.values(), target.number)
        self.grouping.keep(target)
        self.clusters.merge(target, source)
        moment.out.append(ClusterMerged(moment.seq, source.number, target.number, reason))
        self.handling.absorb(absorbed)
        ours.merged_from = [*ours.merged_from, *theirs.merged_from, theirs.id][-MAX_LISTED:]
        ours.named.take(theirs.named)
        take_findings(ours, theirs)
        self._changed(ours, target, f"{reason}, with {plural(len(absorbed.members), 'alert stream')}", moment)

    def split(self, source: ClusterState, members: list[int], deed: Deed, moment: Moment) -> IncidentState:
        """Make an incident of members of a cluster; return it. The deed stands with both incidents."""
        by = deed.actor
        ours = self.incidents.of(source)
        assert ours is not None
        part = self._part(source, members, f"{by} split it out", moment)
        self.grouping.part(source, part)
        self.incidents.open(part, moment.now, moment, f"{by} split it from {ours.id}")
        made = self.incidents.by_id[part.incident or ""]
        self.handling.of(made.id).split_from = ours.id
        deed.before["incident"] = made.id
        for one in (ours, made):
            self.handling.did(one.id, deed)
        self.handling.known_as(made.id, [*self.handling.origins_of(ours.id), ours.id])
        event = next(one for one in reversed(moment.out) if isinstance(one, IncidentChanged))
        self.handling.describe(event.incident)
        event.origins = self.handling.origins_of(made.id)
        event.by_person, event.said = True, f"{by} split it from {ours.id}"
        said = f"{by} split {plural(len(members), 'alert stream')} out to {made.id}"
        self._changed(ours, source, said, moment, ["members", "grouping"])
        return made

    def take_out(self, absorbed: Absorbed, cluster: ClusterState, by: str, moment: Moment) -> None:
        """Take an incident out of the one that a person merged it into, with exactly what came with it."""
        ours, theirs = self.incidents.of(cluster), absorbed.incident
        assert ours is not None
        reason = f"{by} took {theirs.id} out of it again"
        self.grouping.release(cluster)
        part = self._part(cluster, absorbed.members, reason, moment)
        self._lead_back(absorbed, cluster, part, moment)
        self.grouping.part(cluster, part)
        self.handling.take_out(absorbed, ours.id)
        if any(one.into == ours.id for one in self.handling.absorbed.values()):
            self.grouping.keep(cluster)
        gone = {theirs.id, *theirs.merged_from}
        ours.merged_from = [name for name in ours.merged_from if name not in gone]
        drop_findings(ours, theirs)
        self._revive(theirs, part, by, ours.id, moment)
        moment.out.append(ClusterPromoted(moment.seq, part.number, theirs.id, reason))
        self._changed(ours, cluster, reason, moment)

    def _part(self, source: ClusterState, members: list[int], reason: str, moment: Moment) -> ClusterState:
        """Move members to a cluster of their own; the number of an action's record is free for it."""
        part = self.clusters.split(source, moment.seq, members)
        assert part is not None
        # The correlator knows nothing of it.
        part.closed = True
        self.grouping.bind(part.members.values(), part.number)
        moment.out.append(ClusterSplit(moment.seq, source.number, part.number, list(part.members), reason))
        if not source.overflow:
            left = source.members.values()
            source.severity = max(member.severity for member in left)
            source.opened_at = min(member.first_at for member in left)
            source.last_at = max(member.last_at for member in left)
        return part

    def _lead_back(self, absorbed: Absorbed, cluster: ClusterState, part: ClusterState, moment: Moment) -> None:
        """Let the clusters of an incident that is taken out lead to it again."""
        for number in absorbed.clusters:
            if self.clusters.of(number) is cluster and number != cluster.number:
                if number in cluster.aliases:
                    cluster.aliases.remove(number)
                self.clusters.alias[number] = part.number
                part.aliases.append(number)
                moment.out.append(ClusterMerged(moment.seq, number, part.number, "its alerts were taken out again"))

    def _revive(self, incident: IncidentState, part: ClusterState, by: str, into: str, moment: Moment) -> None:
        incidents = self.incidents
        part.incident, part.background = incident.id, None
        incident.cluster = part.number
        incidents.by_id[incident.id] = incident
        incidents.open_count += 1
        incident.severity, incident.entities = part.severity, count_entities(part)
        incident.returns, incident.changed = part.return_count(), True
        incident.resolve_due = incident.rank_due = incident.news_due = None
        # Its entry in the queue of what is due was dropped, or is void.
        incident.queued_at = inf
        said = f"{by} took it out of {into} again"
        incidents.note(incident, said)
        incidents.schedule_rank(incident, moment.now)
        if part.firing <= 0:
            incidents.quiet(part, moment.now, moment.now)
        event = incidents.announce(incident, part, moment.now, ("reopened", ["status"]), moment)
        event.by_person, event.said = True, said

    def _changed(
        self,
        incident: IncidentState,
        cluster: ClusterState,
        said: str,
        moment: Moment,
        what: Sequence[str] = ("members",),
    ) -> None:
        """Announce an incident whose alerts a person changed; its severity is that of what it has now."""
        incidents = self.incidents
        if cluster.severity > incident.severity and cluster.severity >= Severity.CRITICAL:
            self.handling.end_snooze(incident.id)
        incident.severity = cluster.severity
        incident.changed = True
        incidents.note(incident, said)
        incidents.schedule_rank(incident, moment.now)
        if cluster.firing <= 0:
            incidents.quiet(cluster, moment.now, moment.now)
        event = incidents.announce(incident, cluster, moment.now, ("updated", list(what)), moment)
        event.by_person, event.said = True, said
