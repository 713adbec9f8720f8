"""The nine-term clusterer as it was found: statistics from other streams, known beforehand, and hand-set weights.

Kept apart from the engine and close to its description, so that the engine's gain over it can be measured.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import islice
from math import exp, log
from typing import Any

from benchmarks.accuracy.grouping_data import Item
from benchmarks.accuracy.grouping_naive import Offline

HORIZON_S = 120.0
CANDIDATES = 12


class NineTerms:
    """One pass over a stream; `run` gives the cluster of each alert."""

    def __init__(self, known: Offline, chronic: set[tuple[str, str]], threshold: float) -> None:
        self.npmi = known.npmi
        self.chronic = chronic
        self.threshold = threshold
        # Entries by their last activity, newest last: key -> [cluster, last, count, interval, key].
        # A plain dict takes longer to find its first key the more have left from its front.
        self.entries: OrderedDict[tuple[int, tuple[str, str]], list[Any]] = OrderedDict()
        self.scored: dict[tuple[str, str], tuple[float, list[Any]]] = {}
        self.parent: dict[int, int] = {}

    def run(self, items: Sequence[Item]) -> list[int]:
        """Cluster ids, after merges."""
        found = [self._place(index, item) for index, item in enumerate(items)]
        return [self._final(number) for number in found]

    def _final(self, number: int) -> int:
        while number in self.parent:
            number = self.parent[number]
        return number

    def _place(self, index: int, item: Item) -> int:
        key = (item.type, item.entity)
        if key in self.chronic:
            return -1 - hash_of(key, self.scored)
        ts = item.ts
        at, entry = self.scored.get(key, (-9.0, None))
        if entry is not None and entry[2] > 20 and entry[3] < 0.05 and ts - entry[1] <= 1.0 and ts - at < 1.0:
            self._touch(entry, ts)
        else:
            entry = self._score(index, ts, key)
            self.scored[key] = (ts, entry)
        number: int = entry[0]["id"]
        return number

    def _score(self, index: int, ts: float, key: tuple[str, str]) -> list[Any]:
        while self.entries:
            old = next(iter(self.entries))
            if ts - self.entries[old][1] <= HORIZON_S:
                break
            del self.entries[old]
        scores: dict[int, tuple[float, dict[str, Any]]] = {}
        for (_, _), entry in islice(reversed(self.entries.items()), CANDIDATES):
            cluster = entry[0]
            score = self._fit(entry, cluster, ts, key)
            if cluster["id"] not in scores or score > scores[cluster["id"]][0]:
                scores[cluster["id"]] = (score, cluster)
        above = [pair for pair in scores.values() if pair[0] > self.threshold]
        if above:
            cluster = max(above, key=lambda pair: (pair[0], -pair[1]["id"]))[1]
            for _, other in above:
                if other is not cluster and self._similar(cluster, other) > 0.45:
                    self._merge(cluster, other)
        else:
            cluster = {"id": index, "last": ts, "n": 0, "m": 5.0, "types": {}, "keys": {}}
        entry = cluster["keys"].get(key)
        if entry is None:
            entry = cluster["keys"][key] = [cluster, ts, 0, 5.0, key]
            cluster["types"][key[0]] = None
        self._touch(entry, ts)
        return entry

    def _fit(self, entry: list[Any], cluster: dict[str, Any], ts: float, key: tuple[str, str]) -> float:
        waited = ts - entry[1]
        near = 1.0 - exp(-(waited + 0.001) / max(entry[3], 0.02))
        worst = 0.0
        for other in cluster["keys"].values():
            if other[2] >= 20 and other[2] > 0.15 * cluster["n"]:
                worst = max(worst, (ts - other[1]) / (3 * max(other[3], 0.5)))
        types = cluster["types"]
        size = log(cluster["n"])
        return float(
            5.0 * self.npmi(key[0], entry[4][0])
            + 0.5 * sum(self.npmi(key[0], type_) for type_ in types) / len(types)
            + (3.0 if entry[4][1] == key[1] else 0.0)
            + 0.5 * min(8.0, -log(near) if near > 0 else 8.0)
            - log(1 + (ts - cluster["last"]) / (3 * max(cluster["m"], 0.5)))
            - log(1 + worst)
            - (0.1 * size if key in cluster["keys"] else 1.0 + 0.4 * size)
        )

    def _touch(self, entry: list[Any], ts: float) -> None:
        cluster = entry[0]
        entry[2] += 1
        if entry[2] > 1:
            entry[3] += (ts - entry[1] - entry[3]) * max(0.05, 1 / entry[2])
        entry[1] = ts
        cluster["n"] += 1
        if cluster["n"] > 1:
            cluster["m"] += (ts - cluster["last"] - cluster["m"]) * max(0.05, 1 / cluster["n"])
        cluster["last"] = ts
        place = (cluster["id"], entry[4])
        self.entries.pop(place, None)
        self.entries[place] = entry

    def _similar(self, a: dict[str, Any], b: dict[str, Any]) -> float:
        pairs = [self.npmi(x, y) for x in a["types"] for y in b["types"]]
        return sum(pairs) / len(pairs)

    def _merge(self, target: dict[str, Any], source: dict[str, Any]) -> None:
        self.parent[source["id"]] = target["id"]
        for key, entry in source["keys"].items():
            self.entries.pop((source["id"], key), None)
            mine = target["keys"].setdefault(key, entry)
            mine[0] = entry[0] = target
            if mine is not entry:
                mine[2] += entry[2]
                mine[1] = max(mine[1], entry[1])
            self.entries.pop((target["id"], key), None)
            self.entries[(target["id"], key)] = mine
        target["types"].update(source["types"])
        target["n"] += source["n"]
        target["last"] = max(target["last"], source["last"])
        target["m"] = min(target["m"], source["m"])


def hash_of(key: tuple[str, str], scored: dict[tuple[str, str], Any]) -> int:
    """A number for the background cluster of a key: the order in which keys first came."""
    scored.setdefault(key, (-9.0, None))
    return list(scored).index(key)


def chronic_keys(streams: Iterable[Sequence[Item]]) -> set[tuple[str, str]]:
    """Keys with more than two bursts an hour (pauses of a minute end a burst), from streams known beforehand."""
    bursts: dict[tuple[str, str], int] = {}
    hours = 0.0
    for items in streams:
        last: dict[tuple[str, str], float] = {}
        hours += (items[-1].ts - items[0].ts) / 3600
        for item in items:
            key = (item.type, item.entity)
            if item.ts - last.get(key, float("-inf")) > 60.0:
                bursts[key] = bursts.get(key, 0) + 1
            last[key] = item.ts
    return {key for key, count in bursts.items() if count > 2 * hours}
