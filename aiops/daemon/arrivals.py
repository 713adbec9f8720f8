"""Arrivals: alerts a minute over the last hour, in all, by source and by sending tool.

Counted since the start of the daemon and kept in memory: an hour of minutes for a bounded number of names, about 1 kB
each. A minute is one of the host's clock.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct, field

from aiops.ports import Received
from aiops.records import Alert

MINUTES = 60
# Tools that are counted by their name. A site has a dozen; the names come from payloads, which may hold any number.
MAX_NAMES = 200
OTHERS = "(others)"
_MINUTE_S = 60.0


class Arrived(Struct):
    """Arrivals of one source or tool: all, the last, and by minute, the present one last."""

    name: str
    count: int
    last_at: float
    minutes: list[int]
    rejected: int = 0


class _Counts(Struct):
    """Counts by minute of the clock; older minutes are dropped as newer ones come."""

    count: int = 0
    rejected: int = 0
    last_at: float = 0.0
    minutes: dict[int, int] = field(default_factory=dict)

    def add(self, count: int, now: float) -> None:
        minute = int(now // _MINUTE_S)
        self.count += count
        self.last_at = now
        self.minutes[minute] = self.minutes.get(minute, 0) + count
        if len(self.minutes) > MINUTES:
            # The clock may have jumped: what is furthest from the present goes.
            self.minutes = {at: one for at, one in self.minutes.items() if 0 <= minute - at < MINUTES}

    def shown(self, name: str, now: float) -> Arrived:
        minute = int(now // _MINUTE_S)
        by_minute = [self.minutes.get(minute - ago, 0) for ago in range(MINUTES - 1, -1, -1)]
        return Arrived(name, self.count, self.last_at, by_minute, self.rejected)


class Arrivals:
    """Counts what arrives; written by the pump's thread, read by any.

    Times are the host's clock (Unix seconds).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all = _Counts()
        self._sources: dict[str, _Counts] = {}
        self._tools: dict[str, _Counts] = {}

    def count(self, batches: Sequence[Received], now: float) -> None:
        """Count batches that the journal has."""
        with self._lock:
            for received in batches:
                alerts = [record for record in received.records if type(record) is Alert]
                source = self._sources.setdefault(received.sender, _Counts())
                source.rejected += len(received.rejected)
                if received.records:
                    source.add(len(received.records), now)
                if alerts:
                    self._all.add(len(alerts), now)
                for tool, count in Counter([alert.source or received.sender for alert in alerts]).items():
                    self._tool(tool).add(count, now)

    def _tool(self, name: str) -> _Counts:
        if name not in self._tools and len(self._tools) >= MAX_NAMES:
            name = OTHERS
        return self._tools.setdefault(name, _Counts())

    def alerts(self, now: float) -> Arrived:
        """Return the alerts of all sources together."""
        with self._lock:
            return self._all.shown("", now)

    def sources(self, now: float) -> list[Arrived]:
        """Return the records of each source, by its configured name."""
        with self._lock:
            return [counts.shown(name, now) for name, counts in self._sources.items()]

    def tools(self, now: float) -> list[Arrived]:
        """Return the alerts of each sending tool, the busiest first."""
        with self._lock:
            found = [counts.shown(name, now) for name, counts in self._tools.items()]
        return sorted(found, key=lambda one: (-one.count, one.name))
