"""The open clusters with their entries, the streams that are remembered, and the bounds of both."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from aiops.engine.correlate.background import Habit
from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.state import (
    Cluster,
    Entry,
    Key,
    Name,
    Recent,
    absorb,
    add,
    follow,
    free,
    new_cluster,
    new_entry,
    remove,
    touch,
)

# Streams remembered; beyond, the one that was active longest ago is forgotten. About 600 bytes each.
MAX_STREAMS: Final = 100_000
# Entries of open clusters. At the default `idle_s` these are 400 new streams a second, which is a storm of noise.
MAX_ENTRIES: Final = 50_000
# Open clusters; the one that is silent longest is closed before its time.
MAX_CLUSTERS: Final = 20_000
# A stream is background by habit only while it comes alone (`Key.alone`), with less company than this in a cluster.
COMPANY: Final = 4
ALONE_STEP: Final = 0.1
# A stream is rare while it has fired in fewer five-minute slots of the last day: two of those on one entity at the same
# time are news about that entity, though nobody can know yet whether their types go together.
RARE_SLOTS: Final = 3.0


class OpenClusters:
    """Clusters, by the numbers of their first alerts, with their entries.

    Those of background streams apart.

    `latest` is the entry of each entity that was active last, `keys` what is remembered of each stream, `evicted` the
    clusters that a cap closed, `members` how many entries were made.

    Entries, their clusters and their neighbours hold each other. They are let go by hand, and the cyclic garbage
    collector, which would look at each of them for nothing, does not track them; they are freed with the correlator.
    """

    def __init__(self) -> None:
        self.clusters: OrderedDict[int, Cluster] = OrderedDict()
        self.background: OrderedDict[int, Cluster] = OrderedDict()
        self.recent = Recent()
        self.latest: dict[str, Entry] = {}
        self.keys: OrderedDict[Name, Key] = OrderedDict()
        self.evicted: list[int] = []
        self.members = 0

    def key(self, name: Name) -> Key:
        """Return what is remembered of a stream; nothing yet for a new one."""
        key = self.keys.get(name)
        if key is None:
            if len(self.keys) >= MAX_STREAMS:
                self.keys.popitem(last=False)
            key = self.keys[name] = Key()
            key.habit = Habit()
        return key

    def open(self, clusters: OrderedDict[int, Cluster], candidate: Candidate) -> Cluster:
        """Open a cluster for an alert, among the background ones or the others."""
        if len(clusters) >= MAX_CLUSTERS:
            number, oldest = clusters.popitem(last=False)
            self.drop(oldest)
            free(oldest)
            self.evicted.append(number)
        cluster = new_cluster(candidate.number, candidate.ts)
        cluster.background = clusters is self.background
        clusters[candidate.number] = cluster
        return cluster

    def enter(self, cluster: Cluster, candidate: Candidate, through: Entry | None = None) -> Entry:
        """Make an entry for a stream that is new to a cluster, which it joins through another entry, or opens."""
        self.members += 1
        entry = new_entry(candidate.name, candidate.site, candidate.ts, self.members)
        entry.rare = candidate.key.habit.active < RARE_SLOTS
        if through is not None:
            entry.parent, entry.seq = through.member, candidate.number
        add(cluster, candidate.name, entry)
        if not cluster.background:
            oldest = self.recent.oldest
            if oldest is not None and self.recent.count >= MAX_ENTRIES:
                self.recent.discard(oldest)
                self._forget(oldest)
                remove(oldest)
            self.recent.add(entry)
        return entry

    def count(self, entry: Entry, ts: float) -> None:
        """Count one more alert of an entry."""
        if entry.cluster.background:
            touch(entry, ts)
            self.background.move_to_end(entry.cluster.id)
            return
        if entry.site is not None:
            follow(entry.cluster, ts)
        touch(entry, ts)
        self.latest[entry.entity] = entry
        self.recent.renew(entry)
        self.clusters.move_to_end(entry.cluster.id)

    def absorb(self, target: Cluster, source: Cluster) -> None:
        """Merge one cluster into another."""
        del self.clusters[source.id]
        for kept, dropped in absorb(target, source):
            self.recent.discard(dropped)
            if self.latest.get(dropped.entity) is dropped:
                self.latest[dropped.entity] = kept
            key = self.keys.get(kept.name)
            if key is not None and key.entry is dropped:
                key.entry = kept
        free(source)

    def drop(self, cluster: Cluster) -> None:
        """Remove the entries of a closing cluster from all indexes, and learn the company of its streams."""
        alone = 1.0 if len(cluster.entries) < COMPANY else 0.0
        for entry in cluster.entries.values():
            if not cluster.background:
                key = self.keys.get(entry.name)
                if key is not None:
                    key.alone += ALONE_STEP * (alone - key.alone)
            self.recent.discard(entry)
            self._forget(entry)

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back.

        Clusters and entries keep their order.
        """
        for clusters in (self.clusters, self.background):
            for cluster in clusters.values():
                cluster.first, cluster.last = min(cluster.first, now), min(cluster.last, now)
                for entry in cluster.entries.values():
                    entry.last = min(entry.last, now)
        for key in self.keys.values():
            key.scored = min(key.scored, now)
            key.habit.set_back(now)

    def clear(self) -> None:
        """Release all clusters and entries."""
        self.recent.clear()
        for clusters in (self.clusters, self.background):
            for cluster in clusters.values():
                free(cluster)
            clusters.clear()

    def _forget(self, entry: Entry) -> None:
        if self.latest.get(entry.entity) is entry:
            del self.latest[entry.entity]
        key = self.keys.get(entry.name)
        if key is not None and key.entry is entry:
            key.entry = None

    def __del__(self) -> None:
        self.clear()
