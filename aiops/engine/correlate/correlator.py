"""Joins each alert to the best active cluster, in one pass.

Additive terms say how well an alert fits the cluster of a recent entry, an entry being one alert stream (type and
entity) inside one cluster; see `correlate_terms`. The best cluster above the threshold takes the alert, else a new one
opens. Content decides where it speaks; where entities are near in the dependency graph, time decides, and a surge
begins a new cluster. What is known of types and streams is learned after each decision.

Work per alert is bounded by `Weights.candidates` entries, and by the caps below for everything that is held. Results
depend on the order of alerts with equal time stamps only as far as a cluster that opened earlier is preferred in ties.
"""

from __future__ import annotations

from collections import OrderedDict
from math import exp, inf, log
from typing import Any

from aiops.engine.arrival import Arrival
from aiops.engine.correlate.background import SLOT_S, Habit
from aiops.engine.correlate.config import CorrelateConfig
from aiops.engine.correlate.cooccurrence import Cooccurrence
from aiops.engine.correlate.hops import UNPLACED, Hops
from aiops.engine.correlate.onset_rate import Onsets
from aiops.engine.correlate.pace import MAX_ONSETS
from aiops.engine.correlate.result import Closed, CorrelationResult
from aiops.engine.correlate.scoring import (
    GOES_ON,
    Weights,
    at_distance,
    dead_partner,
    ends,
    near,
    silence,
    size,
    terms,
)
from aiops.engine.correlate.similarity import similarity
from aiops.engine.correlate.snapshot import dump, dump_statistics, load, load_statistics
from aiops.engine.correlate.splitting import splits
from aiops.engine.correlate.state import (
    Cluster,
    Entry,
    Held,
    Key,
    Name,
    absorb,
    add,
    follow,
    free,
    remove,
    silent_since,
    touch,
)
from aiops.topology import Topology

# Sums of times are rounded; looking so much too early costs nothing.
DUE_SLACK_S = 0.001
# A chronic stream's own cluster lasts over the pauses of its stream.
BACKGROUND_IDLE_S = 3600.0
# A stream that fires faster than this is a flood: its next alert goes where the last one went, scored once a second.
FLOOD_INTERVAL_S = 0.05
FLOOD_COUNT = 20
FLOOD_S = 1.0
# Streams remembered; beyond, the one that was active longest ago is forgotten. About 600 bytes each.
MAX_STREAMS = 100_000
# Entries of open clusters. At the default `idle_s` these are 400 new streams a second, which is a storm of noise.
MAX_ENTRIES = 50_000
# Open clusters; the one that is silent longest is closed before its time.
MAX_CLUSTERS = 20_000
# Merging moves entries one by one, and two clusters that are both large were kept apart for a reason.
MAX_MERGE_ENTRIES = 256
# How long an eager setting waits at most: within a working day, the second half of a slow story comes in the hour.
MAX_IDLE_S = 3600.0
# One unit of log-odds of the sensitivity moves the threshold by this much: .1 to .9 spans the useful range of it.
KNOB = 2.5
# A stream that names its service is background by habit only while it comes alone: in this share of its latest clusters
# it had less company. Faults that strike the same services often would make a habit of their symptoms otherwise.
ALONE = 0.8
ALONE_STEP = 0.1
COMPANY = 4
# A stream is rare while it has fired in fewer five-minute slots of the last day: two of those on one entity at the same
# time are news about that entity, though nobody can know yet whether their types go together.
RARE_SLOTS = 3.0


class Correlator:
    """The clusterer: `place` takes alerts in time order, `advance` closes what went quiet."""

    def __init__(self, config: CorrelateConfig, topology: Topology, weights: Weights | None = None) -> None:
        self.config = config
        self.weights = weights or Weights()
        odds = config.sensitivity / (1.0 - config.sensitivity)
        self.threshold = self.weights.threshold - KNOB * log(odds)
        self.goes_on = GOES_ON - KNOB * log(odds)
        self.idle_s = max(config.idle_s, min(MAX_IDLE_S, config.idle_s * odds))
        self.hops = Hops(topology)
        # With a graph, place and time tell one fault from another; that all kinds fire in faults is no evidence there.
        self.cooccurrence = Cooccurrence(quiet=not topology.nodes)
        self.onsets = Onsets(is_alone=not topology.nodes)
        # Of new things, for the alert in hand.
        self.rate = self.onsets.rate()
        self.keys: OrderedDict[Name, Key] = OrderedDict()
        # The entry of each entity that was active last.
        self.latest: dict[str, Entry] = {}
        self.held = held = Held()
        self.clusters, self.background, self.recent = held.clusters, held.background, held.recent
        # Clusters that a cap closed, until the next `advance` tells.
        self.evicted: list[int] = []
        self.members = 0
        self.now = 0.0
        # The slot that packed statistics end in, until the first alert says what time it is now.
        self.packed_slot = -1
        self._result = CorrelationResult()
        # When `advance` may have something to do: part of the state, for what it does not do then is not told then.
        self.due = -inf
        # The best entry of each cluster that the alert in hand is compared with, and how many alerts were.
        self._found: list[Entry] = []
        self._round = 0

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
        key = self.keys.get(name) or self._stream(name)
        result = self._result
        result.new_cluster = result.new_member = False
        result.background = None
        result.join = None
        if result.merged:
            result.merged = []
        entry = key.entry
        reason = key.habit.reason(ts) if self.config.background else None
        if reason is not None and key.alone < ALONE and self.hops.site(entity, service) is not None:
            reason = None
        if reason is not None:
            entry = self._background(seq, ts, name, key, reason)
        elif (
            entry is not None
            and entry.interval < FLOOD_INTERVAL_S
            and entry.count > FLOOD_COUNT
            and ts - key.scored < FLOOD_S
            and ts - entry.last <= FLOOD_S
            and not entry.cluster.background
        ):
            self._count(entry, ts)
        else:
            entry = self._score(seq, ts, name, key, self.hops.site(entity, service))
        result.cluster = entry.cluster.id
        result.member = entry.member
        self.cooccurrence.observe(type_, ts)
        if key.habit.observe(ts):
            self.keys.move_to_end(name)
        return result

    def advance(self, now: float, most: int = MAX_CLUSTERS) -> list[Closed]:
        """Close the clusters that have been idle; `now` must not decrease. Parts without a tie leave as they close.

        At most so many of each kind: nothing joins an idle cluster, so that it may wait for its end.
        """
        closed = [Closed(cluster) for cluster in self.evicted]
        self.evicted.clear()
        self._close(self.clusters, now - self.idle_s, closed, most)
        self._close(self.background, now - BACKGROUND_IDLE_S, closed, most)
        due = min(
            silent_since(self.clusters, now) + self.idle_s, silent_since(self.background, now) + BACKGROUND_IDLE_S
        )
        self.due = due - DUE_SLACK_S
        return closed

    def next_due(self) -> float:
        """Before this time `advance` has nothing to do. Clusters stand in the order of their last alerts."""
        return self.due if not self.evicted else -inf

    def learn(self, ts: float, type_: str, entity: str, service: str | None = None) -> None:
        """Take in an alert of the past without placing it, as for a model that is packed ahead of its use."""
        if self.packed_slot >= 0:
            self._unpack(ts)
        name: Name = (type_, entity) if service is None else (type_, entity, service)
        key = self.keys.get(name) or self._stream(name)
        self.cooccurrence.observe(type_, ts)
        if key.habit.observe(ts):
            self.keys.move_to_end(name)

    def set_back(self, now: float) -> None:
        """Let what lies ahead of `now` be of now: engine time was set back. The order of clusters and entries stays."""
        self.now = min(self.now, now)
        self.due = -inf
        for clusters in (self.clusters, self.background):
            for cluster in clusters.values():
                cluster.first, cluster.last = min(cluster.first, now), min(cluster.last, now)
                for entry in cluster.entries.values():
                    entry.last = min(entry.last, now)
        for key in self.keys.values():
            key.scored = min(key.scored, now)
            key.habit.set_back(now)
        self.cooccurrence.set_back(now)

    def dump(self) -> Any:
        """The whole state, as plain lists and numbers; the topology and the configuration are not part of it."""
        return dump(self)

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        load(self, state)

    def dump_statistics(self) -> Any:
        """What was learned of types and streams, without clusters: a packed model for a warm start."""
        return dump_statistics(self)

    def load_statistics(self, state: Any) -> None:
        """Start warm, from `dump_statistics` of this or another system; its time is moved to the first alert's."""
        load_statistics(self, state)

    def _stream(self, name: Name) -> Key:
        if len(self.keys) >= MAX_STREAMS:
            self.keys.popitem(last=False)
        key = self.keys[name] = Key(Habit())
        return key

    def _unpack(self, ts: float) -> None:
        shift = int(ts / SLOT_S) - self.packed_slot
        self.packed_slot = -1
        for key in self.keys.values():
            key.habit.shift(shift)

    def _background(self, seq: int, ts: float, name: Name, key: Key, reason: str) -> Entry:
        result = self._result
        result.background = reason
        entry = key.entry
        if entry is not None and entry.cluster.background:
            touch(entry, ts)
            self.background.move_to_end(entry.cluster.id)
            return entry
        if len(self.background) >= MAX_CLUSTERS:
            self._evict(self.background)
        cluster = self.background[seq] = Cluster(seq, ts, ts, background=True)
        result.new_cluster = True
        return self._join(cluster, key, name, None, ts)

    def _score(self, seq: int, ts: float, name: Name, key: Key, site: str | None) -> Entry:
        rare = key.habit.active < RARE_SLOTS
        if site is not None:
            self.onsets.observe(ts)
            self.rate = self.onsets.rate()
        self._compare(ts, name, key, site, rare)
        best, score = None, -inf
        for entry in self._found:
            if entry.cluster.score > score:
                best, score = entry, entry.cluster.score
        key.scored = ts
        if site is not None:
            self.onsets.silence_ended(score - self.threshold)
        if score <= self.threshold:
            best = None
        if (
            best is not None
            and site is not None
            and not best.cluster.sealed
            and ends(best.cluster, self.rate, name, ts)
        ):
            if self.rate * (ts - best.cluster.first) <= MAX_ONSETS:
                self.onsets.began()
            best.cluster.sealed = True
            best = None
        if best is None:
            if len(self.clusters) >= MAX_CLUSTERS:
                self._evict(self.clusters)
            cluster = self.clusters[seq] = Cluster(seq, ts, ts)
            self._result.new_cluster = True
            return self._join(cluster, key, name, site, ts)
        cluster = best.cluster
        if name not in cluster.entries:
            npmi = self.cooccurrence.npmi(name[0], best.type)
            distance = self.hops.distance(site, best.site)
            self._result.join = terms(
                self.weights,
                npmi,
                best,
                name[1],
                distance,
                ts,
                rare=rare and best.rare and site is None,
                is_new=self.cooccurrence.is_new(name[0], best.type),
                rate=self.rate if self.onsets.is_measured() else 0.0,
            )
        if len(self._found) > 1:
            self._merge(cluster)
        return self._join(cluster, key, name, site, ts, best.member, seq)

    def _compared(self, key: Key, entity: str) -> list[Entry]:
        """The entries that were active last, and where the entity and the stream itself were active last.

        A flood fills the recent entries within a second, and what it drowns would lose its own story. A stream is not
        led back into a flood, though: the next scan of the same host is another scan.
        """
        found: list[Entry] = []
        entry = self.recent.newest
        if entry is None:
            return found
        edge, left = entry.last, self.weights.candidates
        while entry is not None and left > 0:
            found.append(entry)
            edge = entry.last
            entry = entry.older
            left -= 1
        other, own = self.latest.get(entity), key.entry
        if other is not None and other.last < edge:
            found.append(other)
        if own is not None and own is not other and own.last < edge:
            cluster = own.cluster
            if not cluster.background and not cluster.frequent:
                found.append(own)
        return found

    def _compare(self, ts: float, name: Name, key: Key, site: str | None, rare: bool) -> None:
        """Find, for each cluster of the compared entries, its best entry and the score. The loop is the hot path."""
        weights = self.weights
        type_, entity = name[0], name[1]
        cooccurrence = self.cooccurrence
        answers = cooccurrence.answers_of(type_)
        distances = self.hops.distances(site)
        oldest = ts - self.idle_s
        together, most = weights.together, weights.rhythm * weights.rhythm_cap
        threshold = self.threshold
        self._round = round_ = self._round + 1
        found = self._found
        found.clear()
        for entry in self._compared(key, entity):
            last = entry.last
            if last < oldest:
                break
            npmi = answers.get(entry.type)
            if npmi is None:
                npmi = cooccurrence.ask(answers, type_, entry.type)
            cluster = entry.cluster
            if cluster.round != round_:
                cluster.round, cluster.slot, cluster.score = round_, len(found), -inf
                found.append(entry)
            same = entry.entity == entity
            if distances is None or entry.site is None:
                # What it could reach at best: nothing said against it, and the best timing there is.
                best = together * npmi
                if same:
                    best += weights.entity
                    if rare:
                        best += weights.rare
                elif rare:
                    best += weights.rare_elsewhere
                if best + most <= threshold:
                    continue
            if cluster.based != round_:
                cluster.based = round_
                self._base(cluster, name, site, ts)
            score = cluster.base + together * npmi
            if same:
                score += weights.entity
                if rare and entry.rare and site is None:
                    score += weights.rare
            elif rare and entry.rare and site is None:
                score += weights.rare_elsewhere
            if distances is not None and entry.site is not None:
                distance = distances.get(entry.site, -1 if site and entry.site else UNPLACED)
                if distance >= 0:
                    score += at_distance(weights, cluster.near, distance)
            known = cluster.score
            if score + most <= (threshold if known < threshold else known):
                continue
            # The rhythm term, written out.
            interval = entry.interval
            late = exp((last - ts - 0.001) / (interval if interval > 0.02 else 0.02))
            surprise = -log(1.0 - late) if late < 1.0 else weights.rhythm_cap
            score += weights.rhythm * (surprise if surprise < weights.rhythm_cap else weights.rhythm_cap)
            if score > known:
                cluster.score = score
                found[cluster.slot] = entry

    def _base(self, cluster: Cluster, name: Name, site: str | None, ts: float) -> None:
        """The terms that do not depend on the entry, and what nearness would add."""
        weights = self.weights
        base = size(weights, cluster, name in cluster.entries) - weights.silence * silence(cluster, ts)
        if cluster.majors:
            base -= weights.partner * dead_partner(cluster, ts)
        cluster.base = base
        cluster.near = 0.0 if site is None else near(weights, cluster, self.rate, self.goes_on, ts)

    def _merge(self, best: Cluster) -> None:
        for entry in self._found:
            other = entry.cluster
            if other is best or other.score <= self.threshold or len(other.entries) > MAX_MERGE_ENTRIES:
                continue
            mean = similarity(self.cooccurrence, best, other)
            if mean > self.weights.merge:
                reason = f"both fit the same alert, and their types go together (mean NPMI {mean:.2f})"
                self._result.merged.append((other.id, reason))
                self._absorb(best, other)

    def _absorb(self, target: Cluster, source: Cluster) -> None:
        del self.clusters[source.id]
        for kept, dropped in absorb(target, source):
            self.recent.discard(dropped)
            if self.latest.get(dropped.entity) is dropped:
                self.latest[dropped.entity] = kept
            key = self.keys.get(kept.name)
            if key is not None and key.entry is dropped:
                key.entry = kept
        free(source)

    def _join(
        self,
        cluster: Cluster,
        key: Key,
        name: Name,
        site: str | None,
        ts: float,
        parent: int = -1,
        seq: int = -1,
    ) -> Entry:
        entry = cluster.entries.get(name)
        if entry is None:
            self.members += 1
            entry = Entry(cluster, name, site, ts, self.members)
            entry.rare = key.habit.active < RARE_SLOTS
            entry.parent, entry.seq = parent, seq
            add(cluster, name, entry)
            self._result.new_member = True
            if not cluster.background:
                self._remember(entry)
        key.entry = entry
        if cluster.background:
            touch(entry, ts)
        else:
            self._count(entry, ts)
        return entry

    def _remember(self, entry: Entry) -> None:
        oldest = self.recent.oldest
        if oldest is not None and self.recent.count >= MAX_ENTRIES:
            self.recent.discard(oldest)
            self._forget(oldest)
            remove(oldest)
        self.recent.add(entry)

    def _count(self, entry: Entry, ts: float) -> None:
        if entry.site is not None:
            follow(entry.cluster, ts)
        touch(entry, ts)
        self.latest[entry.entity] = entry
        self.recent.renew(entry)
        self.clusters.move_to_end(entry.cluster.id)

    def _close(self, clusters: OrderedDict[int, Cluster], oldest: float, closed: list[Closed], most: int) -> None:
        while clusters and most > 0:
            most -= 1
            cluster = next(iter(clusters.values()))
            if cluster.last >= oldest:
                return
            self._drop(clusters.pop(cluster.id))
            found = [] if cluster.background else splits(cluster, self.cooccurrence, self.hops)
            free(cluster)
            closed.append(Closed(cluster.id, found))

    def _evict(self, clusters: OrderedDict[int, Cluster]) -> None:
        number, cluster = clusters.popitem(last=False)
        self._drop(cluster)
        free(cluster)
        self.evicted.append(number)

    def _drop(self, cluster: Cluster) -> None:
        alone = 1.0 if len(cluster.entries) < COMPANY else 0.0
        for entry in cluster.entries.values():
            if not cluster.background:
                key = self.keys.get(entry.name)
                if key is not None:
                    key.alone += ALONE_STEP * (alone - key.alone)
            self.recent.discard(entry)
            self._forget(entry)

    def _forget(self, entry: Entry) -> None:
        if self.latest.get(entry.entity) is entry:
            del self.latest[entry.entity]
        key = self.keys.get(entry.name)
        if key is not None and key.entry is entry:
            key.entry = None
