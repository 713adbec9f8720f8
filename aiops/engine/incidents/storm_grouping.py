"""Opens incidents, unless there is a storm: then alerts that stand alone are gathered in the few incidents of it."""

from __future__ import annotations

from collections.abc import Mapping

from aiops.engine.config import IncidentConfig
from aiops.engine.events import ClusterMerged, Event, Notice
from aiops.engine.incidents.announced import Said
from aiops.engine.incidents.clusters import Clusters, ClusterState
from aiops.engine.incidents.lifecycle import Incidents, said_of
from aiops.engine.incidents.storm import MAX_RESERVED, Storms, Tally
from aiops.records import Severity
from aiops.wording import plural

GATHERED = "gathered in a storm: it would have opened an incident of its own"


class Gatherer:
    """The incidents of storms; `storms` says when there is one."""

    def __init__(self, config: IncidentConfig, clusters: Clusters, incidents: Incidents) -> None:
        self.storms = Storms(config)
        self.clusters = clusters
        self.incidents = incidents

    def open(self, cluster: ClusterState, seq: int, at: float, now: float, out: list[Event], why: str) -> None:
        """Open the incident of a cluster; it may be the one that makes it a storm.

        In a storm, what evidence ties together opens one, too, but only so many; what comes then is gathered, unless it
        is worse than what the storm's incident says.
        """
        if self.storms.active:
            if self.is_reserved(next(iter(cluster.members.values())).labels, cluster.severity):
                self.storms.reserved += 1
            elif self.storms.gathers(True, now):
                self._gather(cluster, seq, now, out)
                return
        self.incidents.open(cluster, seq, at, out, why)
        if self.storms.opens(now):
            out.append(Notice(seq, "storm", f"a storm begins: {self.storms.reason()}"))

    def is_reserved(self, labels: Mapping[str, str], level: int) -> bool:
        """Whether an alert opens its own incident in a storm, being worse than what the storm's incident says."""
        if level < Severity.HIGH or self.storms.reserved >= MAX_RESERVED:
            return False
        cluster = self._known(self.storms.domain(labels))
        return cluster is not None and level > cluster.severity

    def cluster(self, labels: Mapping[str, str], number: int | None, at: float) -> ClusterState | None:
        """The cluster that alerts with such labels are gathered in; a new one of that number where there is none."""
        domain = self.storms.domain(labels)
        cluster = self._known(domain)
        if cluster is None and number is not None:
            cluster = self.clusters.open(number, at)
            self._begin(cluster, domain)
        return cluster

    def gathered(self, cluster: ClusterState, said: Said, seq: int, now: float, out: list[Event]) -> None:
        """An alert was gathered in a storm's cluster; `said` is how it is named."""
        self.storms.wanted(now)
        if cluster.incident is None:
            self.incidents.open(cluster, seq, now, out, self.storms.reason())
        else:
            self.incidents.joined(cluster, seq, now, out, said, fresh=True, new_member=True)

    def merge(self, target: ClusterState, number: int, why: str, seq: int, now: float, out: list[Event]) -> None:
        """Merge the cluster of a number, with its incident, into another."""
        source = self.clusters.of(number)
        if source is target or target.storm is not None or (source is not None and source.storm is not None):
            # What was gathered in a storm is held together by no evidence, and pulls nothing else in.
            return
        if source is None:
            # It held nothing but repeats that were counted where their episodes are.
            out.append(ClusterMerged(seq, number, target.number, why))
            return
        self.incidents.merge(target, source, seq, now, why, out)
        self.clusters.merge(target, source)
        out.append(ClusterMerged(seq, source.number, target.number, why))

    def lasted(self, cluster: ClusterState, due: float, now: float, seq: int, out: list[Event]) -> None:
        """A lone warning has lasted: an incident, or in a storm a part of one of its incidents."""
        if self.storms.gathers(False, now):
            self._gather(cluster, seq, now, out)
        else:
            self.open(cluster, seq, due, now, out, "a lone warning that lasted")

    def _gather(self, cluster: ClusterState, seq: int, now: float, out: list[Event]) -> None:
        """Let a whole cluster be a part of one of the storm's incidents, or the first of a new one."""
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
            self.clusters.gather(storm, cluster)
            out.append(ClusterMerged(seq, cluster.number, storm.number, GATHERED))
        self.gathered(storm, said[0], seq, now, out)
        for one in said[1:]:
            self.incidents.joined(storm, seq, now, out, one, fresh=True)

    def calm(self, seq: int, out: list[Event]) -> None:
        """The storm is over; its incidents end by themselves, as any."""
        count, incidents = self.storms.gathered, len(self.storms.clusters)
        self.storms.end()
        text = f"the storm is over: {plural(count, 'alert')} gathered in {plural(incidents, 'incident')}"
        out.append(Notice(seq, "storm", text))

    def _known(self, domain: str) -> ClusterState | None:
        number = self.storms.clusters.get(domain)
        cluster = self.clusters.by_number.get(number) if number is not None else None
        return cluster if cluster is not None and cluster.incident is not None else None

    def _begin(self, cluster: ClusterState, domain: str) -> None:
        cluster.storm = Tally(domain)
        # It is held together by no evidence, which the correlator could lose.
        cluster.closed = True
        self.storms.clusters[domain] = cluster.number
