"""Reads of what steps of a plan would change, for the people who view plans.

A page must not wait for a slow API server: a read has a thread of its own, and whoever views it waits a moment for it.
What was read is shown for some seconds; an approval reads again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from msgspec import Struct, field

from aiops.errors import AiopsError
from aiops.respond.calls import StepState
from aiops.telemetry.logs import log

# A healthy API server answers within some milliseconds.
WAIT_S = 2.0
# A list of waiting runs is looked at again every few seconds.
FRESH_S = 10.0
MAX_AT_ONCE, MAX_KEPT = 4, 100

Read = Callable[[], Sequence[StepState]]


class _Reading(Struct):
    """A read under way, or its result."""

    done: threading.Event = field(default_factory=threading.Event)
    states: Sequence[StepState] | None = None
    at: float = 0.0


class PlanStates:
    """Reads by the digest of a plan; one read of a plan at a time. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, wait_s: float = WAIT_S) -> None:
        self._monotonic, self._wait_s = monotonic, wait_s
        self._lock = threading.Lock()
        self._kept: dict[str, _Reading] = {}
        # A system that did not answer in time is not waited for again until then.
        self._impatient_until = 0.0

    def get(self, base: str, read: Read) -> Sequence[StepState] | None:
        """Return what was read of a plan; None while it is being read, or others are."""
        with self._lock:
            known = self._kept.get(base)
            now = self._monotonic()
            if known is None or (known.done.is_set() and now - known.at >= FRESH_S):
                if sum(not one.done.is_set() for one in self._kept.values()) >= MAX_AT_ONCE:
                    return None
                known = self._start(base, read)
            wait_s = 0.0 if now < self._impatient_until else self._wait_s
        if not known.done.wait(wait_s):
            with self._lock:
                self._impatient_until = self._monotonic() + FRESH_S
            return None
        return known.states

    def _start(self, base: str, read: Read) -> _Reading:
        reading = _Reading()
        self._kept.pop(base, None)
        ended = [name for name, one in self._kept.items() if one.done.is_set()]
        for name in ended[: max(0, len(self._kept) + 1 - MAX_KEPT)]:
            del self._kept[name]
        self._kept[base] = reading
        threading.Thread(target=self._read, args=(reading, read), name="plan", daemon=True).start()
        return reading

    def _read(self, reading: _Reading, read: Read) -> None:
        try:
            reading.states = read()
        except AiopsError as error:
            log(logging.WARNING, f"a plan was not read: {error}")
        except Exception:
            logging.getLogger("aiops").exception("a plan was not read")
        finally:
            reading.at = self._monotonic()
            reading.done.set()
