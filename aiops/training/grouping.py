"""The trainer of the grouping: the corrections of a history, judged by those that came later.

A judged model continues to learn, as it does while it serves: each correction is foretold before it is learned.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Protocol

from msgspec import Struct

from aiops.config import Config
from aiops.durations import seconds
from aiops.engine.correlate.lesson import TOGETHER, Lesson
from aiops.engine.correlate.lessons import ALGORITHM, DAY_S, Lessons
from aiops.engine.correlate.state import Name
from aiops.errors import UsageError
from aiops.topology import Topology
from aiops.trainers import History, Judged, Learned
from aiops.training.parameters import Recent, parameters_of
from aiops.training.teaching import loaded


class _Correlator(Protocol):
    """The part of an engine that is read here."""

    lessons: Lessons


class GroupingTrainer:
    """Collect the corrections of people; see `aiops.trainers`."""

    Parameters: type[Struct] = Recent
    measure = "log_score"

    def __init__(self, config: Config, topology: Topology, parameters: Mapping[str, str]) -> None:
        """Raise `UsageError` for a parameter that does not fit."""
        self._parameters = parameters_of(parameters, Recent, "grouping")

    def fit(self, history: History, until: float | None = None) -> Learned:
        """Return the corrections before `until` that an engine keeps; raise `UsageError` without one."""
        kept = list(_lessons(history, until))
        if kept and self._parameters.recent is not None:
            since = kept[-1].at - seconds(self._parameters.recent)
            kept = [one for one in kept if one.at >= since]
        if not kept:
            raise UsageError("grouping: nobody has corrected a grouping in these records: use a longer stretch")
        model = Lessons()
        model.restore(kept)
        return Learned(ALGORITHM, model.dump(), kept[-1].at)

    def untrained(self) -> Learned:
        """Return lessons that begin with the first correction."""
        return Learned(ALGORITHM, None)

    def judge(self, learned: Learned, history: History, since: float) -> list[Judged]:
        """Judge by the corrections at or after a time: the log-probability of each, and if it was foretold.

        Without knowledge the probability is the share of merges and confirmations among the corrections before.
        """
        every = list(_lessons(history, None))
        before = [one for one in every if one.at < since]
        share = (sum(one.verb in TOGETHER for one in before) + 1) / (len(before) + 2)
        model = loaded(Lessons(), learned)
        found = []
        for one in every:
            if one.at >= since:
                found.append(_judged(one, model, math.log(share / (1.0 - share))))
            if learned.state is None or learned.until is None or one.at > learned.until:
                model.add(one)
        return found


def _lessons(history: History, until: float | None) -> Iterator[Lesson]:
    correlate: _Correlator = history.engine(until).correlate
    # A state that was promoted may hold what no correction makes.
    yield from (one for one in correlate.lessons.all if pairs_of(one))


def pairs_of(lesson: Lesson) -> list[tuple[Name, Name]]:
    """Return the pairs of streams of both sides."""
    return [(one, other) for one in lesson.left for other in lesson.right if one != other]


def _judged(lesson: Lesson, model: Lessons, log_odds: float) -> Judged:
    """Return the means over the pairs of streams of both sides, by what is known of them."""
    day, is_for = int(lesson.at / DAY_S), lesson.verb in TOGETHER
    scores = [log_odds + model.nats(one, other, day) for one, other in pairs_of(lesson)]
    logs = [-math.log1p(math.exp(-score if is_for else score)) for score in scores]
    right = [float((score > 0.0) == is_for) for score in scores]
    measures = {"log_score": math.fsum(logs) / len(logs), "right": math.fsum(right) / len(right)}
    return Judged(f"{lesson.id} {lesson.verb}", lesson.at, measures)
