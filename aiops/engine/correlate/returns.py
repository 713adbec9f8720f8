"""Follows clusters whose own streams return after a silence: crash loops, flapping, batch jobs.

Such a cluster lives on in phases. The silence between two phases is no part of its pace, and its age counts from the
last return on: something new is not to be expected because the pattern has lasted. What a pattern brings it brings
again, so a stranger in a cluster that has returned is judged by how seldom such clusters bring one.

Cost: a few additions an alert, and a look at each stream of a cluster when it returns. Memory: five numbers a cluster
that has returned, two a stream in it.
"""

from __future__ import annotations

from math import log
from typing import Any, Final

from aiops.engine.correlate.candidate import Candidate
from aiops.engine.correlate.pauses import LEAST_S, Pauses
from aiops.engine.correlate.phases import Phases
from aiops.engine.correlate.state import Cluster, Entry, pace_of

# Before any was seen: three of ten alerts in a returned cluster are of a new stream; the guess is worth one alert.
START_STRANGERS: Final = 0.3
WEIGHT: Final = 1.0
# The same of alerts that are due in their pattern and go elsewhere.
START_ELSEWHERE: Final = 0.3


def in_core(entry: Entry, phases: Phases | None) -> bool:
    """Return True if the stream came in at least half of the phases of its cluster; in the first, all did."""
    return phases is None or 2 * entry.phases >= phases.count


class Returns:
    """Counts over clusters that have returned: all their alerts since, and those of new streams.

    And how many alerts were due in the pattern of their stream, and how many of them went elsewhere.
    """

    def __init__(self) -> None:
        self.alerts = 0
        self.strangers = 0
        self.due = 0
        self.elsewhere = 0

    def begin(self, cluster: Cluster, ts: float) -> Phases:
        """Begin the next phase of a cluster at `ts`, once the one before is checked."""
        phases = self.check(cluster)
        phases.count += 1
        pace_of(cluster).begin(ts)
        return phases

    def check(self, cluster: Cluster) -> Phases:
        """Compare the phase that has ended with those before it, once; there is none before the first."""
        phases = cluster.phases
        if phases is None:
            phases = cluster.phases = Phases()
        if phases.checked == phases.count:
            return phases
        core = repeated = present = 0
        for entry in cluster.entries.values():
            is_present = entry.phase == phases.count
            present += is_present
            if 2 * (entry.phases - is_present) >= phases.count:
                core += 1
                repeated += is_present
        phases.check(core, repeated, present)
        return phases

    def expect(self, candidate: Candidate) -> None:
        """Set the pattern of an alert's stream, and what it means for all other clusters if it is due there."""
        key, ts = candidate.key, candidate.ts
        pattern = key.pattern
        if pattern is None:
            return
        cluster = pattern.cluster
        if cluster.phases is None:
            # A part that has left the cluster that returned.
            return
        if ts - cluster.last >= LEAST_S:
            # The phase has ended, whoever comes next.
            self.check(cluster)
        if cluster.sealed or not cluster.phases.verified:
            return
        candidate.pattern = pattern
        pauses = key.pauses
        if pauses is not None and pauses.is_due(ts - pattern.last):
            usual = (START_ELSEWHERE + self.elsewhere) / (WEIGHT + self.due)
            candidate.elsewhere = log((pauses.elsewhere + WEIGHT * usual) / (pauses.due + WEIGHT))

    def settle(self, candidate: Candidate, entry: Entry, is_new: bool) -> None:
        """Learn from the entry that was found for an alert, before it is counted there."""
        key, pattern = candidate.key, candidate.pattern
        pause_s = candidate.ts - (key.last if is_new else entry.last)
        if key.alerts and pause_s >= LEAST_S:
            if key.pauses is None:
                key.pauses = Pauses()
            key.pauses.follow(pause_s)
        if pattern is not None and candidate.elsewhere and key.pauses is not None:
            self.due += 1
            key.pauses.due += 1
            if entry.cluster is not pattern.cluster:
                self.elsewhere += 1
                key.pauses.elsewhere += 1
        if not is_new and entry.cluster.phases is not None and in_core(entry, entry.cluster.phases):
            key.pattern = entry

    def unite(self, target: Cluster, source: Cluster) -> None:
        """Begin the next phase of a cluster with all of another, which is to be absorbed and has none."""
        phases = self.check(target)
        phases.count += 1
        phases.verified = max(1, phases.verified)
        self._count(phases, source.count, 0)
        for name, entry in source.entries.items():
            kept = target.entries.get(name)
            if kept is None:
                self._count(phases, 0, 1)
                entry.phase = phases.count
            elif kept.phase != phases.count:
                kept.phase = phases.count
                kept.phases += 1
        # The pace and the age are those of the new phase.
        target.pace, source.pace = source.pace, target.pace
        target.surge = 0.0

    def follow(self, entry: Entry, is_new: bool) -> None:
        """Take in an alert of a stream, which may be new to its cluster."""
        phases = entry.cluster.phases
        if phases is None:
            return
        self._count(phases, 1, 1 if is_new else 0)
        if is_new:
            entry.phase = phases.count
        elif entry.phase != phases.count:
            entry.phase = phases.count
            entry.phases += 1

    def novelty(self, phases: Phases) -> float:
        """Return the term against a new stream in a cluster that has returned, in nats."""
        usual = (START_STRANGERS + self.strangers) / (WEIGHT + self.alerts)
        return log((phases.strangers + WEIGHT * usual) / (phases.alerts + WEIGHT))

    def _count(self, phases: Phases, alerts: int, strangers: int) -> None:
        phases.alerts += alerts
        phases.strangers += strangers
        self.alerts += alerts
        self.strangers += strangers

    def dump(self) -> Any:
        """The numbers, in the order of `load`."""
        return [self.alerts, self.strangers, self.due, self.elsewhere]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.alerts, self.strangers, self.due, self.elsewhere = state
