"""Decisions of people on the grouping, which the engine keeps: what is one, and what stays apart.

A decision holds for alert streams by their fingerprints, while the incident is open; what it teaches about other
incidents is not learned from it. Memory: at most `MAX_BOUND` streams, `MAX_APART` pairs and `MAX_KEPT` clusters, the
oldest decisions are dropped first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from aiops.engine.incidents.clusters import Clusters, ClusterState, MemberState

MAX_BOUND: Final = 10_000
MAX_APART: Final = 1_000
MAX_KEPT: Final = 1_000


class GroupingDecisions:
    """Bound streams by fingerprint, pairs of clusters that stay apart, and clusters that are not split."""

    def __init__(self, clusters: Clusters) -> None:
        self.clusters = clusters
        self.bound: dict[str, int] = {}
        self.apart: dict[tuple[int, int], None] = {}
        self.kept: dict[int, None] = {}

    def bind(self, members: Iterable[MemberState], number: int) -> None:
        """Bind the streams of members to a cluster."""
        for fingerprint in fingerprints_of(members):
            self.bound.pop(fingerprint, None)
            self.bound[fingerprint] = number
        while len(self.bound) > MAX_BOUND:
            del self.bound[next(iter(self.bound))]

    def home_of(self, fingerprint: str) -> ClusterState | None:
        """Return the cluster that a stream is bound to; None where none is left."""
        number = self.bound.get(fingerprint)
        if number is None:
            return None
        found = self.clusters.of(number)
        if found is None:
            del self.bound[fingerprint]
        return found

    def part(self, one: ClusterState, other: ClusterState) -> None:
        """Keep two clusters apart."""
        self.apart[one.number, other.number] = None
        if len(self.apart) > MAX_APART:
            del self.apart[next(iter(self.apart))]

    def are_apart(self, one: ClusterState, other: ClusterState) -> bool:
        """Return True if a person parted the two, or clusters that were merged into them since."""
        return any(pair in ((one, other), (other, one)) for _, pair in self._pairs())

    def reunite(self, one: ClusterState, other: ClusterState) -> None:
        """Let two clusters be merged: a person decided so."""
        parted = [key for key, pair in self._pairs() if pair in ((one, other), (other, one))]
        for key in parted:
            del self.apart[key]

    def keep(self, cluster: ClusterState) -> None:
        """Never split a cluster again by evidence."""
        self.kept[cluster.number] = None
        if len(self.kept) > MAX_KEPT:
            del self.kept[next(iter(self.kept))]

    def is_kept(self, cluster: ClusterState) -> bool:
        """Return True if a person merged what is in a cluster."""
        return any(self.clusters.of(number) is cluster for number in self.kept)

    def release(self, cluster: ClusterState) -> None:
        """Let a cluster be split by evidence again."""
        for number in [number for number in self.kept if self.clusters.of(number) is cluster]:
            del self.kept[number]

    def _pairs(self) -> Iterator[tuple[tuple[int, int], tuple[ClusterState | None, ClusterState | None]]]:
        for key in self.apart:
            yield key, (self.clusters.of(key[0]), self.clusters.of(key[1]))


def fingerprints_of(members: Iterable[MemberState]) -> Iterator[str]:
    """Yield the fingerprints of the streams of members."""
    for member in members:
        yield member.fingerprint
        yield from member.streams
