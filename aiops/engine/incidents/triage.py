"""Triage: an incident, or background.

Chronic, ordinary, mild and lone alerts open no incident, or not yet.
"""

from __future__ import annotations

import heapq
from typing import Final

from aiops.engine.arrival import Arrival
from aiops.engine.detect.stage import Detect
from aiops.engine.incidents.clusters import Clusters, ClusterState
from aiops.engine.incidents.config import IncidentConfig
from aiops.records import LABELS, Severity, has_explicit_severity, parse_severity
from aiops.wording import duration

# A stream that is at least this likely to be as loud as it is: nothing happened that does not happen all the time.
ORDINARY_P: Final = 0.3
# From so many entities on, even alerts of one kind support each other; two of a kind are often a coincidence.
MANY_ENTITIES: Final = 3
# Two warnings that meet are often a coincidence on a large site; the third of another kind seldom is.
FEW: Final = 3
# Streams that fire at any time meet by chance, but seldom so many of them.
CROWD: Final = 6
# A lone warning that returned so often lasts, as one that fires all the time does: once may be chance.
LASTING_RETURNS: Final = 2
# Entries of the queue beyond twice the clusters, at which those that are void are dropped.
SLACK: Final = 64


class Triage:
    """Decides which clusters are worth an incident, and remembers those that wait until they have lasted."""

    def __init__(self, config: IncidentConfig, clusters: Clusters, detect: Detect | None = None) -> None:
        self.clusters = clusters
        self.detect = detect
        self.min_severity = int(parse_severity(config.min_severity))
        self.lone_s = config.lone_warning_s
        self._waiting: list[tuple[float, int]] = []

    def judge(self, arrival: Arrival) -> None:
        """Decide whether an alert makes its cluster an incident.

        The reason against it is its stream's background.
        """
        reason = None
        if arrival.cluster.incident is None:
            reason = self._reason(arrival)
            if reason is None and arrival.severity <= Severity.WARNING:
                reason = self._ordinary(arrival)
            if reason is not None:
                arrival.cluster.background = reason
        arrival.stream.background = reason

    def opens(self, arrival: Arrival) -> bool:
        """Return true if an alert that stands alone opens an incident: as `judge` decides, without a cluster."""
        level, surprise = arrival.severity, arrival.surprise
        if arrival.result.background is not None and level < Severity.CRITICAL:
            return False
        if level < self.min_severity:
            return False
        if level > Severity.WARNING:
            return True
        if not surprise.first and surprise.p >= ORDINARY_P:
            return False
        return self.lone_s <= 0 or not has_explicit_severity(arrival.alert.severity)

    def _reason(self, arrival: Arrival) -> str | None:
        """Return why an alert does not make its cluster an incident; None when it does."""
        level, surprise, background = arrival.severity, arrival.surprise, arrival.result.background
        if background is not None and level < Severity.CRITICAL:
            return background
        if level < self.min_severity:
            return f"severity {LABELS[level]} is below {LABELS[self.min_severity]}"
        if level > Severity.WARNING:
            return None
        if not surprise.first and surprise.p >= ORDINARY_P:
            return f"as usual: {surprise.sentence()}"
        cluster = arrival.cluster
        if self.lone_s > 0 and has_explicit_severity(arrival.alert.severity) and not _corroborated(cluster):
            if arrival.at - cluster.opened_at >= self.lone_s and self._returns(cluster, arrival.now):
                return None
            self._wait(cluster, arrival.now)
            return f"too few warnings to tell: an incident when others join or it lasts {duration(self.lone_s)}"
        return None

    def _ordinary(self, arrival: Arrival) -> str | None:
        """Return why a promoted detector finds the entity ordinary; None where it does not."""
        if self.detect is None or not self.detect.decides:
            return None
        verdict = self.detect.ordinary(arrival.stream.entity)
        return None if verdict is None else verdict.ordinary()

    def _wait(self, cluster: ClusterState, now: float) -> None:
        if not cluster.waiting:
            cluster.waiting = True
            heapq.heappush(self._waiting, (now + self.lone_s, cluster.number))
            if len(self._waiting) > 2 * len(self.clusters.by_number) + SLACK:
                self._tidy()

    def _tidy(self) -> None:
        """Drop the entries of clusters that are forgotten or wait no more."""
        live = [entry for entry in self._waiting if self._waits(entry[1]) is not None]
        heapq.heapify(live)
        self._waiting = live

    def _waits(self, number: int) -> ClusterState | None:
        """Return the cluster of an entry, if it still waits."""
        cluster = self.clusters.of(number)
        return cluster if cluster is not None and cluster.waiting and cluster.incident is None else None

    def next_due(self) -> float:
        """Return when a waiting cluster is judged again; infinity when none waits."""
        return self._waiting[0][0] if self._waiting else float("inf")

    def lasting(self, now: float) -> list[tuple[float, ClusterState]]:
        """Return the clusters whose lone warning has lasted, with the time at which it had."""
        found = []
        while self._waiting and self._waiting[0][0] <= now:
            due, number = heapq.heappop(self._waiting)
            cluster = self._waits(number)
            if cluster is None:
                continue
            cluster.waiting = False
            if self._returns(cluster, due):
                found.append((due, cluster))
            elif cluster.firing <= 0:
                continue
            elif self._lasts(cluster):
                found.append((due, cluster))
            else:
                self._wait(cluster, due)
        return found

    def _returns(self, cluster: ClusterState, due: float) -> bool:
        """Return True if it returned again and again, the last time while it waited; it may pause now."""
        returns = cluster.returns
        if returns is None or returns.count < LASTING_RETURNS or returns.times[-1] < due - self.lone_s:
            return False
        return any(not member.habitual for member in cluster.members.values())

    def _lasts(self, cluster: ClusterState) -> bool:
        """Return True if it fires by its own account (it sends its end), or repeated for half of the time."""
        return any(
            member.firing > 0
            and not member.habitual
            and (member.has_life_cycle or member.last_at - member.first_at >= self.lone_s / 2)
            for member in cluster.members.values()
        )

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back."""
        self._waiting = [(min(due, now + self.lone_s), number) for due, number in self._waiting]
        heapq.heapify(self._waiting)

    def dump(self) -> list[tuple[float, int]]:
        """State for a snapshot."""
        return self._waiting

    def load(self, state: list[tuple[float, int]]) -> None:
        """Take the state of a `dump`."""
        self._waiting = state


def _corroborated(cluster: ClusterState) -> bool:
    """Return true if alerts of another kind, or on many entities, confirm the trouble.

    Habits do so only as a crowd.
    """
    names: set[str] = set()
    entities: set[str] = set()
    crowd = 0
    for member in cluster.members.values():
        if member.severity < Severity.WARNING:
            continue
        crowd += 1
        if not member.habitual:
            names.add(member.name)
            entities.add(member.entity)
        if (len(names) > 1 and crowd >= FEW) or len(entities) >= MANY_ENTITIES or crowd >= CROWD:
            return True
    return False
