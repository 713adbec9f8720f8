"""Alert types that fire together, learned from the stream itself.

NPMI (normalised pointwise mutual information; Bouma 2009) over 10-second bins: -1 never together, 0 independent,
1 always together. A bin is learned after its end, so every query is answered from the past (prequentially).
Quiet bins count, too, where no dependency graph shows what is near: what fires together in a system that is quiet
otherwise does so for a reason, and by the bins with alerts alone, types of which each storm has all seem independent.

A type that continues for many bins counts less in each (1/k in the k-th bin of a run), and a pair as much as the lesser
of the two: what merely happens while a long flood lasts is not taken for part of it. Older bins fade with a time
constant of a week, by giving each new bin a little more weight, which leaves all ratios as they are.

Cost: a dict look-up for a repeated query in the same bin, else two more and five additions; the end of
a bin of `m` types costs m²/2 updates, m capped. Memory: at most `MAX_TYPES` × `MAX_PARTNERS` counts.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from math import log
from typing import Any, Final

from mypy_extensions import mypyc_attr

BIN_S: Final = 10.0
# A large estate has some thousand alert rules; beyond that, names are usually not rules but carry ids.
MAX_TYPES: Final = 4096
# A type that has fired with more than this many others is no evidence about any one of them.
MAX_PARTNERS: Final = 64
# Pairs grow with the square, and a bin with more types than this is a storm, in which everything is together.
MAX_BIN_TYPES: Final = 12
# Quiet bins that are counted in a row, a day of them: longer pauses are more likely those of a source that was away.
MAX_QUIET_BINS: Final = 8640
# A pause of up to this many bins does not end a run: slow floods skip a bin now and then.
RUN_PAUSE_BINS: Final = 3
# Pairs counted with each alert while some are left; more if many wait, so they never pile up.
MIN_PAIRS: Final = 4
# A week of bins: rules and systems change from release to release, weekly habits should be kept.
MEMORY_BINS: Final = 60_480
# Below two sightings in separate runs, co-occurrence is an accident.
MIN_SIGHTINGS: Final = 2.0
# Two types that nobody has seen before and that show up at the same time are likely one story.
BOTH_NEW: Final = 0.4
# Known types that were never together; a measured NPMI is not trusted further down than the floor.
NEVER_TOGETHER: Final = -0.15
FLOOR: Final = -0.3
# Sightings of doubt: a pair that was seen together once is trusted half. Rare types are together by accident, too.
DOUBT: Final = 1.0

# A sighting here weighs as much as this many in packed statistics. Types that occurred together a few times often
# belonged to two stories at once; at face value, a warm start joined more of them than a cold one (macro F1 .77 against
# .87 on three networks; with this .84).
ELSEWHERE: Final = 20.0


@mypyc_attr(acyclic=True)
class TypeCount:
    """Weighted bins of one type, and those shared with partner types.

    `known` is true if it was seen often enough (`MIN_SIGHTINGS`) to judge its partners.
    """

    __slots__ = ("bins", "known", "last_bin", "log_bins", "partners", "run")

    def __init__(
        self, bins: float = 0.0, log_bins: float = 0.0, last_bin: int = -1, run: int = 0, known: bool = False
    ) -> None:
        self.bins = bins
        self.log_bins = log_bins
        self.last_bin = last_bin
        self.run = run
        self.known = known
        self.partners: dict[str, list[float]] = {}


class Cooccurrence:
    """Online NPMI between alert types; `quiet` is true if bins without alerts count.

    >>> learned = Cooccurrence()
    >>> for second in range(0, 9000, 50):
    ...     learned.observe("disk", second)
    ...     if second % 500 == 0:
    ...         learned.observe("backup", second)
    ...         learned.observe("snapshot", second)
    >>> learned.npmi("backup", "snapshot") > .9 > learned.npmi("backup", "disk")
    True
    """

    def __init__(self, quiet: bool = True) -> None:
        self.quiet = quiet
        self.types: OrderedDict[str, TypeCount] = OrderedDict()
        self.bins = 0
        self.unit = 1.0
        self.total = 0.0
        self.log_total = 0.0
        self.bin = -1
        self.seen: dict[str, None] = {}
        self.pending: deque[tuple[str, str, float]] = deque()
        # Answers since the last bin was learned. They follow from the counts, so they need not be dumped.
        self.answers: dict[str, dict[str, float]] = {}

    def observe(self, type_: str, ts: float) -> None:
        """Count an alert; `ts` must not decrease."""
        bin_ = int(ts / BIN_S)
        if bin_ != self.bin:
            if self.seen:
                self._learn(bin_ - self.bin)
            self.bin = bin_
        if type_ not in self.seen and len(self.seen) < MAX_BIN_TYPES:
            self.seen[type_] = None
        if self.pending:
            self._settle(MIN_PAIRS + len(self.pending) // 8)

    def restart(self) -> None:
        """Forget the bin under way and all runs: what comes next is of another time."""
        self._settle(len(self.pending))
        self.seen.clear()
        self.bin = -1
        for known in self.types.values():
            known.run, known.last_bin = 0, -1

    def set_back(self, now: float) -> None:
        """Forget the bin under way and all runs where they are of later than `now`."""
        if self.bin > int(now / BIN_S):
            self.restart()

    def discount(self, sightings: float) -> None:
        """Make all that was counted worth `sightings` times less than what is counted from now on.

        Ratios stay.
        """
        self.unit *= sightings
        for known in self.types.values():
            known.known = known.bins >= MIN_SIGHTINGS * self.unit
        self.answers.clear()

    def npmi(self, a: str, b: str) -> float:
        """NPMI of two types, from -0.3 to 1; see `BOTH_NEW` and `NEVER_TOGETHER` for what is not measured."""
        answers = self.answers_of(a)
        value = answers.get(b)
        return self.query(answers, a, b) if value is None else value

    def answers_of(self, a: str) -> dict[str, float]:
        """Return the answers about a type since the last bin: read these first, then `query`."""
        answers = self.answers.get(a)
        if answers is None:
            answers = self.answers[a] = {a: 1.0}
        return answers

    def is_new(self, a: str, b: str) -> bool:
        """Return true if too little was seen of both types for any measure."""
        first, second = self.types.get(a), self.types.get(b)
        return (first is None or not first.known) and (second is None or not second.known) and a != b

    def query(self, answers: dict[str, float], a: str, b: str) -> float:
        """Work out the NPMI of two types, and keep it in the answers of `a`."""
        first, second = self.types.get(a), self.types.get(b)
        if first is None or not first.known:
            value = BOTH_NEW if second is None or not second.known else 0.0
        elif second is None or not second.known:
            value = 0.0
        else:
            value = self._measure(first, second, first.partners.get(b))
        answers[b] = value
        return value

    def _measure(self, first: TypeCount, second: TypeCount, pair: list[float] | None) -> float:
        if pair is None:
            return NEVER_TOGETHER
        shared, log_shared = pair
        spread = self.log_total - log_shared
        if spread <= 0.0:
            return 1.0
        value = (log_shared + self.log_total - first.log_bins - second.log_bins) / spread
        value *= shared / (shared + DOUBT * self.unit)
        return FLOOR if value < FLOOR else 1.0 if value > 1.0 else value

    def _learn(self, elapsed: int) -> None:
        """Learn the bin that has ended, and that later ones were quiet; `elapsed` bins in all."""
        self.bins += 1
        self.unit *= 1.0 + 1.0 / MEMORY_BINS
        self.total += self.unit * min(elapsed, 1 + MAX_QUIET_BINS) if self.quiet else self.unit
        self.log_total = log(self.total)
        names = list(self.seen)
        self.seen.clear()
        self.answers.clear()
        weights = [self._count(name) for name in names]
        for index, name in enumerate(names):
            weight = weights[index]
            for other in range(index):
                self.pending.append((name, names[other], min(weight, weights[other])))

    def _settle(self, count: int) -> None:
        """Count some of the pairs of ended bins.

        A bin's pairs at once would make one alert in ten slow.
        """
        pending, answers = self.pending, self.answers
        for _ in range(min(count, len(pending))):
            a, b, weight = pending.popleft()
            self._pair(a, b, weight)
            if a in answers:
                answers[a].pop(b, None)
            if b in answers:
                answers[b].pop(a, None)

    def _count(self, name: str) -> float:
        known = self.types.get(name)
        if known is None:
            if len(self.types) >= MAX_TYPES:
                self._forget()
            known = self.types[name] = TypeCount()
        self.types.move_to_end(name)
        known.run = known.run + 1 if known.run and 0 < self.bin - known.last_bin <= RUN_PAUSE_BINS else 1
        known.last_bin = self.bin
        weight = self.unit / known.run
        known.bins += weight
        known.log_bins = log(known.bins)
        known.known = known.bins >= MIN_SIGHTINGS * self.unit
        return weight

    def _forget(self) -> None:
        name, known = self.types.popitem(last=False)
        for other in known.partners:
            self.types[other].partners.pop(name, None)

    def _pair(self, a: str, b: str, weight: float) -> None:
        first, second = self.types.get(a), self.types.get(b)
        if first is None or second is None:
            return
        pair = first.partners.get(b)
        if pair is None:
            self._make_room(a, first)
            self._make_room(b, second)
            pair = [0.0, 0.0]
            first.partners[b] = second.partners[a] = pair
        pair[0] += weight
        pair[1] = log(pair[0])

    def _make_room(self, name: str, known: TypeCount) -> None:
        if len(known.partners) < MAX_PARTNERS:
            return
        # Several at once: a type that fires with everything then does not search for the weakest each time.
        for _, other in sorted((pair[0], other) for other, pair in known.partners.items())[: MAX_PARTNERS // 8]:
            del known.partners[other]
            self.types[other].partners.pop(name, None)
            self.answers.get(name, {}).pop(other, None)
            self.answers.get(other, {}).pop(name, None)

    def dump(self) -> Any:
        """The counts, as plain lists; each pair once, under the type that comes first."""
        order = {name: index for index, name in enumerate(self.types)}
        types = []
        for name, known in self.types.items():
            later = sorted((order[other], other) for other in known.partners if order[other] > order[name])
            pairs = [[other, known.partners[other][0]] for _, other in later]
            types.append([name, known.bins, known.last_bin, known.run, known.known, pairs])
        return {
            "bins": self.bins,
            "unit": self.unit,
            "total": self.total,
            "bin": self.bin,
            "seen": list(self.seen),
            "pending": [list(pair) for pair in self.pending],
            "types": types,
        }

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self.bins, self.unit, self.total, self.bin = state["bins"], state["unit"], state["total"], state["bin"]
        self.log_total = log(self.total) if self.total else 0.0
        self.seen = dict.fromkeys(state["seen"])
        self.pending = deque((a, b, weight) for a, b, weight in state["pending"])
        self.answers.clear()
        self.types.clear()
        for name, bins, last_bin, run, known, _ in state["types"]:
            self.types[name] = TypeCount(bins, log(bins), last_bin, run, known)
        for name, *_, pairs in state["types"]:
            for other, count in pairs:
                pair = [count, log(count)]
                self.types[name].partners[other] = self.types[other].partners[name] = pair
