"""Merges of clusters, and of their incidents: the older incident continues."""

from __future__ import annotations

from aiops.engine.arrival import Arrival, Moment
from aiops.engine.events import ClusterMerged, ClusterPromoted, IncidentChanged
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.incident_record import MAX_LISTED
from aiops.engine.incidents.lifecycle import Incidents
from aiops.engine.incidents.state import IncidentState, take_findings


class Merging:
    """Merges clusters with their incidents."""

    def __init__(self, incidents: Incidents) -> None:
        self.incidents = incidents
        self.clusters = incidents.clusters
        self.grouping = incidents.handling.grouping

    def merge_all(self, target: ClusterState, arrival: Arrival) -> None:
        """Merge the clusters that the correlator found to be one with the cluster of an alert."""
        for number, reason in arrival.result.merged:
            self.merge(target, number, reason, arrival)

    def merge(self, target: ClusterState, number: int, reason: str, moment: Moment) -> None:
        """Merge the cluster of a number, with its incident, into another."""
        source = self.clusters.of(number)
        if source is target or target.storm is not None or (source is not None and source.storm is not None):
            # What was grouped during a storm is held together by no evidence, and pulls nothing else in.
            return
        if source is None:
            # It held nothing but repeats that were counted where their episodes are.
            moment.out.append(ClusterMerged(moment.seq, number, target.number, reason))
            return
        if self.grouping.apart and self.grouping.are_apart(target, source):
            self._refuse(source)
            return
        self._merge_incidents(target, source, reason, moment)
        self.clusters.merge(target, source)
        merged = self.incidents.of(target)
        if merged is not None:
            # Both may have returned before; that is no return now.
            merged.returns = target.return_count()
        moment.out.append(ClusterMerged(moment.seq, source.number, target.number, reason))

    def _refuse(self, source: ClusterState) -> None:
        """Leave a cluster where a person put it, although the correlator has it no more.

        Its own streams return to it; what is new joins the other cluster.
        """
        source.closed = True
        for number in source.members:
            self.clusters.moved[number] = source.number

    def _merge_incidents(self, target: ClusterState, source: ClusterState, reason: str, moment: Moment) -> None:
        """Join the incidents of two clusters before `source` is merged into `target`."""
        incidents = self.incidents
        ours = incidents.of(target)
        theirs = incidents.of(source)
        if theirs is None:
            return
        if ours is None:
            target.incident = theirs.id
            theirs.cluster = target.number
            moment.out.append(ClusterPromoted(moment.seq, target.number, theirs.id, reason))
            return
        older, younger = (
            (ours, theirs) if (ours.opened_at, ours.id) <= (theirs.opened_at, theirs.id) else (theirs, ours)
        )
        older.cluster = target.number
        target.incident = older.id
        older.merged_from = [*older.merged_from, *younger.merged_from, younger.id][-MAX_LISTED:]
        older.changed = True
        take_findings(older, younger)
        # Those who know the older one alone learn what the younger was about with the alert that joins the two.
        older.unsaid = older.named.take(younger.named) or older.unsaid
        incidents.note(older, f"{younger.id} was merged into it: {reason}")
        self.end(younger, older, source if younger is theirs else target, moment)
        incidents.handling.unite(older.id, younger.id)
        if older.status == "resolved" and younger.status != "resolved":
            # The merged clusters are one only after this: what still fires is as severe, and as known, as it was.
            older.severity = max(older.severity, younger.severity)
            older.is_return, older.was_acknowledged = False, younger.status == "acknowledged"
            incidents.reopen(older, target, moment.now, moment)
        else:
            incidents.schedule_rank(older, moment.now)

    def end(self, younger: IncidentState, older: IncidentState, cluster: ClusterState, moment: Moment) -> None:
        """End an incident as a part of another one."""
        incidents, at = self.incidents, moment.now
        was_open = younger.status != "resolved"
        del incidents.by_id[younger.id]
        incidents.ended.pop(younger.id, None)
        incidents.open_count -= was_open
        incidents.noise.merged(younger.id)
        younger.version += 1
        record = incidents.records.make(younger, cluster, at)
        record.status, record.merged_into, record.resolved_at = "merged", older.id, at
        moment.out.append(IncidentChanged(moment.seq, at, "merged", record, younger.version, ["status"]))
