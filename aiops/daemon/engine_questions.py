"""Questions to the engine, answered by the pump between two frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial
from typing import Any, TypeVar

from aiops.daemon.pump import Pump
from aiops.engine.engine import Engine
from aiops.engine.firing import FiringAlert, firing_alerts, firing_streams
from aiops.engine.fleet import Fleet, fleet_of
from aiops.engine.incident_view import CurrentIncident, current_incident
from aiops.engine.member_explanation import MemberExplanation, explain_member
from aiops.engine.silence_preview import Preview, preview
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError
from aiops.views.lessons import LessonsList, lessons_list

# The engine answers between two frames, within milliseconds. A preview over all streams takes a fraction of a second,
# and a disk that hangs holds the pump up.
TIMEOUT_S = 5.0
# Alerts that are read at once: some milliseconds, in which nothing is processed.
PART = 250
Answer = TypeVar("Answer")


class EngineQuestions:
    """Queries to the engine of a pump; safe for many threads. `clock` gives Unix seconds."""

    def __init__(self, pump: Pump, clock: Callable[[], float], timeout_s: float = TIMEOUT_S) -> None:
        self._pump = pump
        self._clock = clock
        self._timeout_s = timeout_s

    def incident(self, incident: str) -> CurrentIncident | None:
        """Return an incident as the engine holds it, None for one that it does not know.

        Raise `AiopsError` if the engine does not answer in time.
        """

        def question(engine: object) -> CurrentIncident | None:
            return current_incident(engine, incident, self._clock()) if isinstance(engine, Engine) else None

        return self._answer("incident", question)

    def fleet(self) -> Fleet:
        """Count the entities that alert and are known; raise `AiopsError` without an answer in time."""
        return self._answer("fleet", lambda engine: fleet_of(_engine(engine), self._clock()))

    def firing(self) -> list[FiringAlert]:
        """Return all alerts that fire; raise `AiopsError` if the engine does not answer in time.

        They are read in parts: one that ends meanwhile is left out.
        """
        numbers = self._answer("alerts", lambda engine: firing_streams(_engine(engine)))
        found: list[FiringAlert] = []
        for first in range(0, len(numbers), PART):
            found += self._answer("alerts", partial(_part, numbers[first : first + PART]))
        return found

    def silences(self) -> tuple[list[Silence], list[Silence]]:
        """Return the silences in force or to come, and those that ended of late.

        Raise `AiopsError` if the engine does not answer in time.
        """

        def question(engine: object) -> tuple[list[Silence], list[Silence]]:
            silences = _engine(engine).silences
            return list(silences.by_id.values()), list(silences.past.values())

        return self._answer("silences", question)

    def preview(self, silence: Silence) -> Preview:
        """Match a silence with what the engine knows now; raise `AiopsError` if it does not answer in time."""

        def question(engine: object) -> Preview:
            if not isinstance(engine, Engine):
                raise AiopsError("preview: this engine holds no silences")
            return preview(engine, silence, self._clock())

        return self._answer("preview", question)

    def explain(self, incident: str, alert: str) -> MemberExplanation | None:
        """Return why a stream is in its incident, None for one that the engine does not hold.

        Raise `AiopsError` if the engine does not answer in time.
        """

        def question(engine: object) -> MemberExplanation | None:
            return explain_member(engine, incident, alert) if isinstance(engine, Engine) else None

        return self._answer("explain", question)

    def lessons(self) -> LessonsList:
        """Return what people taught the grouping; raise `AiopsError` if the engine does not answer in time."""
        return self._answer("lessons", lambda engine: lessons_list(_engine(engine).correlate.lessons))

    def calibration(self) -> Mapping[str, Any] | None:
        """Return how far ranked causes were right on this site; None without a ranker that measures it.

        Raise `AiopsError` if the engine does not answer in time.
        """
        return self._answer("calibration", lambda engine: _engine(engine).ranking.measured())

    def model_state(self, slot: str, role: str) -> tuple[str, str]:
        """Return algorithm and state (JSON text) of what serves in a slot, its shadow or its canary.

        Raise `AiopsError` for one that there is not, and if the engine does not answer in time.
        """
        return self._answer("model", lambda engine: _engine(engine).serving.exported(slot, role))

    def _answer(self, place: str, question: Callable[[object], Answer]) -> Answer:
        try:
            found: Answer = self._pump.query(question).result(self._timeout_s)
        except FutureTimeout:
            raise AiopsError(f"{place}: the engine did not answer in {self._timeout_s:g} s; try again") from None
        return found


def _engine(engine: object) -> Engine:
    if not isinstance(engine, Engine):
        raise AiopsError("this engine holds no alerts and no silences")
    return engine


def _part(numbers: Sequence[int], engine: object) -> list[FiringAlert]:
    return firing_alerts(_engine(engine), numbers)
