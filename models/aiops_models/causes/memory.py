"""The patterns of confirmed root causes: evidence only from `MIN_CONFIRMED` confirmations on.

Three parts, all one-sided: not having been a cause before is no evidence.
- signs: how much more often an entity that shows a type was the root than alerting entities are at large,
  `ln(P(root | entity, type) / P(root))`, the pair's rate shrunk to the type's and that to the base rate;
- likeness: the cosine with the nearest confirmed incidents whose root it was, where that exceeds `ALIKE`;
- silence: how much more often than by chance an entity was the root of an incident in which it raised nothing.
There is no other prior for an entity as such: it would only memorise who was guilty last.

Memory: the last `MAX_CONFIRMED` incidents with at most `MAX_SIGNALS` signals each.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

# With fewer, the memory measured worse than none.
MIN_CONFIRMED = 5
# A year of confirmed incidents for most; older ones describe a system that has changed. The bound also keeps the search
# for the nearest within a millisecond.
MAX_CONFIRMED = 256
MAX_SIGNALS = 256
# Below this, nearest incidents share what all incidents share (measured: without the gate the results fell).
ALIKE = 0.7
# Nearest incidents that vote: one alone may be a coincidence of noise, many are no longer near.
VOTERS = 5
# Strength of the shrinkage, in pseudo-observations.
SHRINK = 2.0
# The same for silent roots, as so many incidents in which chance decided; and the most that their evidence can be.
SILENT_SHRINK, SILENT_MOST = 3.0, 3.0

Pair = tuple[str, str]
NEVER = (0, 0)


class Confirmed(Struct):
    """One confirmed incident: its root (with the replicas of a service) and all its (entity, type)."""

    id: str
    roots: list[str]
    pairs: list[Pair]


class Memory:
    """Confirmed incidents, and the counts over them."""

    def __init__(self) -> None:
        """Start with none."""
        self._past: dict[str, Confirmed] = {}
        self._with: dict[Pair, dict[str, None]] = {}
        self._norms: dict[str, float] = {}
        self._pairs: dict[Pair, list[int]] = {}
        self._types: dict[str, list[int]] = {}
        self._all = [0, 0]
        # By root: confirmed incidents in which it raised nothing.
        self._silent: dict[str, int] = {}

    def __len__(self) -> int:
        """Confirmed incidents remembered."""
        return len(self._past)

    def __contains__(self, incident: str) -> bool:
        """Return True if the incident has been confirmed."""
        return incident in self._past

    def add(self, incident: str, roots: Iterable[str], pairs: Iterable[Pair]) -> None:
        """Remember a confirmation; a correction replaces what was confirmed before."""
        self._remove(incident)
        self._past[incident] = one = Confirmed(incident, list(roots), list(pairs)[:MAX_SIGNALS])
        self._count(one, 1)
        if len(self._past) > MAX_CONFIRMED:
            self._remove(next(iter(self._past)))

    def signs(self, pairs: Iterable[Pair]) -> float:
        """Return the strongest sign among an entity's symptoms that it is a root, in nats.

        0 below `MIN_CONFIRMED`.
        """
        if len(self._past) < MIN_CONFIRMED:
            return 0.0
        base = _rate(self._all, 0.0, 0.0)
        best = max((self._pair_rate(pair, base) for pair in pairs), default=0.0) if base else 0.0
        return max(math.log(best / base), 0.0) if best else 0.0

    def likeness(self, pairs: Iterable[Pair]) -> dict[str, tuple[float, float, str]]:
        """Return entity -> (likeness 0 to 1, similarity, incident), from similar confirmed incidents.

        The similarity is that of the nearest incident whose root it was; the likeness is that times the root of its
        share of the votes of the `VOTERS` nearest. Empty where none reaches `ALIKE`.
        """
        if len(self._past) < MIN_CONFIRMED:
            return {}
        near = self._nearest(list(pairs))
        votes = sum(similarity**2 for similarity, _ in near)
        best: dict[str, tuple[float, str]] = {}
        share: dict[str, float] = {}
        for similarity, name in near:
            for root in self._past[name].roots:
                best.setdefault(root, (similarity, name))
                share[root] = share.get(root, 0.0) + similarity**2 / votes
        return {
            root: (similarity * math.sqrt(share[root]), similarity, name) for root, (similarity, name) in best.items()
        }

    def silent_times(self, entity: str) -> int:
        """Return in how many confirmed incidents the entity was the root and raised nothing."""
        return self._silent.get(entity, 0)

    def silence(self, entity: str, candidates: int) -> float:
        """Return the evidence that an entity without any alert is the root once more, in nats.

        `ln(rate / chance)`, at most `SILENT_MOST`: its rate among the confirmed incidents, shrunk to `chance`, which is
        one of `candidates`. 0 below `MIN_CONFIRMED`, and for an entity that was never a silent root.
        """
        times = self.silent_times(entity)
        if not times or len(self._past) < MIN_CONFIRMED:
            return 0.0
        chance = 1 / max(candidates, 1)
        rate = (times + SILENT_SHRINK * chance) / (len(self._past) + SILENT_SHRINK)
        return min(max(math.log(rate / chance), 0.0), SILENT_MOST)

    def dump(self) -> Any:
        """Plain data; the counts are built again from it."""
        return [msgspec.to_builtins(one) for one in self._past.values()]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._past, self._with, self._norms = {}, {}, {}
        self._pairs, self._types, self._all, self._silent = {}, {}, [0, 0], {}
        for plain in state:
            one = msgspec.convert(plain, Confirmed)
            self._past[one.id] = one
            self._count(one, 1)

    def _pair_rate(self, pair: Pair, base: float) -> float:
        """Return the share of roots among what showed the pair, shrunk to its type, that to `base`."""
        of_type = _rate(self._types.get(pair[1], NEVER), base, SHRINK)
        return _rate(self._pairs[pair], of_type, SHRINK) if pair in self._pairs else of_type

    def _nearest(self, pairs: list[Pair]) -> list[tuple[float, str]]:
        """At most `VOTERS` confirmed incidents with their cosine, those above `ALIKE`, the nearest first."""
        norm, dots = 0.0, dict.fromkeys(self._past, 0.0)
        for pair in pairs:
            weight = self._idf(pair) ** 2
            norm += weight
            for name in self._with.get(pair, ()):
                dots[name] += weight
        alike = [(dot / math.sqrt(norm * self._norm(name)), name) for name, dot in dots.items() if dot]
        near = [each for each in alike if each[0] >= ALIKE]
        return sorted(near, key=lambda each: (-each[0], each[1]))[:VOTERS]

    def _norm(self, name: str) -> float:
        """Squared length of an incident's vector; kept until the next confirmation changes the weights."""
        found = self._norms.get(name)
        if found is None:
            found = self._norms[name] = sum(self._idf(pair) ** 2 for pair in self._past[name].pairs)
        return found

    def _idf(self, pair: Pair) -> float:
        """ln((N + 1) / (df + .5)): what every incident shows likens hardly anything."""
        return math.log((len(self._past) + 1) / (len(self._with.get(pair, ())) + 0.5))

    def _remove(self, incident: str) -> None:
        one = self._past.pop(incident, None)
        if one is not None:
            self._count(one, -1)

    def _count(self, one: Confirmed, by: int) -> None:
        """Add or take away an incident: per pair, per type and over all, [as root, as other]."""
        self._norms.clear()
        shown: dict[tuple[str, bool], None] = {}
        alerting: dict[str, None] = {}
        for pair in one.pairs:
            other = pair[0] not in one.roots
            self._pairs.setdefault(pair, [0, 0])[other] += by
            shown[pair[1], other] = None
            self._types.setdefault(pair[1], [0, 0])[other] += by
            alerting[pair[0]] = None
            self._index(pair, one.id, by)
            if not any(self._pairs[pair]):
                del self._pairs[pair]
            if not any(self._types[pair[1]]):
                del self._types[pair[1]]
        for entity in alerting:
            self._all[entity not in one.roots] += by
        if one.roots and not any(root in alerting for root in one.roots):
            # The replicas of a service follow its name: whoever was silent is the service.
            self._silent[one.roots[0]] = self._silent.get(one.roots[0], 0) + by
            if not self._silent[one.roots[0]]:
                del self._silent[one.roots[0]]

    def _index(self, pair: Pair, name: str, by: int) -> None:
        holders = self._with.setdefault(pair, {})
        if by > 0:
            holders[name] = None
            return
        holders.pop(name, None)
        if not holders:
            del self._with[pair]


def _rate(counts: Sequence[int], prior: float, strength: float) -> float:
    """Share of roots, shrunk to `prior` by `strength` observations; 0 without any."""
    seen = counts[0] + counts[1]
    return (counts[0] + strength * prior) / (seen + strength) if seen + strength else 0.0
