"""The occasions on which streams began to fire: what fired of late is no news of an incident.

The engine counts them for each of its streams (`aiops.engine.dedup`). Here a stream is an entity and a name, and ends
after as much quiet as one whose tool sends no end.
"""

from __future__ import annotations

from math import exp, inf

from aiops.engine.dedup.config import DedupConfig
from aiops.engine.dedup.deduplicator import HABIT_GAP_S, RECENT_MEMORY_S
from aiops.engine.dedup.stream import entity_of
from aiops.records import Alert

_QUIET_S = DedupConfig().quiet_s
# As many streams as the engine holds; those that come later count as news.
MAX_STREAMS = DedupConfig().max_streams


class Occasions:
    """The occasions of each stream within the last hours, over a whole archive in time order."""

    def __init__(self) -> None:
        """Start with none."""
        # Last alert, begin of the last occasion, and how often it began by then, decayed.
        self._streams: dict[tuple[str, str], tuple[float, float, float]] = {}

    def count(self, alert: Alert) -> float:
        """Count a firing alert; return how often its stream began of late, decayed, this occasion included.

        >>> occasions = Occasions()
        >>> [round(occasions.count(Alert(ts=at, name="Down", entity="db")), 2) for at in (0.0, 600.0, 7200.0)]
        [1.0, 1.0, 1.37]
        """
        key = (alert.entity or entity_of(alert), alert.name)
        last, began, recent = self._streams.get(key, (-inf, -inf, 0.0))
        if alert.ts - last > _QUIET_S and alert.ts - began >= HABIT_GAP_S:
            recent, began = 1.0 + recent * exp((began - alert.ts) / RECENT_MEMORY_S), alert.ts
        if key in self._streams or len(self._streams) < MAX_STREAMS:
            self._streams[key] = alert.ts, began, recent
        return recent

    def recent(self, entity: str, name: str) -> float:
        """Return what the last alert of a stream counted; 1 for one that is not known."""
        return self._streams[entity, name][2] if (entity, name) in self._streams else 1.0
