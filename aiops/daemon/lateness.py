"""Records that come late: their own time lies well before the engine's when they arrive.

A late record is processed, at the engine's time, and nothing of it is lost; but what it belongs with may have ended, so
that an incident is torn in two. The usual reason is an archive that is posted in parts: after a pause the engine's time
has caught up with the host's clock (`daemon/ticks.py`). Whoever sent it should know.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from aiops.journal.frame import times_of
from aiops.ports import Received
from aiops.records.late import LATE_S, sentence
from aiops.telemetry.metrics import Family

# A warning stays this long after the last late record: long enough to be seen, and no reproach for ever.
SHOWN_S = 3_600.0


class Late(Struct):
    """Late records of one source: their number, the greatest lateness, and when the last one came."""

    records: int = 0
    most_s: float = 0.0
    last_at: float = 0.0


class Lateness:
    """Counts late records by source; written by the pump's thread, read by any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_source: dict[str, Late] = {}

    def judge(self, batches: Sequence[Received], engine_now: float, now: float) -> None:
        """Set the number of late records in each batch; `now` is the host's clock (Unix seconds)."""
        reached = engine_now
        for received in batches:
            times = times_of(received.records)
            if not times:
                continue
            # A clock that is ahead makes nobody else late.
            highest = min(max(times), now + LATE_S)
            lowest = min(times)
            if lowest < max(reached, highest) - LATE_S:
                late = _late(times, reached, now + LATE_S)
                received.late = len(late)
                received.late_s = max(late, default=0.0)
            reached = max(reached, highest)

    def count(self, batches: Sequence[Received], now: float) -> None:
        """Count the late records of batches that were taken."""
        for received in batches:
            if received.late:
                with self._lock:
                    one = self._by_source.setdefault(received.sender, Late())
                    one.records += received.late
                    one.most_s, one.last_at = max(one.most_s, received.late_s), now

    def health(self, now: float) -> dict[str, Any]:
        """Return the counts by source; not ok for a while after late records."""
        with self._lock:
            counts = {name: one.records for name, one in self._by_source.items()}
            recent = {name: one for name, one in self._by_source.items() if now - one.last_at < SHOWN_S}
            detail = "; ".join(f"source {name}: {sentence(one.records, one.most_s)}" for name, one in recent.items())
        return {"ok": not recent, "detail": detail, "records": counts}

    def metrics(self, sources: Iterable[str] = ()) -> list[Family]:
        """Return the counter of late records, of all `sources` and of those that had some."""
        family = Family(
            "aiops_records_late_total", "counter", "Records older than the engine's time by over 5 minutes."
        )
        with self._lock:
            counts = dict.fromkeys(sources, 0) | {name: one.records for name, one in self._by_source.items()}
        for name, count in counts.items():
            family.add(count, source=name)
        return [family]


def _late(times: Sequence[float], reached: float, latest: float) -> list[float]:
    """Return the lateness of each late record (seconds); the records themselves move time on."""
    late = []
    for at in times:
        if at < reached - LATE_S:
            late.append(reached - at)
        elif at <= latest:
            reached = max(reached, at)
    return late
