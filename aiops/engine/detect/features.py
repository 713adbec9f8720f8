"""The alerts of an entity in one window of record time, as feature rows for a detector.

A window closes when an alert of a later window comes in; each entity that had alerts in it gives one row. Cost per
alert: two dictionary look-ups and a few additions, about .4 µs.
"""

from __future__ import annotations

from typing import Any, Final

from aiops.engine.detect.feature_row import Row
from aiops.engine.detect.rate_anomaly import Surprise


class _Tally:
    __slots__ = ("alerts", "firsts", "nats", "peak", "severities", "streams", "types", "worst")

    def __init__(self, type_: str) -> None:
        self.alerts = self.severities = self.worst = self.streams = self.firsts = 0
        self.nats = self.peak = 0.0
        self.types = {type_: None}


# Distinct types counted for an entity in a window; beyond it the row is extreme in any case.
_MAX_TYPES: Final = 256


class Windows:
    """The open window. `cap` entities are tallied in it; the alerts of others only count in `skipped`."""

    def __init__(self, window_s: float = 60.0, cap: int = 5_000) -> None:
        self.window_s = window_s
        self.cap = cap
        self.skipped = 0
        self._window = -1
        self._open: dict[str, _Tally] = {}

    def see(self, ts: float, entity: str, type_: str, severity: int, surprise: Surprise) -> list[Row] | None:
        """Count an alert.

        The rows of the window that it closed, None where it closed none. Late alerts count now.
        """
        rows = None
        window = int(ts // self.window_s)
        if window > self._window:
            rows = self._close() if self._open else None
            self._window = window
        tally = self._open.get(entity)
        if tally is None:
            if len(self._open) >= self.cap:
                self.skipped += 1
                return rows
            tally = self._open[entity] = _Tally(type_)
        elif type_ not in tally.types and len(tally.types) < _MAX_TYPES:
            tally.types[type_] = None
        tally.alerts += 1
        tally.severities += severity
        if severity > tally.worst:
            tally.worst = severity
        if surprise.seen == 1:
            tally.streams += 1
        if surprise.first:
            tally.firsts += 1
        if surprise.gain:
            tally.nats += surprise.gain
            if surprise.nats > tally.peak:
                tally.peak = surprise.nats
        return rows

    def row(self, entity: str) -> Row | None:
        """Return what an entity has done so far in the open window; None where it had no alert."""
        tally = self._open.get(entity)
        return None if tally is None else self._row(entity, tally)

    def set_back(self, now: float) -> None:
        """Let the open window be the one of `now` at most: engine time was set back."""
        self._window = min(self._window, int(now // self.window_s))

    def _close(self) -> list[Row]:
        rows = [self._row(entity, tally) for entity, tally in self._open.items()]
        self._open = {}
        return rows

    def _row(self, entity: str, t: _Tally) -> Row:
        end = (self._window + 1) * self.window_s
        return Row(end, entity, t.alerts, len(t.types), t.streams, t.worst, t.severities, t.nats, t.peak, t.firsts)

    def dump(self) -> Any:
        """The state, as what msgspec can encode."""
        rows = [
            [entity, list(t.types), t.alerts, t.streams, t.worst, t.severities, t.nats, t.peak, t.firsts]
            for entity, t in self._open.items()
        ]
        return [self._window, self.skipped, rows]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._window, self.skipped, rows = state
        self._open = {}
        for entity, types, *rest in rows:
            tally = self._open[entity] = _Tally("")
            tally.types = dict.fromkeys(types)
            tally.alerts, tally.streams, tally.worst, tally.severities, tally.nats, tally.peak, tally.firsts = rest
