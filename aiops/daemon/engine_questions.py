"""Questions to the engine, answered by the pump between two frames."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TypeVar

from aiops.daemon.pump import Pump
from aiops.engine.engine import Engine
from aiops.engine.incident_view import CurrentIncident, current_incident
from aiops.engine.silence_preview import Preview, preview
from aiops.engine.silences.silences import Silence
from aiops.errors import AiopsError

# The engine answers between two frames, within milliseconds. A preview over all streams takes a fraction of a second,
# and a disk that hangs holds the pump up.
TIMEOUT_S = 5.0
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

    def preview(self, silence: Silence) -> Preview:
        """Match a silence with what the engine knows now; raise `AiopsError` if it does not answer in time."""

        def question(engine: object) -> Preview:
            if not isinstance(engine, Engine):
                raise AiopsError("preview: this engine holds no silences")
            return preview(engine, silence, self._clock())

        return self._answer("preview", question)

    def _answer(self, place: str, question: Callable[[object], Answer]) -> Answer:
        try:
            found: Answer = self._pump.query(question).result(self._timeout_s)
        except FutureTimeout:
            raise AiopsError(f"{place}: the engine did not answer in {self._timeout_s:g} s; try again") from None
        return found
