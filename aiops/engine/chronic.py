"""Streams that are always there: a source that fires in most hours of a day says nothing about now.

Each stream counts the five-minute slots in which it fired, with a forgetting of one day. It is chronic when it fired in
more than `MAX_SHARE` of the slots of its history, and that history outlasts a working shift. Cost: some 0.2 µs.
"""

from __future__ import annotations

from math import exp

from msgspec import Struct

SLOT_S = 300.0
# Twice an hour: nobody can look at something that often (two of twelve slots).
MAX_SHARE = 2 / 12
# An incident is over or well known within a shift; what is older and still fires is the way things are.
MIN_HISTORY_SLOTS = 12 * 12
# Forgetting of one day, so that a stream which ends becomes remarkable again about a day later.
MEMORY_SLOTS = 288.0


class Burst(Struct, gc=False):
    """How often one stream fires: the decayed number of active slots, the last of them, and the first one."""

    first: int = -1
    last: int = -1
    active: float = 0.0
    chronic: bool = False

    def observe(self, ts: float) -> None:
        """Count an alert; most fall in the same slot as the one before, which costs one comparison."""
        slot = int(ts / SLOT_S)
        if slot == self.last:
            return
        if self.first < 0:
            self.first = slot
        self.active = self.active * exp((self.last - slot) / MEMORY_SLOTS) + 1.0 if self.active else 1.0
        self.last = slot
        self.chronic = self.share() > MAX_SHARE and slot - self.first >= MIN_HISTORY_SLOTS

    def share(self) -> float:
        """Share of the slots since the first in which the stream fired, recent ones counting most; 0 to 1."""
        history = self.last - self.first + 1
        return min(1.0, self.active / (MEMORY_SLOTS * (1.0 - exp(-history / MEMORY_SLOTS))))
