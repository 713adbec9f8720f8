"""Joins each alert to the best active cluster, in one pass.

Additive terms measure how well an alert fits the cluster of a recent entry, an entry being one alert stream (type and
entity) inside one cluster; see `scoring` and `comparison`. The best cluster above the threshold takes the alert, else a
new one opens. Content decides if it is evidence; where entities are near in the dependency graph, time decides, and a
surge begins a new cluster. What is known of types and streams is learned after each decision.

Work per alert is bounded by `Weights.candidates` entries, and by the caps of `open_clusters` for everything that is
held. Results depend on the order of alerts with equal time stamps only as far as a cluster that opened earlier is
preferred in ties.
"""

from __future__ import annotations

from collections import OrderedDict
from math import inf
from typing import Any, ClassVar, Final

from aiops.engine.arrival import Arrival
from aiops.engine.correlate.background import SLOT_S
from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.comparison import Comparison
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.cooccurrence import Cooccurrence
from aiops.engine.correlate.hops import Hops
from aiops.engine.correlate.onset_rate import Onsets
from aiops.engine.correlate.open_clusters import MAX_CLUSTERS, RARE_SLOTS, OpenClusters
from aiops.engine.correlate.result import Closed, CorrelationResult
from aiops.engine.correlate.scoring import Limits, Weights, ends
from aiops.engine.correlate.similarity import similarity
from aiops.engine.correlate.snapshot import CorrelatorState, dump, dump_statistics, load, load_statistics
from aiops.engine.correlate.splitting import splits
from aiops.engine.correlate.state import Cluster, Entry, Name, free, silent_since
from aiops.topology import Topology

# Sums of times are rounded; looking so much too early costs nothing.
DUE_SLACK_S: Final = 0.001
# A chronic stream's own cluster lasts over the pauses of its stream.
BACKGROUND_IDLE_S: Final = 3600.0
# A stream that fires faster than this is a flood: its next alert goes where the last one went, scored once a second.
FLOOD_INTERVAL_S: Final = 0.05
FLOOD_COUNT: Final = 20
FLOOD_S: Final = 1.0
# Merging moves entries one by one, and two clusters that are both large were kept apart for a reason.
MAX_MERGE_ENTRIES: Final = 256
# A stream that names its service is background by habit only while it comes alone: in this share of its latest clusters
# it had less company. Faults that strike the same services often would make a habit of their symptoms otherwise.
ALONE: Final = 0.8


class Correlator:
    """The clusterer: `place` takes alerts in time order, `advance` closes what went quiet."""

    STATE: ClassVar[Any] = CorrelatorState

    def __init__(self, config: CorrelateConfig, topology: Topology, weights: Weights | None = None) -> None:
        self.config = config
        self.weights = weights or Weights()
        self.limits = Limits(config, self.weights)
        self.hops = Hops(topology)
        # With a graph, place and time distinguish faults; that all kinds fire in faults is no evidence there.
        self.cooccurrence = Cooccurrence(quiet=not topology.nodes)
        self.onsets = Onsets(is_alone=not topology.nodes)
        # Of new things, for the alert in hand.
        self.rate = self.onsets.rate()
        self.held = held = OpenClusters()
        self.clusters, self.background, self.recent, self.keys = held.clusters, held.background, held.recent, held.keys
        self.comparison = Comparison(self.limits, self.cooccurrence, self.hops, held)
        self.now = 0.0
        # The slot in which packed statistics end, until the first alert gives the time.
        self.packed_slot = -1
        # When `advance` may have something to do: part of the state, as what it does not do then is not reported then.
        self.due = -inf
        self._result = CorrelationResult()
        self._candidate = Candidate()

    def assign(self, arrival: Arrival) -> None:
        """Find the cluster of a firing alert."""
        stream = arrival.stream
        arrival.result = self.place(arrival.free, arrival.now, stream.name, stream.entity, stream.service)

    def place(self, seq: int, ts: float, type_: str, entity: str, service: str | None = None) -> CorrelationResult:
        """Return the cluster of an alert; `seq` must be new, a `ts` earlier than the last counts as the last.

        The answer is one object that the next call changes, except for its lists.
        """
        if ts > self.now:
            self.now = ts
        else:
            ts = self.now
        if self.packed_slot >= 0:
            self._unpack(ts)
        name: Name = (type_, entity) if service is None else (type_, entity, service)
        key = self.held.key(name)
        candidate, result = self._candidate, self._result
        candidate.begin(seq, ts, name, key)
        result.reset()
        entry = key.entry
        result.background = self._habit(candidate, service)
        if result.background is not None:
            entry = self._place_background(candidate)
        elif entry is None or not _is_flood(entry, key.scored, ts):
            candidate.site = self.hops.site(entity, service)
            entry = self._place_best(candidate)
        self.held.count(entry, ts)
        result.cluster, result.member = entry.cluster.id, entry.member
        self.cooccurrence.observe(type_, ts)
        if key.habit.observe(ts):
            self.keys.move_to_end(name)
        return result

    def advance(self, now: float, most: int = MAX_CLUSTERS) -> list[Closed]:
        """Close the clusters that have been idle.

        `now` must not decrease. Parts without a tie leave as they close.

        At most so many of each kind: nothing joins an idle cluster, and its end can wait.
        """
        closed = [Closed(cluster) for cluster in self.held.evicted]
        self.held.evicted.clear()
        self._close(self.clusters, now - self.limits.idle_s, closed, most)
        self._close(self.background, now - BACKGROUND_IDLE_S, closed, most)
        idle = silent_since(self.clusters, now) + self.limits.idle_s
        self.due = min(idle, silent_since(self.background, now) + BACKGROUND_IDLE_S) - DUE_SLACK_S
        return closed

    def next_due(self) -> float:
        """Return the time before which `advance` has nothing to do.

        Clusters stand in the order of their last alerts.
        """
        return self.due if not self.held.evicted else -inf

    def learn(self, ts: float, type_: str, entity: str, service: str | None = None) -> None:
        """Learn a past alert without placing it, for statistics that are packed ahead of their use."""
        if self.packed_slot >= 0:
            self._unpack(ts)
        name: Name = (type_, entity) if service is None else (type_, entity, service)
        key = self.held.key(name)
        self.cooccurrence.observe(type_, ts)
        if key.habit.observe(ts):
            self.keys.move_to_end(name)

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back.

        Clusters and entries keep their order.
        """
        self.now = min(self.now, now)
        self.due = -inf
        self.held.set_back(now)
        self.cooccurrence.set_back(now)

    def dump(self) -> CorrelatorState:
        """The whole state; the topology and the configuration are not part of it."""
        return dump(self)

    def load(self, state: CorrelatorState) -> None:
        """Take the state of a `dump`."""
        load(self, state)

    def dump_statistics(self) -> Any:
        """Return what was learned of types and streams, without clusters: a packed model for a warm start."""
        return dump_statistics(self)

    def load_statistics(self, state: Any) -> None:
        """Start warm, from `dump_statistics` of this or another system.

        Its time is moved to the first alert's.
        """
        load_statistics(self, state)

    def _unpack(self, ts: float) -> None:
        shift = int(ts / SLOT_S) - self.packed_slot
        self.packed_slot = -1
        for key in self.keys.values():
            key.habit.shift(shift)

    def _habit(self, candidate: Candidate, service: str | None) -> str | None:
        """Return the reason why the alert's stream is background by habit; None where it is not."""
        if not self.config.background:
            return None
        key = candidate.key
        reason = key.habit.reason(candidate.ts)
        if reason is not None and key.alone < ALONE and self.hops.site(candidate.entity, service) is not None:
            return None
        return reason

    def _place_background(self, candidate: Candidate) -> Entry:
        """Return the entry of a background stream, which has a cluster of its own."""
        entry = candidate.key.entry
        if entry is None or not entry.cluster.background:
            entry = self._open(self.background, candidate)
        return entry

    def _place_best(self, candidate: Candidate) -> Entry:
        """Return the entry of the alert's stream in the best cluster, or in a new one if none is good enough."""
        key, ts = candidate.key, candidate.ts
        candidate.is_rare = key.habit.active < RARE_SLOTS
        if candidate.site is not None:
            self.onsets.observe(ts)
            self.rate = self.onsets.rate()
        candidate.rate, candidate.is_measured = self.rate, self.onsets.is_measured()
        best = self.comparison.best(candidate)
        score = best.cluster.score if best is not None else -inf
        key.scored = ts
        if candidate.site is not None:
            self.onsets.silence_ended(score - self.limits.threshold)
        if best is None or score <= self.limits.threshold or self._ends(best.cluster, candidate):
            return self._open(self.clusters, candidate)
        cluster = best.cluster
        if candidate.name not in cluster.entries:
            self._result.join = self.comparison.evidence(best, candidate)
        if len(self.comparison.found) > 1:
            self._merge(cluster)
        entry = cluster.entries.get(candidate.name)
        if entry is None:
            entry = self.held.enter(cluster, candidate, best)
            self._result.new_member = True
        key.entry = entry
        return entry

    def _open(self, clusters: OrderedDict[int, Cluster], candidate: Candidate) -> Entry:
        """Open a cluster with the alert's stream as its first entry."""
        entry = candidate.key.entry = self.held.enter(self.held.open(clusters, candidate), candidate)
        self._result.new_cluster = self._result.new_member = True
        return entry

    def _ends(self, cluster: Cluster, candidate: Candidate) -> bool:
        """Seal a cluster that an alert fits, though the alert begins something new; return whether it does."""
        if candidate.site is None or cluster.sealed:
            return False
        end = ends(cluster, self.rate, candidate.name, candidate.ts)
        if end is None:
            return False
        if end == "surge":
            self.onsets.began()
        cluster.sealed = True
        return True

    def _merge(self, best: Cluster) -> None:
        """Merge the other clusters that fit the same alert and are like the best one."""
        for entry in self.comparison.found:
            other = entry.cluster
            if other is best or other.score <= self.limits.threshold or len(other.entries) > MAX_MERGE_ENTRIES:
                continue
            mean = similarity(self.cooccurrence, best, other)
            if mean > self.weights.merge:
                reason = f"both fit the same alert, and their types go together (mean NPMI {mean:.2f})"
                self._result.merged.append((other.id, reason))
                self.held.absorb(best, other)

    def _close(self, clusters: OrderedDict[int, Cluster], oldest: float, closed: list[Closed], most: int) -> None:
        while clusters and most > 0:
            most -= 1
            cluster = next(iter(clusters.values()))
            if cluster.last >= oldest:
                return
            self.held.drop(clusters.pop(cluster.id))
            found = [] if cluster.background else splits(cluster, self.cooccurrence, self.hops)
            free(cluster)
            closed.append(Closed(cluster.id, found))


def _is_flood(entry: Entry, scored: float, ts: float) -> bool:
    """Return true if a stream fires so fast that its alerts go where the last one went.

    It is scored once a second.
    """
    return (
        entry.interval < FLOOD_INTERVAL_S
        and entry.count > FLOOD_COUNT
        and ts - scored < FLOOD_S
        and ts - entry.last <= FLOOD_S
        and not entry.cluster.background
    )
