"""Episodes and clusters that are due expire.

What a closed cluster no longer holds together is split off.
"""

from __future__ import annotations

from math import inf

from aiops.engine.arrival import Moment
from aiops.engine.correlate.correlator import DUE_SLACK_S, Correlator
from aiops.engine.correlate.result import Closed
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.events import ClusterSplit
from aiops.engine.incidents.clusters import ClusterState
from aiops.engine.incidents.episodes import Episodes
from aiops.engine.incidents.merging import Merging
from aiops.engine.incidents.opening import Opening
from aiops.engine.incidents.returns import QUIET_S
from aiops.engine.incidents.triage import Triage

# The correlator's time is a little early, as sums of times are rounded: then it has nothing to do yet.
LATER_S = 2 * DUE_SLACK_S


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
        self.merging = Merging(episodes.incidents)
        self.grouping = episodes.incidents.handling.grouping

    def next_due(self) -> float:
        """Return when time alone may change something, or an ended silence has streams to place again."""
        if self.episodes.muted.waking:
            return -inf
        triage, noise = self.triage.next_due(), self.opening.noise.noise.next_due()
        return min(self.dedup.next_due(), self.correlate.next_due() + LATER_S, triage, noise)

    def run(self, moment: Moment, most: int) -> None:
        """End the episodes and clusters that are due, at most so many of each; the next records do the rest."""
        now = moment.now
        for stream, _ in self.dedup.expire(now, 2 * most) if self.dedup.next_due() <= now else ():
            self.episodes.end(stream, max(stream.resolved_at, stream.last_at))
        # Which warnings last is known once the streams that have ended are.
        lasting = self.triage.next_due() <= now < self.dedup.next_due()
        for due, cluster in self.triage.lasting(now) if lasting else ():
            self.opening.open_lasting(cluster, due, moment)
        self.opening.open_held(now, moment)
        for closed in self.correlate.advance(now, most) if self.correlate.next_due() <= now else ():
            self._unite(closed, moment)
            self._close(closed, moment)
        if self.opening.grouping.storms.next_due() <= now:
            self.opening.grouping.end(moment)

    def _unite(self, closed: Closed, moment: Moment) -> None:
        """Merge the clusters that were the return of an older one into that."""
        for number, reason in closed.merged:
            # It is not known here if all that it held were repeats that are counted where their episodes are.
            target = self.clusters.of(closed.cluster) or self.clusters.open(closed.cluster, moment.now)
            source = self.clusters.of(number)
            if source is not None and target.storm is None and source.opened_at - target.active_at >= QUIET_S:
                target.came_back(source.opened_at)
            self.merging.merge(target, number, reason, moment)
            self.episodes.incidents.united(target, moment.now, moment)
            apart = self.clusters.by_number.get(number)
            if apart is not None:
                # A storm keeps it apart, and nothing comes to it any more.
                apart.closed = True
                self.episodes.release(apart)

    def _close(self, closed: Closed, moment: Moment) -> None:
        cluster = self.clusters.of(closed.cluster)
        if cluster is None or cluster.storm is not None:
            return
        fired = cluster.firing > 0
        is_kept = bool(closed.splits and self.grouping.kept) and self.grouping.is_kept(cluster)
        for split in closed.splits:
            if is_kept:
                # A person put it together: what the correlator has apart now stays here.
                self.clusters.alias[split.target] = cluster.number
                cluster.aliases.append(split.target)
                continue
            part = self.clusters.split(cluster, split.target, split.members)
            if part is not None:
                moved = self.clusters.moved
                # What a person split out before is elsewhere.
                left = [number for number in split.members if moved.get(number, part.number) == part.number]
                moment.out.append(ClusterSplit(moment.seq, cluster.number, part.number, left, split.reason))
                part.closed = closed.is_final
                self._part(part, cluster, split.reason, moment)
        if fired and cluster.firing <= 0:
            # All that still fired has left with the parts.
            self.episodes.incidents.quiet(cluster, moment.now)
        if closed.is_final:
            cluster.closed = True
            self.episodes.release(cluster)

    def _part(self, part: ClusterState, whole: ClusterState, reason: str, moment: Moment) -> None:
        """Open the incident of a part that has left the cluster of one."""
        if whole.incident is not None:
            self.opening.open(part, moment.now, moment, f"split from {whole.incident}: {reason}")
        self.episodes.release(self.clusters.of(part.number) or part)
