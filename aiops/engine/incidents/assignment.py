"""The cluster of an alert, from the correlator's result: a new one, a known one, or its former one."""

from __future__ import annotations

from math import inf
from typing import Final

from aiops.engine.arrival import Arrival
from aiops.engine.events import ClusterMerged
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.episodes import Episodes
from aiops.engine.incidents.merging import Merging

# The reason where a person's decision leads an alert to its cluster.
DECIDED: Final = "a person put its stream here"


class Assignment:
    """Puts the episodes of alerts into the clusters that were found for them."""

    def __init__(self, episodes: Episodes, merging: Merging) -> None:
        self.episodes = episodes
        self.merging = merging
        self.clusters = episodes.clusters
        self.incidents = episodes.incidents
        self.reopen_s = episodes.incidents.config.reopen_s
        self.grouping = episodes.incidents.handling.grouping

    def assign(self, arrival: Arrival) -> None:
        """Put the alert into its cluster (`arrival.cluster`), and merge the clusters that were found alike."""
        bound = self._bound(arrival) if self.grouping.bound else None
        if bound is not None:
            self._unite_elsewhere(arrival)
            # A merge may have taken it in.
            cluster = arrival.cluster = self.clusters.of(bound.number) or bound
            self._lead(arrival, cluster)
        else:
            cluster = arrival.cluster = self._cluster(arrival)
            if arrival.result.merged:
                self.merging.merge_all(cluster, arrival)
        # A firing that continues its episode where that already is adds nothing new.
        arrival.repeats = arrival.verdict != "new" and self.clusters.home(arrival.stream) is cluster
        # What is background by habit returns all the time; in an incident, it is a trouble that returns on time.
        if arrival.verdict == "new" and (arrival.result.background is None or cluster.incident is not None):
            self.episodes.notice_return(cluster, arrival)
        self.episodes.join(arrival)

    def old_home(self, arrival: Arrival) -> ClusterState | None:
        """Return the cluster of an incident that the stream left a short while ago and now returns to.

        One that is known to pause has longer.
        """
        stream = arrival.stream
        if self.grouping.bound:
            bound = self._bound(arrival)
            if bound is not None:
                return bound
        # An expired stream has its end in the engine's time; one that sent its end, the time of its receipt.
        ended_at = stream.ended_at if stream.ended_at > -inf else stream.resolved_at
        if not arrival.result.new_cluster or arrival.verdict != "new" or not stream.has_life_cycle:
            return None
        old = self.clusters.home(stream)
        if old is None or old.incident is None:
            return None
        return old if arrival.now - ended_at <= self._reopen_s(old) else None

    def _bound(self, arrival: Arrival) -> ClusterState | None:
        """Return the cluster of an open incident to which a person's decision binds the stream of an alert."""
        home = self.grouping.home_of(arrival.stream.fingerprint)
        return home if home is not None and self.incidents.is_open(home.incident or "") else None

    def _unite_elsewhere(self, arrival: Arrival) -> None:
        """Merge the clusters that the correlator found to be one, which the alert itself does not join."""
        result = arrival.result
        if result.merged:
            target = self.clusters.of(result.cluster) or self.clusters.open(result.cluster, arrival.at)
            self.merging.merge_all(target, arrival)

    def _lead(self, arrival: Arrival, cluster: ClusterState) -> None:
        """Lead an alert to the cluster that its stream is bound to, as the member that it is there."""
        result, stream = arrival.result, arrival.stream
        if result.new_cluster and self.clusters.of(result.cluster) is None:
            # What follows it there is like it.
            self.clusters.alias[result.cluster] = cluster.number
            cluster.aliases.append(result.cluster)
            cluster.closed = False
            arrival.out.append(ClusterMerged(arrival.seq, result.cluster, cluster.number, DECIDED))
        member = cluster.members.get(stream.member)
        if member is not None:
            result.member, result.new_member = member.number, False

    def _reopen_s(self, old: ClusterState) -> float:
        """Return for how long after their end the streams of a cluster return to it.

        While its incident is open and nothing of it fires, it waits for the next return; so do its streams.
        """
        if old.firing > 0 or old.returns is None or not self.incidents.is_open(old.incident or ""):
            return self.reopen_s
        return max(self.reopen_s, self.incidents.patience_s(old))

    def _cluster(self, arrival: Arrival) -> ClusterState:
        result = arrival.result
        old = self.old_home(arrival)
        if old is not None:
            self.clusters.alias[result.cluster] = old.number
            old.aliases.append(result.cluster)
            old.closed = False
            reason = "fired again soon after it was resolved"
            arrival.out.append(ClusterMerged(arrival.seq, result.cluster, old.number, reason))
            return old
        # What a split moved returns to where it is now.
        cluster = self.clusters.of(self.clusters.moved.get(result.member, result.cluster))
        if cluster is None:
            cluster = self.clusters.open(result.cluster, arrival.at)
            cluster.background = result.background
        elif cluster.closed and cluster.storm is None and self.clusters.of(result.cluster) is cluster:
            # The correlator had closed it, and has it again.
            cluster.closed = False
        return cluster
