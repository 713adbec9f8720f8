"""The lessons of people on grouping, and what they mean for two streams, in nats.

What is known of two streams is of the two, of their kinds and of their workloads. For each, lessons are votes for and
against, with a prior of `DOUBT` votes (a Beta distribution), half for each side. Votes move the log-odds away from the
prior by what is left of their mean after `SURE` standard errors (√(1/for + 1/against), of the logit of a Beta
distribution): a single vote that is carried over to all that is alike counts little, and votes that contradict each
other count next to nothing. Corrections are few, and people err: one of them moves the odds of its own two streams by
less than one nat, and of others of their kinds or workloads by less than half of one, where strong evidence has five.
The prior of two streams is what is known of their kinds and workloads: what is taught of few is drawn towards what
their like shows (Efron & Morris 1973, "Stein's estimation rule and its competitors"). Whoever splits an incident judges
both parts as one each, and these pairs are votes for: where each fault strikes all services with all kinds, votes
cancel out, and nothing is learned.

Against a join all that is known counts, up to `MOST_AGAINST`. For a join, merges and confirmations of these very
streams alone do, up to `MOST_FOR`: an alert is compared with several clusters and takes the best. Of doubtful reasons
to join, the largest decides, and clusters grow together. For a cluster it is the mean over its entries of which
anything is known. What it changes is measured by `python -m benchmarks.accuracy.feedback`.

A vote halves in `HALF_LIFE_DAYS`, counted in whole days. The list of lessons is all of the state. What is derived from
it is built again when a lesson is forgotten, and nothing of that one is left. Memory: `MAX_LESSONS` lessons of at most
`MAX_SIDE`² pairs and as many within each side. Cost: two look-ups for a stream of which nothing is known, else one for
each entry that is compared, once it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp, log, sqrt
from typing import Any, Final

from aiops.engine.correlate.lesson import MAX_SIDE, TOGETHER, VERBS, Lesson, Precedent, new_lesson
from aiops.engine.correlate.state import Name

# The name of this model in the slot `grouping`.
ALGORITHM: Final = "lessons"
DOUBT: Final = 2.0
DOUBT_TO_JOIN: Final = 4.0
# In standard errors. Without it, corrections cost aiops22 as recorded .113 of F1, and micross overlay 300 .036.
SURE: Final = 0.25
MOST_AGAINST: Final = 4.0
MOST_FOR: Final = 1.0
DAY_S: Final = 86_400.0
# What a site runs changes within months, and what nobody has confirmed for a year is dropped.
HALF_LIFE_DAYS: Final = 90.0
MAX_AGE_DAYS: Final = 365
# Some megabytes with what is derived. A team corrects a few incidents a week.
MAX_LESSONS: Final = 500
# The latest votes of a pair that count: so many corrections turn what any number of earlier ones taught.
MAX_VOTES: Final = 8
# Lessons of one incident within a day: whoever merges a hundred incidents into one has decided once.
MAX_EACH: Final = 5
# Pairs whose nats are kept until the day or a lesson changes.
MAX_KNOWN: Final = 20_000
LN_2: Final = 0.6931471805599453

# A lesson, and whether it is for the pair.
Vote = tuple[Lesson, bool]
Pair = tuple[str, str]
Streams = tuple[Name, Name]
Row = dict[Name, float]


class Lessons:
    """The lessons, oldest first; they change no decision unless `applies`."""

    def __init__(self, applies: bool = True) -> None:
        self.applies = applies
        self.all: list[Lesson] = []
        self.kinds: dict[Pair, list[Vote]] = {}
        self.workloads: dict[Pair, list[Vote]] = {}
        self.streams: dict[Streams, list[Vote]] = {}
        # Kinds and workloads of which anything is known.
        self._of_kinds: dict[str, None] = {}
        self._of_workloads: dict[str, None] = {}
        self._day = 0
        self._rows: dict[Name, Row] = {}
        self._known = 0

    def add(self, lesson: Lesson) -> bool:
        """Learn a lesson; return False where it adds nothing, or its incident has taught enough."""
        recent = lesson.at - DAY_S
        alike = [one for one in self.all if one.incident == lesson.incident and one.at > recent]
        if len(alike) >= MAX_EACH or _is_empty(lesson) or any(_is_same(one, lesson) for one in alike):
            return False
        oldest = lesson.at - MAX_AGE_DAYS * DAY_S
        kept = [one for one in self.all if one.at >= oldest][1 - MAX_LESSONS :]
        if len(kept) < len(self.all):
            self.restore(kept)
        self.all.append(lesson)
        self._count(lesson)
        self._forget_rows()
        return True

    def remove(self, lessons: Iterable[str]) -> int:
        """Forget the lessons of these ids; return their number."""
        ids = dict.fromkeys(lessons)
        kept = [one for one in self.all if one.id not in ids]
        removed = len(self.all) - len(kept)
        if removed:
            self.restore(kept)
        return removed

    def row(self, name: Name, ts: float) -> Row | None:
        """Return where `weigh` keeps what is known of a stream; None if nothing is."""
        if not self.all or not self.applies:
            return None
        if name[0] not in self._of_kinds and name[1] not in self._of_workloads:
            return None
        day = int(ts / DAY_S)
        if day != self._day or self._known > MAX_KNOWN:
            self._day = day
            self._forget_rows()
        found = self._rows.get(name)
        if found is None:
            found = self._rows[name] = {}
        return found

    def weigh(self, row: Row, name: Name, other: Name) -> float:
        """Return what counts of two streams on the day of the last `row`, in nats."""
        value = row.get(other)
        if value is None:
            value = self.nats(name, other, self._day)
            if value > 0.0:
                value = min(value, self.to_join(name, other, self._day))
            row[other] = value
            self._known += 1
        return value

    def nats(self, name: Name, other: Name, day: int) -> float:
        """Return the log-odds that two streams belong together, within `MOST_AGAINST`; 0 if nothing is known."""
        value = 0.0
        kinds = self.kinds.get(_pair(name[0], other[0]))
        if kinds is not None:
            value += _log_odds(kinds, day, 0.5)
        workloads = self.workloads.get(_pair(name[1], other[1]))
        if workloads is not None:
            value += _log_odds(workloads, day, 0.5)
        streams = self.streams.get(_streams(name, other))
        if streams is not None:
            value = _log_odds(streams, day, 1.0 / (1.0 + exp(-value)))
        return max(-MOST_AGAINST, min(MOST_AGAINST, value))

    def to_join(self, name: Name, other: Name, day: int) -> float:
        """Return what merges and confirmations of two streams themselves are worth, 0 to `MOST_FOR` nats."""
        # Parts of a split are no reason to join.
        votes = self.streams.get(_streams(name, other), [])
        stated = [vote for vote in votes if not vote[1] or vote[0].verb in TOGETHER]
        return max(0.0, min(MOST_FOR, _log_odds(stated, day, 0.5, DOUBT_TO_JOIN)))

    def precedent(self, name: Name, other: Name, value: float) -> Precedent | None:
        """Return the latest lesson that is for a value in nats, of the two streams if there is one."""
        levels = (
            ("streams", self.streams.get(_streams(name, other))),
            ("kinds", self.kinds.get(_pair(name[0], other[0]))),
            ("workloads", self.workloads.get(_pair(name[1], other[1]))),
        )
        is_for = value > 0.0
        for level, votes in levels:
            for vote in reversed(votes or []):
                if vote[1] == is_for and (vote[0].verb in TOGETHER) == is_for:
                    return _precedent(level, (name, other), vote[0], votes or [])
        return None

    def set_back(self, now: float) -> None:
        """Count lessons ahead of `now` as of `now`: engine time was set back."""
        for lesson in self.all:
            lesson.at = min(lesson.at, now)
        self._forget_rows()

    def dump(self) -> list[Any]:
        """Return the lessons as plain data, for a model that is kept or moved."""
        return [
            [one.id, one.verb, one.at, one.by, one.incident, [list(each) for each in one.left],
             [list(each) for each in one.right]]
            for one in self.all
        ]  # fmt: skip

    def load(self, state: Any) -> None:
        """Replace all lessons by those of a `dump`; raise `ValueError` or `TypeError` for anything else."""
        self.restore([_lesson(row) for row in state][-MAX_LESSONS:])

    def restore(self, lessons: list[Lesson]) -> None:
        """Replace all lessons, and derive from these alone."""
        self.all = lessons
        self.kinds.clear()
        self.workloads.clear()
        self.streams.clear()
        self._of_kinds.clear()
        self._of_workloads.clear()
        for lesson in lessons:
            self._count(lesson)
        self._forget_rows()

    def _count(self, lesson: Lesson) -> None:
        """Count a lesson once for each pair of streams, of kinds and of workloads that it is for or against."""
        kinds: dict[tuple[Pair, bool], None] = {}
        workloads: dict[tuple[Pair, bool], None] = {}
        streams: dict[tuple[Streams, bool], None] = {}
        for one, other, is_for in _judged(lesson):
            kinds[_pair(one[0], other[0]), is_for] = None
            workloads[_pair(one[1], other[1]), is_for] = None
            streams[_streams(one, other), is_for] = None
        for pair, is_for in kinds:
            _vote(self.kinds.setdefault(pair, []), lesson, is_for)
            self._of_kinds[pair[0]] = self._of_kinds[pair[1]] = None
        for pair, is_for in workloads:
            _vote(self.workloads.setdefault(pair, []), lesson, is_for)
            self._of_workloads[pair[0]] = self._of_workloads[pair[1]] = None
        for names, is_for in streams:
            _vote(self.streams.setdefault(names, []), lesson, is_for)

    def _forget_rows(self) -> None:
        self._rows.clear()
        self._known = 0


def _judged(lesson: Lesson) -> Iterator[tuple[Name, Name, bool]]:
    """Yield the pairs that a lesson is about, and whether it is for them."""
    sides = [(lesson.left, lesson.right, lesson.verb in TOGETHER)]
    if lesson.verb not in TOGETHER:
        sides.append((lesson.left, lesson.left, True))
    if lesson.verb == "split":
        sides.append((lesson.right, lesson.right, True))
    for left, right, is_for in sides:
        for one in left:
            for other in right:
                if one != other:
                    yield one, other, is_for


def _vote(votes: list[Vote], lesson: Lesson, is_for: bool) -> None:
    votes.append((lesson, is_for))
    if len(votes) > MAX_VOTES:
        del votes[0]


def _log_odds(votes: list[Vote], day: int, share: float, doubt: float = DOUBT) -> float:
    """Return the log-odds of votes on a day, drawn by `SURE` errors to a prior of which `share` is for."""
    joined, parted = 0.0, 0.0
    for lesson, is_for in votes:
        age = day - int(lesson.at / DAY_S)
        weight = exp(-LN_2 / HALF_LIFE_DAYS * age) if age > 0 else 1.0
        if is_for:
            joined += weight
        else:
            parted += weight
    half, prior = doubt / 2.0, log(share / (1.0 - share))
    moved = log((doubt * share + joined) / (doubt * (1.0 - share) + parted)) - prior
    error = SURE * sqrt(1.0 / (half + joined) + 1.0 / (half + parted))
    if moved > error:
        return prior + moved - error
    return prior + moved + error if moved < -error else prior


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one <= other else (other, one)


def _streams(one: Name, other: Name) -> Streams:
    return (one, other) if one <= other else (other, one)


def _is_empty(lesson: Lesson) -> bool:
    for one in lesson.left:
        for other in lesson.right:
            if one != other:
                return False
    return True


def _is_same(one: Lesson, other: Lesson) -> bool:
    """Return true for a lesson that was learned before, as where a button is pressed twice."""
    is_for, was_for = one.verb in TOGETHER, other.verb in TOGETHER
    return is_for == was_for and one.left == other.left and one.right == other.right


def _precedent(level: str, names: Streams, lesson: Lesson, votes: list[Vote]) -> Precedent:
    made = Precedent()
    made.level, made.one, made.other = level, names[0], names[1]
    made.verb, made.at, made.by = lesson.verb, lesson.at, lesson.by
    stated = [vote for vote in votes if vote[1] == (vote[0].verb in TOGETHER)]
    made.joined = sum([1 for vote in stated if vote[1]])
    made.parted = len(stated) - made.joined
    return made


def _lesson(row: Any) -> Lesson:
    id_, verb, at, by, incident, left, right = row
    if verb not in VERBS:
        raise ValueError(f"expected one of {', '.join(VERBS)} (got {verb!r})")
    made = new_lesson(str(id_), str(verb), float(at), str(by), str(incident))
    made.left = [(str(kind), str(workload)) for kind, workload in left][:MAX_SIDE]
    made.right = [(str(kind), str(workload)) for kind, workload in right][:MAX_SIDE]
    return made
