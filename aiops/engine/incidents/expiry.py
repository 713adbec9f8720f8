"""Episodes and clusters that are due expire.

What a closed cluster no longer holds together is split off.
"""

from __future__ import annotations

from math import inf

from aiops.engine.arrival import Moment
from aiops.engine.correlate.correlator import Correlator
from aiops.engine.correlate.result import Closed
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.events import ClusterSplit
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.episodes import Episodes
from aiops.engine.incidents.opening import Opening
from aiops.engine.incidents.triage import Triage


class Expiry:
    """Ends what is due, in the order in which one depends on the other."""

    def __init__(
        self, dedup: Dedup, correlate: Correlator, episodes: Episodes, triage: Triage, opening: Opening
    ) -> None:
        self.dedup = dedup
        self.correlate = correlate
        self.episodes = episodes
        self.triage = triage
        self.opening = opening
        self.clusters = episodes.clusters

    def next_due(self) -> float:
        """Return when an episode or a cluster may be due, or a silence that ended has streams to place again."""
        if self.episodes.muted.waking:
            return -inf
        return min(self.dedup.next_due(), self.correlate.next_due())

    def run(self, moment: Moment, most: int) -> None:
        """End the episodes and clusters that are due, at most so many of each; the next records do the rest."""
        now = moment.now
        for stream, _ in self.dedup.expire(now, 2 * most) if self.dedup.next_due() <= now else ():
            self.episodes.end(stream, max(stream.resolved_at, stream.last_at))
        # Which warnings last is known once the streams that have ended are.
        lasting = self.triage.next_due() <= now < self.dedup.next_due()
        for due, cluster in self.triage.lasting(now) if lasting else ():
            self.opening.open_lasting(cluster, due, moment)
        for closed in self.correlate.advance(now, most) if self.correlate.next_due() <= now else ():
            self._close(closed, moment)
        if self.opening.grouping.storms.next_due() <= now:
            self.opening.grouping.end(moment)

    def _close(self, closed: Closed, moment: Moment) -> None:
        cluster = self.clusters.of(closed.cluster)
        if cluster is None or cluster.storm is not None:
            return
        fired = cluster.firing > 0
        for split in closed.splits:
            part = self.clusters.split(cluster, split.target, split.members)
            if part is not None:
                moment.out.append(ClusterSplit(moment.seq, cluster.number, part.number, split.members, split.reason))
                self._part(part, cluster, split.reason, moment)
        if fired and cluster.firing <= 0:
            # All that still fired has left with the parts.
            self.episodes.incidents.quiet(cluster, moment.now)
        cluster.closed = True
        self.episodes.release(cluster)

    def _part(self, part: ClusterState, whole: ClusterState, reason: str, moment: Moment) -> None:
        """Open the incident of a part that has left the cluster of one."""
        part.closed = True
        if whole.incident is not None:
            self.opening.open(part, moment.now, moment, f"split from {whole.incident}: {reason}")
        self.episodes.release(self.clusters.of(part.number) or part)
