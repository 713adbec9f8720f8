"""The cluster of an alert, from the correlator's result: a new one, a known one, or its former one."""

from __future__ import annotations

from math import inf

from aiops.engine.arrival import Arrival
from aiops.engine.events import ClusterMerged
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.episodes import Episodes
from aiops.engine.incidents.merging import Merging


class Assignment:
    """Puts the episodes of alerts into the clusters that were found for them."""

    def __init__(self, episodes: Episodes, merging: Merging) -> None:
        self.episodes = episodes
        self.merging = merging
        self.clusters = episodes.clusters
        self.reopen_s = episodes.incidents.config.reopen_s

    def assign(self, arrival: Arrival) -> None:
        """Put the alert into its cluster (`arrival.cluster`), and merge the clusters that were found alike."""
        cluster = arrival.cluster = self._cluster(arrival)
        if arrival.result.merged:
            self.merging.merge_all(cluster, arrival)
        # A firing that continues its episode where that already is adds nothing new.
        arrival.repeats = arrival.verdict != "new" and self.clusters.home(arrival.stream) is cluster
        self.episodes.join(arrival)

    def old_home(self, arrival: Arrival) -> ClusterState | None:
        """Return the cluster of an incident that the stream left a short while ago and now returns to."""
        stream = arrival.stream
        # An expired stream has its end in the engine's time; one that sent its end, the time of its receipt.
        ended_at = stream.ended_at if stream.ended_at > -inf else stream.resolved_at
        if not arrival.result.new_cluster or arrival.verdict != "new" or not stream.has_life_cycle:
            return None
        if arrival.now - ended_at > self.reopen_s:
            return None
        old = self.clusters.home(stream)
        return old if old is not None and old.incident is not None else None

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
        cluster = self.clusters.of(result.cluster)
        if cluster is None:
            cluster = self.clusters.open(result.cluster, arrival.at)
            cluster.background = result.background
        return cluster
