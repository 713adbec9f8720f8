"""Senders that are cut off at present, since their source is down or behind; each tick names them.

The engine takes their silence for none of their own (`engine/heartbeats/absences.py`). A source is down if its health
shows it. It is behind if it has had a backlog at each look for half a minute, as every busy source has one at times.
Which senders come by a source is learned from what it brings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiops.ports import Received
from aiops.records import Alert

# One look at the sources serves the ticks of some seconds.
LATEST_S = 2.0
BEHIND_S = 30.0
# A source that has brought nothing since the start may stand for any sender, but not for ever: one that is never there
# must not keep everybody's silence from being noticed.
UNKNOWN_S = 900.0
# Senders of one source that are known by name; beyond, it stands for all.
MAX_SENDERS = 50
ALL = "*"

Health = Callable[[], Mapping[str, Mapping[str, Any]]]


class CutOff:
    """Names the senders that are cut off; for the pump's thread alone. Times are monotonic seconds."""

    def __init__(self, health: Health, monotonic: Callable[[], float]) -> None:
        self._health = health
        self._monotonic = monotonic
        self._started_at = monotonic()
        self._looked_at = self._started_at - LATEST_S
        self._senders: dict[str, dict[str, None]] = {}
        # Since when a source has had a backlog at each look.
        self._behind: dict[str, float] = {}
        self._names: list[str] = []

    def count(self, batches: Sequence[Received]) -> None:
        """Learn from what came which senders come by which source."""
        for received in batches:
            known = self._senders.setdefault(received.sender, {})
            for record in received.records:
                if type(record) is Alert and len(known) <= MAX_SENDERS:
                    known[record.source or ALL] = None

    def names(self) -> list[str]:
        """Return the senders, as alerts name them (`source`), sorted; `*` for all."""
        now = self._monotonic()
        if now - self._looked_at >= LATEST_S:
            self._looked_at = now
            found: dict[str, None] = {}
            for source, health in self._health().items():
                if self._is_away(source, health, now):
                    found.update(self._of(source, now))
            self._names = [ALL] if ALL in found else sorted(found)
        return self._names

    def _is_away(self, source: str, health: Mapping[str, Any], now: float) -> bool:
        if health.get("ok") is False or health.get("connected") is False or health.get("partitions") == 0:
            return True
        lag = health.get("lag")
        if not (isinstance(lag, Mapping) and any(lag.values())):
            self._behind.pop(source, None)
            return False
        return now - self._behind.setdefault(source, now) >= BEHIND_S

    def _of(self, source: str, now: float) -> dict[str, None]:
        known = self._senders.get(source)
        if not known:
            return {ALL: None} if now - self._started_at < UNKNOWN_S else {}
        return {ALL: None} if len(known) > MAX_SENDERS else known
