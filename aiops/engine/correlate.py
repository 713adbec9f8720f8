"""Joins each alert to the best active cluster, in one pass.

Additive terms say how well an alert fits the cluster of a recent entry, an entry being one alert stream (type and
entity) inside one cluster: co-occurrence with the entry and with the cluster, the same entity, the entry's own rhythm,
the silence of the cluster, a partner that has gone silent, and a prior against large clusters. The best cluster above
the threshold takes the alert, else a new one opens. What is known of types and streams is learned after each decision.
"""

from __future__ import annotations

from collections import OrderedDict
from math import log
from typing import Annotated, Any

from msgspec import Meta, Struct

from aiops.engine.chronic import Burst
from aiops.engine.cooccurrence import Cooccurrence
from aiops.engine.correlate_snapshot import dump, load
from aiops.engine.correlate_state import Cluster, Entry, Key, Name, absorb, touch
from aiops.engine.correlate_terms import Weights, dead_partner, rhythm, silence, terms
from aiops.engine.placement import Closed, Placement
from aiops.topology import Topology

# A chronic stream's own cluster lasts over the pauses of its stream.
BACKGROUND_IDLE_S = 3600.0
# A stream that fires faster than this is a flood: its next alert goes where the last one went.
FLOOD_INTERVAL_S = 0.05
FLOOD_COUNT = 20
FLOOD_S = 1.0
# Streams remembered; beyond, the one that fired longest ago is forgotten. About 500 bytes each.
MAX_STREAMS = 100_000
# Merging moves entries one by one; two clusters that are both large are an error of the past that merging makes worse.
MAX_MERGE_ENTRIES = 256


class CorrelateConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """How alerts are joined.

    `sensitivity`: higher joins more. `idle_s`: a cluster that was silent for so many seconds is closed.
    """

    sensitivity: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    idle_s: Annotated[float, Meta(ge=1, le=86_400)] = 120.0


class Correlator:
    """The clusterer: `place` takes alerts in time order, `advance` closes what went quiet."""

    def __init__(self, config: CorrelateConfig, topology: Topology, weights: Weights | None = None) -> None:
        self.config = config
        self.topology = topology
        self.weights = weights or Weights()
        self.threshold = self.weights.threshold - 2.0 * log(config.sensitivity / (1.0 - config.sensitivity))
        self.cooccurrence = Cooccurrence()
        self.keys: OrderedDict[Name, Key] = OrderedDict()
        self.recent: OrderedDict[int, Entry] = OrderedDict()
        self.clusters: OrderedDict[int, Cluster] = OrderedDict()
        self.background: OrderedDict[int, Cluster] = OrderedDict()
        self.members = 0
        self.now = 0.0

    def place(self, seq: int, ts: float, type_: str, entity: str, service: str | None = None) -> Placement:
        """Where the alert belongs; `seq` must be new, an earlier `ts` than the last counts as the last."""
        ts = self.now = max(ts, self.now)
        name = (type_, entity)
        key = self.keys.get(name) or self._stream(name)
        placement = Placement()
        entry = key.entry
        if key.burst.chronic:
            self._chronic(seq, ts, name, key, placement)
        elif entry is not None and self._floods(entry, key, ts):
            self._count(entry, ts)
        else:
            self._score(seq, ts, name, key, placement)
        joined = key.entry
        assert joined is not None
        placement.cluster, placement.member = joined.cluster.id, joined.member
        self.cooccurrence.observe(type_, ts)
        key.burst.observe(ts)
        return placement

    def advance(self, now: float) -> list[Closed]:
        """Close the clusters that have been idle; `now` must not decrease."""
        closed: list[Closed] = []
        for clusters, idle_s in ((self.clusters, self.config.idle_s), (self.background, BACKGROUND_IDLE_S)):
            while clusters:
                cluster = next(iter(clusters.values()))
                if now - cluster.last <= idle_s:
                    break
                del clusters[cluster.id]
                self._drop(cluster)
                closed.append(Closed(cluster.id))
        return closed

    def learn(self, ts: float, type_: str, entity: str) -> None:
        """Take in an alert of the past without placing it, as for a model that is trained ahead."""
        name = (type_, entity)
        key = self.keys.get(name) or self._stream(name)
        self.cooccurrence.observe(type_, ts)
        key.burst.observe(ts)

    def dump(self) -> Any:
        """The whole state, as plain lists and numbers."""
        return dump(self)

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        load(self, state)

    def _stream(self, name: Name) -> Key:
        if len(self.keys) >= MAX_STREAMS:
            self.keys.popitem(last=False)
        key = self.keys[name] = Key(Burst())
        return key

    def _floods(self, entry: Entry, key: Key, ts: float) -> bool:
        return (
            entry.count > FLOOD_COUNT
            and entry.interval < FLOOD_INTERVAL_S
            and ts - entry.last <= FLOOD_S
            and ts - key.scored < FLOOD_S
            and entry.cluster.background is None
        )

    def _chronic(self, seq: int, ts: float, name: Name, key: Key, placement: Placement) -> None:
        entry = key.entry
        if entry is None or entry.cluster.background is None or entry.cluster.id not in self.background:
            cluster = Cluster(seq, ts, ts)
            cluster.background = f"chronic: fires in {key.burst.share():.0%} of all five-minute slots"
            self.background[seq] = cluster
            placement.new_cluster = True
            self._join(cluster, key, name, ts, placement)
        else:
            touch(entry, ts)
            self.background.move_to_end(entry.cluster.id)
        assert key.entry is not None
        placement.background = key.entry.cluster.background

    def _score(self, seq: int, ts: float, name: Name, key: Key, placement: Placement) -> None:
        scores = self._candidates(ts, name)
        best, score = None, self.threshold
        for entry, value in scores.values():
            if value > score:
                best, score = entry, value
        key.scored = ts
        if best is None:
            cluster = self.clusters[seq] = Cluster(seq, ts, ts)
            placement.new_cluster = True
        else:
            cluster = best.cluster
            if name not in cluster.entries:
                npmi = self.cooccurrence.npmi(name[0], best.type)
                placement.evidence = terms(self.weights, npmi, self._mean(name[0], cluster), best, False, name[1], ts)
            self._merge(cluster, scores, placement)
        self._join(cluster, key, name, ts, placement)

    def _candidates(self, ts: float, name: Name) -> dict[int, tuple[Entry, float]]:
        """For each cluster among the recent entries its best entry and the score."""
        weights = self.weights
        npmi = self.cooccurrence.npmi
        oldest = ts - self.config.idle_s
        bases: dict[int, float] = {}
        found: dict[int, tuple[Entry, float]] = {}
        left = weights.candidates
        for entry in reversed(self.recent.values()):
            if not left or entry.last < oldest:
                break
            left -= 1
            cluster = entry.cluster
            base = bases.get(cluster.id)
            if base is None:
                base = bases[cluster.id] = self._base(cluster, name, ts)
            score = base + weights.together * npmi(name[0], entry.type)
            if entry.entity == name[1]:
                score += weights.entity
            score += weights.rhythm * min(weights.rhythm_cap, rhythm(entry, ts))
            known = found.get(cluster.id)
            if known is None or score > known[1]:
                found[cluster.id] = (entry, score)
        return found

    def _base(self, cluster: Cluster, name: Name, ts: float) -> float:
        """The terms that do not depend on the entry."""
        weights = self.weights
        base = weights.together_mean * self._mean(name[0], cluster)
        base -= weights.silence * silence(cluster, ts) + weights.partner * dead_partner(cluster, ts)
        if name in cluster.entries:
            return base - weights.known_size * log(cluster.count)
        return base - weights.new - weights.new_size * log(cluster.count)

    def _mean(self, type_: str, cluster: Cluster) -> float:
        npmi = self.cooccurrence.npmi
        return sum(npmi(type_, other) for other in cluster.types) / len(cluster.types)

    def _merge(self, best: Cluster, scores: dict[int, tuple[Entry, float]], placement: Placement) -> None:
        for entry, score in list(scores.values()):
            other = entry.cluster
            if other is best or score <= self.threshold or len(other.entries) > MAX_MERGE_ENTRIES:
                continue
            mean = sum(self._mean(type_, other) for type_ in best.types) / len(best.types)
            if mean > self.weights.merge:
                placement.merged.append(
                    (other.id, f"both fit this alert and their types go together (NPMI {mean:.2f})")
                )
                self._absorb(best, other)

    def _absorb(self, target: Cluster, source: Cluster) -> None:
        del self.clusters[source.id]
        for kept, dropped in absorb(target, source):
            self.recent.pop(dropped.member, None)
            key = self.keys.get((kept.type, kept.entity))
            if key is not None and key.entry is dropped:
                key.entry = kept

    def _join(self, cluster: Cluster, key: Key, name: Name, ts: float, placement: Placement) -> None:
        entry = cluster.entries.get(name)
        if entry is None:
            self.members += 1
            entry = cluster.entries[name] = Entry(cluster, name[0], name[1], ts, self.members)
            cluster.types[name[0]] = cluster.types.get(name[0], 0) + 1
            placement.new_member = True
            if cluster.background is None:
                self.recent[entry.member] = entry
        key.entry = entry
        if cluster.background is None:
            self._count(entry, ts)
        else:
            touch(entry, ts)

    def _count(self, entry: Entry, ts: float) -> None:
        touch(entry, ts)
        self.recent.move_to_end(entry.member)
        self.clusters.move_to_end(entry.cluster.id)

    def _drop(self, cluster: Cluster) -> None:
        for name, entry in cluster.entries.items():
            self.recent.pop(entry.member, None)
            key = self.keys.get(name)
            if key is not None and key.entry is entry:
                key.entry = None
