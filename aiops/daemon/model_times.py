"""Times of the calls of models, by slot and role: measured here, as the engine has no clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from aiops.telemetry.metrics import Family, Histogram

T = TypeVar("T")


class ModelTimes:
    """Histograms of calls since the start; the engine calls it from one thread, and others read it."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._found: dict[tuple[str, str], Histogram] = {}

    def __call__(self, slot: str, role: str, call: Callable[[], T]) -> T:
        """Return what `call` returns, or raise what it raises; either is measured."""
        begun = self._clock()
        try:
            return call()
        finally:
            self._of(slot, role).observe(max(0.0, self._clock() - begun))

    def of(self, slot: str) -> dict[str, dict[str, Any]]:
        """Return the number of calls and their mean time in seconds, by role."""
        found = {role: histogram.mean() for (name, role), histogram in self._all() if name == slot}
        return {role: {"count": count, "mean_s": mean_s} for role, (count, mean_s) in found.items()}

    def family(self, slots: Iterable[str] = ()) -> Family:
        """Return the metric; `slots` are there before their first call."""
        family = Family("aiops_model_seconds", "histogram", "Time of a call of a model, by slot and role.")
        found = {**{(slot, "serving"): Histogram() for slot in slots}, **self._found}
        for (slot, role), histogram in sorted(found.items(), key=lambda each: each[0]):
            family.add_histogram(histogram, slot=slot, role=role)
        return family

    def _of(self, slot: str, role: str) -> Histogram:
        key = (slot, role)
        if key not in self._found:
            # Replaced, not changed: other threads may be reading it.
            self._found = {**self._found, key: Histogram()}
        return self._found[key]

    def _all(self) -> list[tuple[tuple[str, str], Histogram]]:
        return sorted(self._found.items(), key=lambda each: each[0])
