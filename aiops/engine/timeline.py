"""The engine's time: what the records say it is."""

from __future__ import annotations

from msgspec import Struct

# Real gaps between records can be long (an archive of faults weeks apart), wrong clocks are usually longer still: a
# jump of more than this needs this many records in a row that agree before it is believed.
MAX_JUMP_S = 30 * 86_400.0
AGREEING = 3
# Once the host's clock is in the log, no alert may be further ahead of it than clocks usually disagree.
MAX_AHEAD_S = 300.0


class Timeline(Struct):
    """Never goes back; a single absurd time in the future does not age everything else."""

    now: float = -1.0
    tick: float = -1.0
    ahead: int = 0

    def at(self, ts: float) -> float:
        """The time to take a record's `ts` for: itself, unless it is absurdly far ahead."""
        if ts <= self.now or self.now < 0:
            self.ahead = 0
            return ts
        if self.tick >= 0:
            ts = min(ts, max(self.tick + MAX_AHEAD_S, self.now))
        if ts - self.now <= MAX_JUMP_S:
            self.ahead = 0
            return ts
        self.ahead += 1
        if self.ahead < AGREEING:
            return self.now
        self.ahead = 0
        return ts

    def host(self, ts: float) -> float:
        """The host's clock, which is believed."""
        self.tick = max(self.tick, ts)
        return ts
