"""The open clusters with their entries, the streams that are remembered, and the bounds of both."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from aiops.engine.correlate.background import Habit
from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.state import (
    MAJOR_COUNT,
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
    take_out,
    touch,
)

# Streams remembered; beyond, the one that was active longest ago is forgotten. About 600 bytes each.
MAX_STREAMS: Final = 100_000
# Entries of open clusters. At the default `idle_s` these are 400 new streams a second, which is a storm of noise.
MAX_ENTRIES: Final = 50_000
# Open clusters; the one that is silent longest is closed before its time.
MAX_CLUSTERS: Final = 20_000
# Members of all entries. Beyond, an entry forgets its oldest one, which counts as new if it alerts again.
MAX_MEMBERS: Final = 100_000
# A stream is background by habit only while it comes alone (`Key.alone`), with less company than this in a cluster.
COMPANY: Final = 4
ALONE_STEP: Final = 0.1
# A stream is rare while it has fired in fewer five-minute slots of the last day: two of those on one entity at the same
# time are news about that entity, though nobody can know yet whether their types go together.
RARE_SLOTS: Final = 3.0


class OpenClusters:
    """Clusters, by the numbers of their first alerts, with their entries.

    Those of background streams apart, and those at rest, which only their own streams join.

    `latest` is the entry of each workload that was active last, `keys` what is remembered of each stream, `evicted` the
    clusters that a cap closed, `members` how many members were numbered, `named` how many are held.

    Entries, their clusters and their neighbours hold each other. They are let go by hand, and the cyclic garbage
    collector, which would look at each of them for nothing, does not track them; they are freed with the correlator.
    """

    def __init__(self) -> None:
        self.clusters: OrderedDict[int, Cluster] = OrderedDict()
        self.resting: OrderedDict[int, Cluster] = OrderedDict()
        self.background: OrderedDict[int, Cluster] = OrderedDict()
        self.recent = Recent()
        self.latest: dict[str, Entry] = {}
        self.keys: OrderedDict[Name, Key] = OrderedDict()
        self.evicted: list[int] = []
        self.members = 0
        self.named = 0

    def find(self, number: int) -> Cluster | None:
        """Return an open or resting cluster; None for any other."""
        return self.clusters.get(number) or self.resting.get(number)

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
        self._make_room(clusters)
        cluster = new_cluster(candidate.number, candidate.ts)
        cluster.background = clusters is self.background
        clusters[candidate.number] = cluster
        return cluster

    def enter(self, cluster: Cluster, candidate: Candidate, through: Entry | None = None) -> Entry:
        """Make an entry for a stream that is new to a cluster, which it joins through another entry, or opens."""
        entry = new_entry(candidate.name, candidate.entity, candidate.site, candidate.ts)
        entry.rare = candidate.key.habit.active < RARE_SLOTS
        if through is not None:
            entry.parent, entry.seq = through.member, candidate.number
        add(cluster, candidate.name, entry)
        candidate.key.joined += 1.0
        if not cluster.background:
            oldest = self.recent.oldest
            if oldest is not None and self.recent.count >= MAX_ENTRIES:
                self.recent.discard(oldest)
                self._forget(oldest)
                self.named -= len(oldest.members)
                remove(oldest)
            self.recent.add(entry)
        return entry

    def member(self, entry: Entry, entity: str) -> int:
        """Return the member of an entity in an entry; a new number for one that is new there."""
        number = entry.members.get(entity)
        if number is None:
            if self.named >= MAX_MEMBERS and entry.members:
                del entry.members[next(iter(entry.members))]
                self.named -= 1
            self.members += 1
            self.named += 1
            number = entry.members[entity] = self.members
            if entry.member < 0:
                entry.member = number
        return number

    def count(self, entry: Entry, ts: float) -> None:
        """Count one more alert of an entry."""
        if entry.cluster.background:
            touch(entry, ts)
            self.background.move_to_end(entry.cluster.id)
            return
        if entry.site is not None:
            follow(entry.cluster, ts)
        touch(entry, ts)
        self.latest[entry.workload] = entry
        self.recent.renew(entry)
        self.clusters.move_to_end(entry.cluster.id)

    def rest(self, cluster: Cluster) -> None:
        """Put a cluster, which is no longer among the active ones, to rest; its own streams may return to it."""
        self._make_room(self.resting)
        self.resting[cluster.id] = cluster
        cluster.resting = True

    def wake(self, cluster: Cluster) -> None:
        """Make a cluster at rest an active one."""
        del self.resting[cluster.id]
        cluster.resting = False
        self._make_room(self.clusters)
        self.clusters[cluster.id] = cluster

    def divide(self, cluster: Cluster, number: int, members: list[int]) -> list[int]:
        """Move the entries of members to a cluster of their own, which rests; return all that were moved."""
        part = new_cluster(number, cluster.first)
        part.interval = cluster.interval
        if cluster.pace is not None:
            part.pace = cluster.pace.parted()
        moving = set(members)
        for entry in take_out(cluster, moving):
            add(part, entry.name, entry)
            if entry.seq == number:
                # It opens the part, and its number is not free for another one.
                entry.parent = entry.seq = -1
            # The phases of the whole are not those of the part.
            entry.phase, entry.phases = 0, 1
            part.count += entry.count
            part.last = max(part.last, entry.last) if len(part.entries) > 1 else entry.last
            if entry.count >= MAJOR_COUNT:
                part.frequent = True
        cluster.count -= part.count
        self.rest(part)
        return [number for entry in part.entries.values() for number in entry.members.values()]

    def absorb(self, target: Cluster, source: Cluster) -> None:
        """Merge one cluster into another."""
        del (self.resting if source.resting else self.clusters)[source.id]
        if target.resting:
            self.wake(target)
        for kept, dropped in absorb(target, source):
            if kept.last == dropped.last:
                self.recent.replace(dropped, kept)
            else:
                self.recent.discard(dropped)
            # Both had these; the others are the kept entry's now.
            self.named -= sum(kept.members[entity] != number for entity, number in dropped.members.items())
            if self.latest.get(dropped.workload) is dropped:
                self.latest[dropped.workload] = kept
            key = self.keys.get(kept.name)
            if key is not None and key.entry is dropped:
                key.entry = kept
            if key is not None and key.pattern is dropped:
                key.pattern = kept
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
            self.named -= len(entry.members)
            self._forget(entry)

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back.

        Clusters and entries keep their order.
        """
        for clusters in (self.clusters, self.resting, self.background):
            for cluster in clusters.values():
                cluster.first, cluster.last = min(cluster.first, now), min(cluster.last, now)
                if cluster.pace is not None:
                    cluster.pace.set_back(now)
                for entry in cluster.entries.values():
                    entry.last = min(entry.last, now)
        for key in self.keys.values():
            key.scored, key.last = min(key.scored, now), min(key.last, now)
            key.habit.set_back(now)

    def clear(self) -> None:
        """Release all clusters and entries."""
        self.recent.clear()
        for clusters in (self.clusters, self.resting, self.background):
            for cluster in clusters.values():
                free(cluster)
            clusters.clear()

    def _make_room(self, clusters: OrderedDict[int, Cluster]) -> None:
        if len(clusters) >= MAX_CLUSTERS:
            number, oldest = clusters.popitem(last=False)
            self.drop(oldest)
            free(oldest)
            self.evicted.append(number)

    def _forget(self, entry: Entry) -> None:
        if self.latest.get(entry.workload) is entry:
            del self.latest[entry.workload]
        key = self.keys.get(entry.name)
        if key is not None and key.entry is entry:
            key.entry = None
        if key is not None and key.pattern is entry:
            key.pattern = None

    def __del__(self) -> None:
        self.clear()
