"""During a storm, alerts that stand alone are grouped in a few incidents, one for each failure domain."""

from __future__ import annotations

from collections.abc import Mapping

from aiops.engine.arrival import Arrival, Moment
from aiops.engine.events import ClusterMerged, Notice
from aiops.engine.incidents.announced import Said, said_as
from aiops.engine.incidents.assignment import Assignment
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.episodes import REPEAT
from aiops.engine.incidents.lifecycle import said_of
from aiops.engine.incidents.storm import MAX_RESERVED, Storms, new_tally
from aiops.engine.incidents.triage import Triage
from aiops.records import Severity
from aiops.wording import plural

GROUPED = "gathered in a storm: it would have opened an incident of its own"


class StormGrouping:
    """The incidents of storms; `storms` knows when there is one."""

    def __init__(self, storms: Storms, assignment: Assignment, triage: Triage) -> None:
        self.storms = storms
        self.assignment = assignment
        self.triage = triage
        self.episodes = assignment.episodes
        self.clusters = assignment.clusters
        self.incidents = assignment.episodes.incidents

    def group(self, arrival: Arrival) -> None:
        """Decide an alert that would open an incident of its own: it joins one of the storm's instead."""
        if not self.storms.active or not self._stands_alone(arrival) or not self.triage.opens(arrival):
            return
        # Only a number that the correlator has just given is free for a cluster.
        number = arrival.result.cluster if arrival.result.new_cluster else -1
        cluster = self._find(arrival.alert.labels, number, arrival.at)
        if cluster is None:
            return
        arrival.cluster = cluster
        arrival.repeats = arrival.verdict != "new" and self.clusters.home(arrival.stream) is cluster
        self.episodes.join(arrival)
        self._add(cluster, said_as(arrival.stream, arrival.severity), arrival)
        arrival.stream.background = None
        if arrival.repeats:
            arrival.place("duplicate", cluster, REPEAT)
        else:
            arrival.place("incident", cluster, GROUPED)

    def is_reserved(self, labels: Mapping[str, str], level: int) -> bool:
        """Return true if an alert opens its own incident in a storm, as it is worse than the storm's incident."""
        if level < Severity.HIGH or self.storms.reserved >= MAX_RESERVED:
            return False
        cluster = self._known(self.storms.domain(labels))
        return cluster is not None and level > cluster.severity

    def take(self, cluster: ClusterState, moment: Moment) -> None:
        """Make a whole cluster part of one of the storm's incidents, or the first of a new one."""
        first = next(iter(cluster.members.values()))
        domain = self.storms.domain(first.labels)
        storm = self._known(domain)
        if storm is None:
            storm = cluster
            self._begin(storm, domain)
        assert storm.storm is not None
        for member in cluster.members.values():
            storm.storm.count(member.name, member.entity, member.count)
        said = [said_of(member) for member in cluster.members.values()]
        if storm is not cluster:
            self.clusters.absorb(storm, cluster)
            moment.out.append(ClusterMerged(moment.seq, cluster.number, storm.number, GROUPED))
        self._add(storm, said[0], moment)
        for one in said[1:]:
            self.incidents.joined(storm, one, moment.now, moment, True)

    def end(self, moment: Moment) -> None:
        """End the storm; its incidents end as any others."""
        count, incidents = self.storms.grouped, len(self.storms.clusters)
        self.storms.end()
        text = f"the storm has ended: {plural(count, 'alert')} grouped into {plural(incidents, 'incident')}"
        moment.out.append(Notice(moment.seq, "storm", text))

    def _stands_alone(self, arrival: Arrival) -> bool:
        """Return true if no known cluster takes the alert in, and it is not worse than the storm's incident."""
        result = arrival.result
        if result.merged or self.clusters.of(result.cluster) is not None:
            return False
        if self.is_reserved(arrival.alert.labels, arrival.severity):
            return False
        is_tied = result.new_member and not result.new_cluster
        return self.storms.groups(is_tied, arrival.now) and self.assignment.old_home(arrival) is None

    def _find(self, labels: Mapping[str, str], number: int, at: float) -> ClusterState | None:
        """Return the cluster that alerts with such labels are grouped in.

        A new one of `number` where there is none.
        """
        domain = self.storms.domain(labels)
        cluster = self._known(domain)
        if cluster is None and number >= 0:
            cluster = self.clusters.open(number, at)
            self._begin(cluster, domain)
        return cluster

    def _add(self, cluster: ClusterState, said: Said, moment: Moment) -> None:
        """Add an alert, as it is named, to the incident of a storm's cluster."""
        self.storms.wanted(moment.now)
        if cluster.incident is None:
            self.incidents.open(cluster, moment.now, moment, self.storms.reason())
        else:
            self.incidents.grew(cluster, -1, moment.now)
            self.incidents.joined(cluster, said, moment.now, moment, True)

    def _known(self, domain: str) -> ClusterState | None:
        number = self.storms.clusters.get(domain)
        cluster = self.clusters.by_number.get(number) if number is not None else None
        return cluster if cluster is not None and cluster.incident is not None else None

    def _begin(self, cluster: ClusterState, domain: str) -> None:
        cluster.storm = new_tally(domain)
        # It is held together by no evidence, which the correlator could lose.
        cluster.closed = True
        self.storms.clusters[domain] = cluster.number
