"""Recognises a new cluster as the return of an older one: the same streams, and hardly anything else.

A pattern that pauses for longer than its streams' intervals explain opens a new cluster. A minute later it is known
what came. Each stream of the core counts by how seldom it stands in other incidents, less what lacks and what is
strange, against the chance that something new began instead.

Cost: once for each new cluster with a stream that is known from another, a look at the streams of both.
"""

from __future__ import annotations

from math import inf, log
from typing import Final

from aiops.engine.correlate.onset_rate import Onsets
from aiops.engine.correlate.open_clusters import OpenClusters
from aiops.engine.correlate.result import Closed
from aiops.engine.correlate.returns import Returns, in_core
from aiops.engine.correlate.state import Cluster, Entry
from aiops.wording import duration, plural

# A cluster is judged so long after its first alert: all alerts of a pod that restarts come within a minute.
WAIT_S: Final = 60.0
# One that continued until so shortly before is no earlier phase, but a neighbour.
LEAST_PAUSE_S: Final = 60.0
# Larger clusters repeat as a whole only by chance, and would be costly to compare; the clusters that wait at one time.
MAX_ENTRIES: Final = 256
MAX_WAITING: Final = 1_000
# At least so many streams of the core came, and this share of it; of what came, no more than this share is strange.
MIN_MATCHED: Final = 2
MATCHED: Final = 0.9
STRANGE: Final = 0.1
# A stream of the core comes in nine phases of ten.
PRESENT: Final = 0.9
# The prior, in nats: of all clusters one in some twenty returns, at times that are spread evenly over the logarithm.
RETURNING: Final = 0.045
# Against each stream of the core that lacks, and each that is strange.
LACKS: Final = 2.0
STRANGER: Final = 2.0
# How often a stream stands in other incidents is not trusted beyond these.
RAREST: Final = 0.02
COMMONEST: Final = 0.95


class Fingerprints:
    """Judges new clusters once they are a minute old; `waiting` are those, with the time of it."""

    def __init__(self, held: OpenClusters, onsets: Onsets, returns: Returns, threshold: float) -> None:
        self.held = held
        self.onsets = onsets
        self.returns = returns
        self.threshold = threshold
        self.waiting: list[tuple[float, int]] = []

    def note(self, cluster: Cluster, last: Entry | None, ts: float) -> bool:
        """Note where a stream, which at `ts` is new to a cluster, stood last; return True if that is news.

        The first one is the `origin`, and the cluster waits for its judgement.
        """
        if cluster.origin >= 0 or last is None or cluster.phases is not None or ts >= cluster.first + WAIT_S:
            return False
        origin = last.cluster
        if origin is cluster or origin.background or cluster.first - origin.last < LEAST_PAUSE_S:
            return False
        if len(origin.entries) > MAX_ENTRIES or len(self.waiting) >= MAX_WAITING:
            return False
        cluster.origin = origin.id
        self.waiting.append((cluster.first + WAIT_S, cluster.id))
        return True

    def next_due(self) -> float:
        """Return the time of the next judgement."""
        return min([due for due, _ in self.waiting], default=inf)

    def set_back(self, now: float) -> None:
        """Let nothing wait for longer than it would from `now` on: engine time was set back."""
        self.waiting = [(min(at, now + WAIT_S), number) for at, number in self.waiting]

    def judge(self, now: float) -> list[Closed]:
        """Merge the clusters that are due, and are a return, into the clusters that returned."""
        due = [number for at, number in self.waiting if at <= now]
        if not due:
            return []
        self.waiting = [each for each in self.waiting if each[0] > now]
        found = []
        for number in due:
            cluster = self.held.find(number)
            origin = self._origin(cluster) if cluster is not None else None
            if cluster is not None and origin is not None:
                found.append(self._merge(origin, cluster))
        return found

    def _origin(self, cluster: Cluster) -> Cluster | None:
        """Return the cluster that a new one is the return of; None if it is something new."""
        origin = self.held.find(cluster.origin)
        if origin is None or cluster.phases is not None or origin.last >= cluster.first:
            return None
        core = sum([in_core(entry, origin.phases) for entry in origin.entries.values()])
        matched, strangers, score = 0, 0, 0.0
        for entry in cluster.entries.values():
            other = origin.entries.get(entry.name)
            if other is None:
                strangers += 1
            elif in_core(other, origin.phases):
                matched += 1
                score += log(PRESENT / self._commonness(entry))
        if matched < MIN_MATCHED or matched < MATCHED * core or strangers > STRANGE * len(cluster.entries):
            return None
        score -= LACKS * (core - matched) + STRANGER * strangers
        score += log(RETURNING / ((cluster.first - origin.last) * self.onsets.rate_of_all()))
        return origin if score > self.threshold else None

    def _commonness(self, entry: Entry) -> float:
        """Return the share of other incidents in which a stream stands, but for its present two."""
        key = self.held.keys.get(entry.name)
        joined = key.joined - 2.0 if key is not None else 0.0
        share = (joined + 1.0 / (len(self.held.keys) + 1.0)) / (self.onsets.found + 1.0)
        return min(COMMONEST, max(RAREST, share))

    def _merge(self, origin: Cluster, cluster: Cluster) -> Closed:
        """Make a cluster the next phase of the one that it is the return of."""
        shared = [name for name in cluster.entries if name in origin.entries]
        ago = duration(cluster.first - origin.last)
        reason = f"the same {plural(len(shared), 'stream')} came here {ago} before"
        for name in shared:
            key = self.held.keys.get(name)
            if key is not None:
                key.joined -= 1.0
        self.onsets.withdraw(cluster.onset)
        self.returns.unite(origin, cluster)
        self.held.absorb(origin, cluster)
        return Closed(origin.id, merged=[(cluster.id, reason)], is_final=False)
