"""Joins each alert to the best active cluster, in one pass.

Additive terms, in nats, measure how well an alert fits the cluster of a recent entry, an entry being one alert stream
(type and workload) inside one cluster; see `scoring` and `comparison`. The best cluster above the threshold takes the
alert, else a new one opens; a surge or old age begins a new one as well. What is known of types, streams and rates is
learned after each decision. Idle clusters rest: their own streams lead them back (`returns`), and a new cluster that is
the return of one at rest is merged into it (`fingerprint`).

Work per alert is bounded by `Weights.candidates` entries, and by the caps of `open_clusters` for everything that is
held. Results depend on the order of alerts with equal time stamps only as far as a cluster that opened earlier is
preferred in ties.
"""

from __future__ import annotations

from collections import OrderedDict
from math import exp, inf, log
from typing import Any, ClassVar, Final

from aiops.engine.arrival import Arrival
from aiops.engine.correlate.background import SLOT_S
from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.comparison import Comparison
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.cooccurrence import Cooccurrence
from aiops.engine.correlate.fingerprint import Fingerprints
from aiops.engine.correlate.hops import Hops
from aiops.engine.correlate.onset_rate import Onsets
from aiops.engine.correlate.open_clusters import MAX_CLUSTERS, RARE_SLOTS, OpenClusters
from aiops.engine.correlate.pace import RETURN_S
from aiops.engine.correlate.pauses import LEAST_S
from aiops.engine.correlate.result import Closed, CorrelationResult
from aiops.engine.correlate.scoring import End, Limits, Weights, ends, patience_s
from aiops.engine.correlate.similarity import similarity
from aiops.engine.correlate.snapshot import CorrelatorState, dump, dump_statistics, load, load_statistics
from aiops.engine.correlate.splitting import splits
from aiops.engine.correlate.state import Cluster, Entry, Name, free, pace_of, silent_since
from aiops.engine.correlate.trace import Trace
from aiops.topology import Topology
from aiops.workloads import Workloads

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

    def __init__(
        self,
        config: CorrelateConfig,
        topology: Topology,
        weights: Weights | None = None,
        workloads: Workloads | None = None,
    ) -> None:
        self.config = config
        self.workloads = workloads or Workloads()
        self.weights = weights or Weights()
        self.limits = Limits(config, self.weights)
        self.hops = Hops(topology)
        # With a graph, place and time distinguish faults; that all kinds fire in faults is no evidence there.
        self.cooccurrence = Cooccurrence(quiet=not topology.nodes)
        self.onsets = Onsets(is_alone=not topology.nodes)
        # Of new things, for the alert in hand.
        self.rate = self.onsets.rate()
        self.held = held = OpenClusters()
        self.clusters, self.resting, self.background = held.clusters, held.resting, held.background
        self.recent, self.keys = held.recent, held.keys
        self.comparison = Comparison(self.limits, self.cooccurrence, self.hops, held)
        self.returns = self.comparison.returns
        self.lessons = self.comparison.lessons
        self.lessons.applies = config.lessons
        self.fingerprints = Fingerprints(held, self.onsets, self.returns, self.limits.threshold)
        self.now = 0.0
        # The slot in which packed statistics end, until the first alert gives the time.
        self.packed_slot = -1
        # When `advance` may have something to do: part of the state, as what it does not do then is not reported then.
        self.due = -inf
        self._result = CorrelationResult()
        self._candidate = Candidate()
        # Set by a host that explains the next decision; it changes none.
        self.trace: Trace | None = None

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
        name: Name = (type_, self.workloads.of(entity, service))
        key = self.held.key(name)
        candidate, result = self._candidate, self._result
        candidate.begin(seq, ts, entity, name, key)
        result.reset()
        entry = key.entry
        result.background = self._habit(candidate, service)
        if result.background is not None:
            entry = self._place_background(candidate)
        elif entry is None or not _is_flood(entry, key.scored, ts):
            candidate.site = self._site(candidate, service)
            entry = self._place_best(candidate)
        known = self.held.members
        entry.entity = entity
        result.cluster, result.member = entry.cluster.id, self.held.member(entry, entity)
        result.new_member = self.held.members > known
        self.held.count(entry, ts)
        key.count(ts)
        self.cooccurrence.observe(type_, ts)
        if key.habit.observe(ts):
            self.keys.move_to_end(name)
        return result

    def advance(self, now: float, most: int = MAX_CLUSTERS) -> list[Closed]:
        """Put the clusters that have been idle to rest, and close those at rest that have waited.

        `now` must not decrease. Parts without a tie leave as they come to rest.

        At most so many of each kind: no stranger joins an idle cluster, and its rest can wait.
        """
        closed = [Closed(cluster) for cluster in self.held.evicted]
        self.held.evicted.clear()
        closed += self.fingerprints.judge(now)
        self._rest(now - self.limits.idle_s, closed, most)
        self._close(self.resting, now - self.config.rest_s, closed, most)
        self._close(self.background, now - BACKGROUND_IDLE_S, closed, most)
        idle = silent_since(self.clusters, now) + self.limits.idle_s
        rested = silent_since(self.resting, now) + self.config.rest_s
        habits = silent_since(self.background, now) + BACKGROUND_IDLE_S
        self.due = min(idle, rested, habits, self.fingerprints.next_due()) - DUE_SLACK_S
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
        name: Name = (type_, self.workloads.of(entity, service))
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
        self.fingerprints.set_back(now)
        self.onsets.set_back(now)
        self.cooccurrence.set_back(now)
        self.lessons.set_back(now)

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

    def _site(self, candidate: Candidate, service: str | None) -> str | None:
        """Return the site of an alert; the generated name of a replica names its workload, as a service would."""
        site = self.hops.site(candidate.entity, service)
        if site is None and _is_generated(candidate.entity, candidate.workload):
            return self.hops.site(candidate.workload, candidate.workload)
        return site

    def _habit(self, candidate: Candidate, service: str | None) -> str | None:
        """Return the reason why the alert's stream is background by habit; None where it is not."""
        if not self.config.background:
            return None
        key = candidate.key
        reason = key.habit.reason(candidate.ts)
        if reason is None or self._site(candidate, service) is None:
            return reason
        return reason if key.alone >= ALONE and not _comes_in_company(key.pattern or key.entry) else None

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
        candidate.answers = self.cooccurrence.answers_of(candidate.type)
        if candidate.site is not None:
            self._read_rates(candidate)
            self.returns.expect(candidate)
        best = self.comparison.best(candidate)
        if self.trace is not None:
            self.trace.compare(self.comparison, candidate)
        key.scored = ts
        margin = best.cluster.score - self.limits.threshold if best is not None else -inf
        entry = self._decide(candidate, best, margin)
        if candidate.site is not None:
            self.returns.settle(candidate, entry, not entry.count)
            self._learn_rates(candidate, best, margin)
        return entry

    def _decide(self, candidate: Candidate, best: Entry | None, margin: float) -> Entry:
        """Join the cluster of the best entry, `margin` nats above the threshold, or open one."""
        if best is None or margin <= 0.0:
            return self._decline(candidate)
        cluster = best.cluster
        entry = cluster.entries.get(candidate.name)
        led_back = _led_back(cluster, entry, candidate)
        end = None if led_back else self._ends(cluster, candidate)
        if end is not None:
            return self._decline(candidate, end)
        if entry is None or candidate.entity not in entry.members:
            self._result.join = self.comparison.evidence(best, candidate)
            self._result.declined = self.comparison.declined(cluster, candidate)
        if len(self.comparison.found) > 1 and candidate.site is None:
            self._merge(cluster)
        return self._join(candidate, best, led_back)

    def _join(self, candidate: Candidate, best: Entry, led_back: bool) -> Entry:
        """Return the entry of the alert's stream in the cluster of the best one, which it may have led back."""
        cluster = best.cluster
        entry = cluster.entries.get(candidate.name)
        if cluster.resting:
            self.held.wake(cluster)
        if led_back and candidate.ts - cluster.last >= RETURN_S:
            self.returns.begin(cluster, candidate.ts)
        elif led_back:
            pace_of(cluster).begin(candidate.ts)
        is_new = entry is None
        if entry is None:
            entry = self.held.enter(cluster, candidate, best)
            self._note(cluster, candidate, candidate.key.entry)
        self.returns.follow(entry, is_new)
        candidate.key.entry = entry
        return entry

    def _read_rates(self, candidate: Candidate) -> None:
        """Set what the system's onsets and silences show, for a placed alert."""
        onsets = self.onsets
        onsets.observe(candidate.ts)
        self.rate = onsets.rate()
        candidate.rate, candidate.is_measured = onsets.rate_of_all(), onsets.is_measured()
        candidate.trust, candidate.tail, candidate.elapsed_s = onsets.trust(), onsets.tail(), onsets.elapsed_s

    def _learn_rates(self, candidate: Candidate, best: Entry | None, margin: float) -> None:
        """Learn from a placed alert that was compared, `margin` nats above the threshold."""
        onsets = self.onsets
        new = onsets.silence_ended(margin)
        if self._result.new_cluster and candidate.key.entry is not None:
            candidate.key.entry.cluster.onset = new
        onsets.stranger(self.comparison.strangeness)
        if not self._is_explained(candidate):
            onsets.unexplained(candidate.ts)
        self.comparison.learn(candidate)
        if best is None or best.site is None:
            return
        least, silent_s = patience_s(best.cluster), candidate.ts - best.cluster.last
        if silent_s > least:
            onsets.silence_broken(log(silent_s / least), 1.0 / (1.0 + exp(max(-50.0, min(50.0, -margin)))))

    def _is_explained(self, candidate: Candidate) -> bool:
        """Return True if the alert came because the pattern of its cluster has returned."""
        entry = candidate.key.entry
        if entry is None or self._result.new_cluster:
            return False
        phases = entry.cluster.phases
        return phases is not None and phases.verified > 0 and entry.count > 0

    def _decline(self, candidate: Candidate, cut: str = "") -> Entry:
        """Open a cluster, and keep the best one that was not taken."""
        self._result.declined = self.comparison.declined(None, candidate, cut)
        if self.trace is not None:
            self.trace.cut = cut
        last = candidate.key.entry
        entry = self._open(self.clusters, candidate)
        self._note(entry.cluster, candidate, last)
        return entry

    def _note(self, cluster: Cluster, candidate: Candidate, last: Entry | None) -> None:
        """Note where a placed stream, which is new to a cluster, stood last."""
        if candidate.site is not None and self.fingerprints.note(cluster, last, candidate.ts):
            self.due = min(self.due, self.fingerprints.next_due() - DUE_SLACK_S)

    def _open(self, clusters: OrderedDict[int, Cluster], candidate: Candidate) -> Entry:
        """Open a cluster with the alert's stream as its first entry."""
        entry = candidate.key.entry = self.held.enter(self.held.open(clusters, candidate), candidate)
        self._result.new_cluster = True
        return entry

    def _ends(self, cluster: Cluster, candidate: Candidate) -> End | None:
        """Seal a cluster that an alert fits, if the alert begins something new; return the sign of that."""
        if candidate.site is None or cluster.sealed:
            return None
        end = ends(cluster, self.rate, candidate.name, candidate.ts)
        if end is not None:
            if end == "surge":
                self.onsets.began()
            cluster.sealed = True
        return end

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

    def _rest(self, oldest: float, closed: list[Closed], most: int) -> None:
        """Put idle clusters to rest; the parts that leave rest apart."""
        clusters = self.clusters
        while clusters and most > 0:
            most -= 1
            cluster = next(iter(clusters.values()))
            if cluster.last >= oldest:
                return
            del clusters[cluster.id]
            found = splits(cluster, self.cooccurrence, self.hops)
            self.held.rest(cluster)
            for split in found:
                split.members = self.held.divide(cluster, split.target, split.members)
            if cluster.pace is not None:
                self.comparison.kinds.over(cluster.types)
            self.comparison.distance.over([entry.site for entry in cluster.entries.values() if entry.site])
            if found:
                closed.append(Closed(cluster.id, found, is_final=False))

    def _close(self, clusters: OrderedDict[int, Cluster], oldest: float, closed: list[Closed], most: int) -> None:
        while clusters and most > 0:
            most -= 1
            cluster = next(iter(clusters.values()))
            if cluster.last >= oldest:
                return
            self.held.drop(clusters.pop(cluster.id))
            free(cluster)
            closed.append(Closed(cluster.id))


def _comes_in_company(entry: Entry | None) -> bool:
    """Return true if a stream has returned together with others: a regular crash loop is no habit."""
    if entry is None or len(entry.cluster.entries) < 2:
        return False
    phases = entry.cluster.phases
    return phases is not None and phases.verified > 0


def _led_back(cluster: Cluster, entry: Entry | None, candidate: Candidate) -> bool:
    """Return true if a known stream leads its own cluster back, by more than all that continues.

    The cluster was silent, or the stream was and returns to its pattern.
    """
    if entry is None or candidate.site is None or cluster.returns <= cluster.score_on:
        return False
    if candidate.ts - cluster.last >= RETURN_S:
        return True
    return entry is candidate.pattern and candidate.ts - entry.last >= LEAST_S


def _is_generated(entity: str, workload: str) -> bool:
    """Return true for a name that a controller made; machines are merely numbered (`node-12`)."""
    if entity == workload:
        return False
    tail = entity[len(workload) :] if entity.startswith(workload) else entity
    return bool(tail.strip("-.0123456789"))


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
        and not entry.cluster.resting
    )
