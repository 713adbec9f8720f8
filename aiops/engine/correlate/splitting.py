"""Checks whether the entries of a cluster still belong together once it has become idle.

Entries are tied if they are of one entity, workload or type, if their types fire together, if they are at most two hops
apart in the dependency graph, or if one joined through the other and nothing learned since contradicts that join.
Merges and early joins rest on the knowledge of that moment; if the ties fall apart, the smaller parts leave.

Cost, once for each cluster: linear in its entries, plus at most `MAX_PAIRED`²/2 look-ups for the pairs.
"""

from __future__ import annotations

from itertools import combinations

from aiops.engine.correlate.cooccurrence import NEVER_TOGETHER, Cooccurrence
from aiops.engine.correlate.hops import MAX_HOPS, Hops
from aiops.engine.correlate.result import Split
from aiops.engine.correlate.state import Cluster, Entry
from aiops.wording import plural

# Types that go together at least this well are a tie. Below lies what shares a busy hour.
TIE_NPMI = 0.2
# At most so far apart in the graph is a tie, as for the term `near`.
TIE_HOPS = 2
# Entries that are compared in pairs: some 2,000 pairs cost about a millisecond. Later ones follow the entry that they
# joined through, their entity and their type.
MAX_PAIRED = 64
# A part is a story of its own, and no straggler, from two streams and three alerts on.
MIN_ENTRIES = 2
MIN_ALERTS = 3


Part = list[Entry]


class Ties:
    """The ties among the entries of one cluster; `parts` are what hangs together (union-find)."""

    def __init__(self, entries: Part, known: Cooccurrence, hops: Hops) -> None:
        self.entries = entries
        self.known = known
        self.hops = hops
        self.above = list(range(len(entries)))
        self.count = len(entries)

    def parts(self) -> list[Part]:
        """The parts, those of the earliest entries first."""
        self._plain()
        if self.count == 1:
            return [self.entries]
        for a, b in combinations(range(min(MAX_PAIRED, len(self.entries))), 2):
            if self.count == 1:
                break
            if self._root(a) != self._root(b) and self._tied(self.entries[a], self.entries[b]):
                self._unite(a, b)
        found: dict[int, Part] = {}
        for index, entry in enumerate(self.entries):
            found.setdefault(self._root(index), []).append(entry)
        return list(found.values())

    def _plain(self) -> None:
        """The ties that need no pairs: the same entity, workload or type, one joined through the other."""
        entities: dict[str, int] = {}
        workloads: dict[str, int] = {}
        types: dict[str, int] = {}
        for index, entry in enumerate(self.entries):
            first = entities.setdefault(entry.entity, index)
            if first != index:
                self._unite(index, first)
            first = workloads.setdefault(entry.workload, index)
            if first != index:
                self._unite(index, first)
            first = types.setdefault(entry.type, index)
            if first != index:
                self._unite(index, first)
        if self.count == 1:
            return
        index_of: dict[int, int] = {entry.member: index for index, entry in enumerate(self.entries)}
        for index, entry in enumerate(self.entries):
            parent = index_of.get(entry.parent)
            if parent is not None and self._holds(entry, self.entries[parent]):
                self._unite(index, parent)
                if self.count == 1:
                    return

    def _holds(self, entry: Entry, parent: Entry) -> bool:
        """Return True if nothing contradicts the join: near in the graph then and now, or types that fit."""
        return self.hops.distance(entry.site, parent.site) is not None or self.known.npmi(entry.type, parent.type) >= 0

    def _tied(self, a: Entry, b: Entry) -> bool:
        if self.known.npmi(a.type, b.type) >= TIE_NPMI:
            return True
        distance = self.hops.distance(a.site, b.site)
        return distance is not None and distance <= TIE_HOPS

    def _root(self, index: int) -> int:
        above = self.above
        while above[index] != index:
            above[index] = above[above[index]]
            index = above[index]
        return index

    def _unite(self, a: int, b: int) -> None:
        a, b = self._root(a), self._root(b)
        if a != b:
            self.above[max(a, b)] = min(a, b)
            self.count -= 1


def splits(cluster: Cluster, known: Cooccurrence, hops: Hops) -> list[Split]:
    """The parts that leave, those of the earliest entries first.

    Mostly none. The cluster itself is left as it is.
    """
    entries = list(cluster.entries.values())
    if len(entries) < 2 * MIN_ENTRIES or cluster.count < 2 * MIN_ALERTS:
        return []
    parts = Ties(entries, known, hops).parts()
    # The most alerts stay, with all stragglers; of equals, the part that was first.
    most = max(range(len(parts)), key=lambda index: (_alerts(parts[index]), -index))
    leaving = [index for index, part in enumerate(parts) if index != most and _whole(part)]
    if not leaving or not _whole(parts[most]):
        return []
    rest = [entry for index, part in enumerate(parts) if index not in leaving for entry in part]
    found = []
    for index in leaving:
        target = _target(parts[index])
        if target is not None:
            members = [entry.member for entry in parts[index]]
            found.append(Split(target, members, _reason(parts[index], rest, known, hops)))
    return found


def _alerts(part: Part) -> int:
    return sum(entry.count for entry in part)


def _whole(part: Part) -> bool:
    return len(part) >= MIN_ENTRIES and _alerts(part) >= MIN_ALERTS


def _target(part: Part) -> int | None:
    """Return the number of the first record that joined the part.

    It has opened no cluster, so the number is free.
    """
    return min((entry.seq for entry in part if entry.seq >= 0), default=None)


def _reason(part: Part, rest: Part, known: Cooccurrence, hops: Hops) -> str:
    """Explain in one sentence why the part leaves."""
    pairs = [(a, b) for a in part[:MAX_PAIRED] for b in rest[:MAX_PAIRED]]
    best = max(known.npmi(a.type, b.type) for a, b in pairs)
    together = "types that never fire together"
    if best > NEVER_TOGETHER:
        together = f"types that fire together by chance at most (NPMI up to {best:.1f})".replace("-0.0)", "0.0)")
    text = f"no tie between {_these(len(part))} and the rest: other entities, {together}"
    placed = [(a.site, b.site) for a, b in pairs if a.site and b.site]
    if not placed:
        return text
    distances = [each for a, b in placed if (each := hops.distance(a, b)) is not None]
    return f"{text}, {plural(min(distances), 'hop')} apart" if distances else f"{text}, more than {MAX_HOPS} hops apart"


def _these(count: int) -> str:
    return "this stream" if count == 1 else f"these {count} streams"
