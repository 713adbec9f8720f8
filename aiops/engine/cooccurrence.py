"""Which alert types fire together, learned from the stream itself.

NPMI (normalised pointwise mutual information; Bouma 2009) over 10-second bins: -1 never together, 0 independent,
1 always together. Two types that are rare and fire in the same bins are near 1. A bin is learned once it is over, so
every question is answered from the past (prequentially).

Cost: two dict look-ups and five additions a question; a bin of `m` types costs m²/2 at its end, m capped.
Memory: `MAX_TYPES` × `MAX_PARTNERS` counts at most.
"""

from __future__ import annotations

from math import log
from typing import Any

from msgspec import Struct, field

BIN_S = 10.0
# A large estate has some thousand alert rules; beyond that, names are usually not rules but carry ids.
MAX_TYPES = 4096
# A type that has fired with more than this many others says little about any one of them.
MAX_PARTNERS = 64
# Pairs grow with the square, and a bin with more types than this is a storm, in which everything is together.
MAX_BIN_TYPES = 24


class TypeCount(Struct, gc=False):
    """How often one type was seen: bins, and the bins shared with partner types, as `partners[name] = (bins, log)`."""

    bins: int = 0
    log_bins: float = 0.0
    partners: dict[str, list[float]] = field(default_factory=dict)


class Cooccurrence:
    """Online NPMI between alert types.

    >>> learned = Cooccurrence()
    >>> for second in range(0, 4000, 20):
    ...     learned.observe("disk", second)
    ...     if second % 400 == 0:
    ...         learned.observe("backup", second)
    ...         learned.observe("snapshot", second)
    >>> learned.npmi("backup", "snapshot") > .9 > learned.npmi("backup", "disk")
    True
    """

    def __init__(self) -> None:
        self.types: dict[str, TypeCount] = {}
        self.bins = 0
        self.log_total = 0.0
        self.bin = -1
        self.seen: dict[str, None] = {}

    def observe(self, type_: str, ts: float) -> None:
        """Count an alert; `ts` must not decrease."""
        bin_ = int(ts / BIN_S)
        if bin_ != self.bin:
            if self.seen:
                self._learn()
            self.bin = bin_
        if type_ not in self.seen and len(self.seen) < MAX_BIN_TYPES:
            self.seen[type_] = None

    def npmi(self, a: str, b: str) -> float:
        """NPMI of two types, shrunk towards 0 while counts are small; 0 where either is unknown."""
        if a == b:
            return 1.0
        first = self.types.get(a)
        second = self.types.get(b)
        if first is None or second is None:
            return 0.0
        pair = first.partners.get(b)
        if pair is None:
            return -0.2
        log_joint = pair[1]
        spread = self.log_total - log_joint
        if spread <= 0.0:
            return 1.0
        value = (log_joint + self.log_total - first.log_bins - second.log_bins) / spread
        return value if value > -0.3 else -0.3

    def _learn(self) -> None:
        self.bins += 1
        self.log_total = log(self.bins)
        names = list(self.seen)
        self.seen.clear()
        for name in names:
            self._count(name)
        for index, name in enumerate(names):
            for other in names[:index]:
                self._pair(name, other)

    def _count(self, name: str) -> None:
        known = self.types.pop(name, None)
        if known is None:
            if len(self.types) >= MAX_TYPES:
                self._forget(next(iter(self.types)))
            known = TypeCount()
        known.bins += 1
        known.log_bins = log(known.bins)
        self.types[name] = known

    def _forget(self, name: str) -> None:
        for other in self.types.pop(name).partners:
            partner = self.types.get(other)
            if partner is not None:
                partner.partners.pop(name, None)

    def _pair(self, a: str, b: str) -> None:
        if a not in self.types or b not in self.types:
            return
        first, second = self.types[a], self.types[b]
        pair = first.partners.get(b)
        if pair is None:
            self._make_room(a, first)
            self._make_room(b, second)
            pair = [0.0, 0.0]
            first.partners[b] = second.partners[a] = pair
        pair[0] += 1.0
        pair[1] = log(pair[0])

    def _make_room(self, name: str, known: TypeCount) -> None:
        if len(known.partners) < MAX_PARTNERS:
            return
        weakest = min(known.partners, key=lambda other: (known.partners[other][0], other))
        del known.partners[weakest]
        self.types[weakest].partners.pop(name, None)

    def dump(self) -> Any:
        """The counts, as plain lists; each pair once, under the type that comes first."""
        order = {name: index for index, name in enumerate(self.types)}
        types = [
            [
                name,
                known.bins,
                [[other, pair[0]] for other, pair in known.partners.items() if order[name] < order[other]],
            ]
            for name, known in self.types.items()
        ]
        return {"bins": self.bins, "bin": self.bin, "seen": list(self.seen), "types": types}

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.bins, self.bin = state["bins"], state["bin"]
        self.log_total = log(self.bins) if self.bins else 0.0
        self.seen = dict.fromkeys(state["seen"])
        self.types = {name: TypeCount(bins, log(bins)) for name, bins, _ in state["types"]}
        for name, _, partners in state["types"]:
            for other, count in partners:
                pair = [count, log(count)]
                self.types[name].partners[other] = self.types[other].partners[name] = pair
