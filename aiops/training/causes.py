"""The trainer of cause rankers: lessons of a replay for a new ranker, judged by confirmed roots.

A judged ranker continues to learn, as it does while it serves: each incident is ranked before any of it is learned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from aiops.app.engine import build_ranker
from aiops.config import Config
from aiops.errors import UsageError
from aiops.ports import Ranker, Stateful
from aiops.records import Cause, RootCause
from aiops.score import cause_case, hit_at
from aiops.topology import Topology
from aiops.trainers import History, Judged, Learned, Lesson
from aiops.training.parameters import Recent, parameters_of
from aiops.training.teaching import later, loaded

# The least probability that a confirmed root counts for. A ranking lists ten; the root of another one is no worse than
# one in a hundred entities.
LEAST = 0.01


class CausesParameters(Recent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parameters of a trained ranker."""

    history: Annotated[
        Literal["all", "confirmed"],
        Meta(description="Incidents that it learns from: all that ended, or only those with a confirmed cause."),
    ] = "all"


class CausesTrainer:
    """Train the cause ranker that the configuration names."""

    Parameters: type[Struct] = CausesParameters
    measure = "top1"

    def __init__(self, config: Config, topology: Topology, parameters: Mapping[str, str]) -> None:
        """Raise `UsageError` for a parameter that does not fit."""
        self._config, self._topology = config, topology
        self._parameters = parameters_of(parameters, CausesParameters, "causes")

    def fit(self, history: History, until: float | None = None) -> Learned:
        """Pass the lessons before `until` to a new ranker."""
        lessons = self._parameters.kept(list(history.lessons("cause", until=until)))
        if self._parameters.history == "confirmed":
            lessons = [one for one in lessons if one.root is not None]
        if not lessons:
            raise UsageError("causes: no incident has ended in these records: use a longer stretch")
        ranker = self._ranker()
        for one in lessons:
            ranker.learn(one.view, one.root)
        assert isinstance(ranker, Stateful)
        return Learned(self._config.causes.use, ranker.dump(), lessons[-1].at)

    def untrained(self) -> Learned:
        """Return a ranker that learns from the first record on, as the daemon's does without any version."""
        return Learned(self._config.causes.use, None)

    def judge(self, learned: Learned, history: History, since: float) -> list[Judged]:
        """Rank each incident that is confirmed later, before anything of it is learned."""
        ranker = loaded(self._ranker(), learned)
        lessons = list(history.lessons("cause"))
        roots = {one.view.id: one.root for one in lessons if one.root is not None}
        seen: dict[str, None] = {}
        found = []
        for one in later(lessons, learned):
            root = roots.get(one.view.id)
            if one.at >= since and root is not None and one.view.id not in seen:
                found.append(self._judged(ranker.rank(one.view), one, root))
            seen[one.view.id] = None
            ranker.learn(one.view, one.root)
        return found

    def _judged(self, causes: list[Cause], lesson: Lesson, root: str) -> Judged:
        case = cause_case(causes, RootCause(root, "service"), self._topology.service_of)
        shares = probabilities(causes)
        stated = sum(share for share, right in zip(shares, case.right, strict=True) if right)
        measures = {"top1": hit_at(case, 1), "top3": hit_at(case, 3), "log_score": math.log(max(stated, LEAST))}
        return Judged(lesson.view.id, lesson.at, measures)

    def _ranker(self) -> Ranker:
        ranker = build_ranker(self._config, self._topology)
        if ranker is None or not isinstance(ranker, Stateful):
            raise UsageError("causes: the configuration names no ranker that learns (causes.use)")
        return ranker


def probabilities(causes: list[Cause]) -> list[float]:
    """Return the stated probabilities; before a ranker states any, the shares of its scores in a softmax."""
    if all(cause.probability is not None for cause in causes):
        return [cause.probability or 0.0 for cause in causes]
    top = max((cause.score for cause in causes), default=0.0)
    weights = [math.exp(cause.score - top) for cause in causes]
    return [weight / sum(weights) for weight in weights]
