"""What the correlator is compared with: a time gap, grouping by a label, a session gap, union-find over NPMI."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log

from benchmarks.accuracy.grouping_data import Item


def time_gap(items: Sequence[Item], gap_s: float) -> list[int]:
    """A new group after every pause longer than `gap_s`."""
    groups: list[int] = []
    last, group = float("-inf"), -1
    for index, item in enumerate(items):
        if item.ts - last > gap_s:
            group = index
        last = item.ts
        groups.append(group)
    return groups


def by_entity(items: Sequence[Item], gap_s: float) -> list[int]:
    """The grouping of label-based tools: one group an entity, closed by a pause of that entity."""
    groups: list[int] = []
    open_: dict[str, tuple[float, int]] = {}
    for index, item in enumerate(items):
        last, group = open_.get(item.entity, (float("-inf"), index))
        if item.ts - last > gap_s:
            group = index
        open_[item.entity] = (item.ts, group)
        groups.append(group)
    return groups


class Offline:
    """NPMI over 10-second bins, from streams that are known beforehand; the same rules as the published findings."""

    def __init__(self, streams: Iterable[Sequence[Item]], bin_s: float = 10.0) -> None:
        self.bins = 0
        self.single: dict[str, int] = {}
        self.joint: dict[tuple[str, str], int] = {}
        for items in streams:
            bins: dict[int, set[str]] = {}
            for item in items:
                bins.setdefault(int(item.ts / bin_s), set()).add(item.type)
            for types in bins.values():
                self._count(sorted(types))

    def _count(self, types: list[str]) -> None:
        self.bins += 1
        for index, type_ in enumerate(types):
            self.single[type_] = self.single.get(type_, 0) + 1
            for other in types[:index]:
                self.joint[(other, type_)] = self.joint.get((other, type_), 0) + 1

    def npmi(self, a: str, b: str) -> float:
        """1 for the same type, -.2 never together, 0 unknown, at least -.3."""
        if a == b:
            return 1.0
        if a not in self.single or b not in self.single:
            return 0.0
        both = self.joint.get((a, b) if a < b else (b, a), 0)
        if not both:
            return -0.2
        rare = log(self.bins / both)
        return max(-0.3, log(both * self.bins / (self.single[a] * self.single[b])) / rare) if rare else 1.0


def union_find(items: Sequence[Item], known: Offline, least: float, window_s: float = 10.0) -> list[int]:
    """Unite alerts at most `window_s` apart whose types have an NPMI of `least` or more."""
    parent = list(range(len(items)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    last: dict[str, int] = {}
    for index, item in enumerate(items):
        for type_, other in list(last.items()):
            if item.ts - items[other].ts > window_s:
                del last[type_]
            elif known.npmi(item.type, type_) >= least:
                parent[root(index)] = root(other)
        last[item.type] = index
    return [root(index) for index in range(len(items))]
