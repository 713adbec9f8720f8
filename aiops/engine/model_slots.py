"""The slots of the engine's models: how each is checked, replaced and exported."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from aiops.engine.correlate.lessons import ALGORITHM, Lessons
from aiops.engine.detect.stage import Detect
from aiops.engine.model_faults import all_of
from aiops.engine.noise.stage import Noise
from aiops.engine.rank import Ranking
from aiops.engine.serving.slot import Slot
from aiops.errors import UsageError
from aiops.model_state import NONE, canonical, decoded
from aiops.ports import AlertFact, Calibrated, IncidentView, Ranker, Similar, Stateful, Suggester
from aiops.records import Cause, Change, Evidence, Severity, Suggestion

_T0 = 1_700_000_000.0
PORTS: dict[str, type] = {"causes": Ranker, "playbooks": Suggester, "similar": Similar}


class DetectSlot:
    """The detector of alert rows."""

    name = "detect"

    def __init__(self, detect: Detect) -> None:
        self._detect = detect

    def swap(self, algorithm: str, text: str) -> None:
        """See `Slot.swap`."""
        self._detect.swap(algorithm, text)

    def exported(self) -> tuple[str, str] | None:
        """See `Slot.exported`: a detector learns nothing, and so is what was promoted."""
        return self._detect.loaded


class NoiseSlot:
    """The model of what people marked as noise."""

    name = "noise"

    def __init__(self, noise: Noise) -> None:
        self._noise = noise

    def swap(self, algorithm: str, text: str) -> None:
        """See `Slot.swap`."""
        self._noise.swap(algorithm, text)

    def exported(self) -> tuple[str, str] | None:
        """See `Slot.exported`: it learns by training alone, and so is what was promoted."""
        return self._noise.exported()


class GroupingSlot:
    """The corrections of the grouping by people."""

    name = "grouping"

    def __init__(self, lessons: Lessons) -> None:
        self._lessons = lessons

    def swap(self, algorithm: str, text: str) -> None:
        """See `Slot.swap`: the lessons of the state replace all; `none` forgets them."""
        if algorithm == NONE:
            self._lessons.restore([])
            return
        if algorithm != ALGORITHM:
            raise UsageError(f"swap_model: $.args.algorithm: expected {ALGORITHM} or {NONE}; got {algorithm[:100]!r}")
        state = decoded(text)
        try:
            self._lessons.load(state)
        except (ValueError, TypeError, OverflowError) as error:
            raise UsageError(f"swap_model: $.args.state: no state of {ALGORITHM!r}: {str(error)[:300]}") from error

    def exported(self) -> tuple[str, str] | None:
        """See `Slot.exported`: it learns as it goes, and so is all that people taught by now."""
        return ALGORITHM, canonical(self._lessons.dump())


class RankingSlot:
    """A model of the ranking stage: the ranker, the suggester, or the memory of similar incidents."""

    def __init__(self, name: str, ranking: Ranking) -> None:
        self.name = name
        self._ranking = ranking

    def swap(self, algorithm: str, text: str) -> None:
        """See `Slot.swap`."""
        self.serve(algorithm, self.build(algorithm, text))

    def exported(self) -> tuple[str, str] | None:
        """See `Slot.exported`."""
        model = self._ranking.model(self.name)
        if model is None:
            return None
        return self._ranking.algorithm(self.name), canonical(model.dump())

    def build(self, algorithm: str, text: str) -> Any:
        """See `TrialSlot.build`: one is tried out, another one of the same state is returned."""
        if self._ranking.model(self.name) is None:
            raise UsageError(f"swap_model: slot {self.name} is off ({self.name}.use is empty)")
        state = decoded(text)
        self._checked(algorithm, lambda: _try_out(self.name, self._loaded(algorithm, state)))
        return self._checked(algorithm, lambda: self._loaded(algorithm, state))

    def serve(self, algorithm: str, model: Any) -> None:
        """See `TrialSlot.serve`."""
        self._ranking.serve(self.name, algorithm, model)

    def dumped(self, model: Any) -> Any:
        """See `TrialSlot.dumped`."""
        return model.dump()

    def restored(self, algorithm: str, state: Any) -> Any:
        """See `TrialSlot.restored`."""
        model = self._ranking.made(self.name, algorithm)
        model.load(state)
        return model

    def _loaded(self, algorithm: str, state: Any) -> Any:
        model = self._ranking.made(self.name, algorithm)
        if not isinstance(model, PORTS[self.name]) or not isinstance(model, Stateful):
            raise UsageError(f"expected a model for {self.name} whose state can be loaded; got {algorithm!r}")
        model.load(state)
        return model

    def _checked(self, algorithm: str, call: Callable[[], Any]) -> Any:
        """Return the answer of a plugin; an error that this state causes is the reason of a refusal."""
        try:
            return call()
        except Exception as error:
            reason = str(error) if isinstance(error, UsageError) else f"{type(error).__name__}: {error}"
            raise UsageError(f"swap_model: $.args.state: no state of {algorithm[:100]!r}: {reason[:300]}") from error


def slots_of(detect: Detect, ranking: Ranking, noise: Noise, lessons: Lessons) -> list[Slot]:
    """Return the slots of an engine, in the order in which people read them."""
    rankings = (RankingSlot(name, ranking) for name in PORTS)
    return [DetectSlot(detect), *rankings, NoiseSlot(noise), GroupingSlot(lessons)]


def _try_out(slot: str, model: Any) -> None:
    """Have a model decide on a made-up incident, learn from it, decide again, and dump its state."""
    decide, learn = _USES[slot]
    decide(model, sample())
    learn(model, sample())
    decide(model, sample())
    canonical(model.dump())


def sample() -> IncidentView:
    """Return a made-up incident: two services, of which one calls the other and one was changed."""
    high = int(Severity.HIGH)
    facts = [
        AlertFact("sample-db-1", "DiskFull", high, 3, _T0, _T0 + 60.0, "sample-db", "sample", "disk full"),
        AlertFact("sample-web", "HighLatency", high, 1, _T0 + 5.0, _T0 + 5.0, "sample-web", magnitude=4.0),
    ]
    change = Change(ts=_T0 - 60.0, entity="sample-db-1", name="deploy")
    return IncidentView("sample", _T0, facts, [change], high)


def _decide_causes(model: Any, view: IncidentView) -> None:
    causes = all_of(Cause, model.rank(view))
    if not all(math.isfinite(cause.score) for cause in causes):
        raise ValueError("a score that is not finite")
    if isinstance(model, Calibrated):
        model.candidate_set(causes)
        model.calibration()


def _learn_causes(model: Any, view: IncidentView) -> None:
    model.learn(view, None)
    model.learn(view, "sample-db-1")


def _decide_playbooks(model: Any, view: IncidentView) -> None:
    if not all(math.isfinite(one.score) for one in all_of(Suggestion, model.suggest(view))):
        raise ValueError("a score that is not finite")


def _learn_playbooks(model: Any, view: IncidentView) -> None:
    model.learn(view, "sample", "helped")


def _decide_similar(model: Any, view: IncidentView) -> None:
    if not all(math.isfinite(one.value) for one in all_of(Evidence, model.nearest(view))):
        raise ValueError("a similarity that is not finite")


def _learn_similar(model: Any, view: IncidentView) -> None:
    model.add(view, {"opened_at": repr(_T0), "resolved_at": repr(_T0 + 600.0), "root": "sample-db-1"})


_USES: dict[str, tuple[Callable[[Any, IncidentView], None], Callable[[Any, IncidentView], None]]] = {
    "causes": (_decide_causes, _learn_causes),
    "playbooks": (_decide_playbooks, _learn_playbooks),
    "similar": (_decide_similar, _learn_similar),
}
