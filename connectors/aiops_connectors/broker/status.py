"""What a Kafka source says about itself, for health and metrics."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from aiops.records.decode import format_time

_log = logging.getLogger("aiops.sources.kafka")
# Partitions shown one by one; a health page is read by people, and metrics have a label each.
MAX_SHOWN = 1_000


class Status:
    """Counters and states; written by the source's thread, read by any."""

    def __init__(self, clock: Callable[[], float], source: str = "") -> None:
        self._clock = clock
        self._source = source
        # Whether the log was told last that the broker is away: once a change, not once an attempt.
        self._away = False
        self._lock = threading.Lock()
        self._counts = {
            "messages": 0,
            "records": 0,
            "rejected": 0,
            "skipped": 0,
            "rebalances": 0,
            "reconnects": 0,
            "pauses": 0,
            "dead_letters_unsent": 0,
        }
        self._state: dict[str, Any] = {
            "connected": False,
            "paused": False,
            "partitions": 0,
            "held": 0,
            "last_error": None,
            "last_error_at": None,
        }
        self._lag: dict[str, int] = {}

    def count(self, **by: int) -> None:
        """Add to counters."""
        with self._lock:
            for name, number in by.items():
                self._counts[name] += number

    def connected(self) -> None:
        """The broker answered."""
        with self._lock:
            self._state["connected"] = True
            came_back, self._away = self._away, False
        if came_back:
            _log.warning("the broker answers again", extra={"fields": {"source": self._source}})

    def failed(self, error: str) -> None:
        """The broker did not answer, or refused."""
        with self._lock:
            self._state |= {"connected": False, "last_error": error, "last_error_at": format_time(self._clock())}
            is_new, self._away = not self._away, True
        if is_new:
            fields = {"source": self._source, "reason": error}
            _log.warning("the broker does not answer: it is tried again until it does", extra={"fields": fields})

    def paused(self, paused: bool) -> None:
        """The engine is full, or has room again."""
        with self._lock:
            self._counts["pauses"] += paused
            self._state["paused"] = paused

    def owns(self, partitions: int) -> None:
        """So many partitions are ours now."""
        with self._lock:
            self._state["partitions"] = partitions

    def held(self, messages: int) -> None:
        """So many were read and wait for their turn in the order of time."""
        with self._lock:
            self._state["held"] = messages

    def lag(self, lag: Mapping[str, int]) -> None:
        """Messages that are written and not yet journaled, by partition that is ours."""
        with self._lock:
            self._lag = dict(lag)

    def shown(self) -> dict[str, Any]:
        """See `Source.health`."""
        with self._lock:
            total = sum(self._lag.values())
            shown = dict(sorted(self._lag.items())[:MAX_SHOWN])
            return {
                "ok": bool(self._state["connected"]),
                "detail": self._detail(total),
                **self._state,
                **self._counts,
                "counts": [*self._counts],
                "lag": shown,
                "lag_total": total,
            }

    def _detail(self, lag: int) -> str:
        if not self._state["connected"]:
            return f"not connected: {self._state['last_error'] or 'connecting'}"
        if self._state["paused"]:
            return f"paused: the engine is full; {lag} messages behind"
        skipped = self._counts["skipped"]
        lost = f"; {skipped} messages were gone from the broker before they could be read" if skipped else ""
        return f"reading {self._state['partitions']} partitions, {lag} messages behind{lost}"
