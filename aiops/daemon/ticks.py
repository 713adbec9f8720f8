"""When the host's clock is written into the log, so that silence passes time.

While old alerts are being caught up with, the host's clock is far ahead of theirs and would end every incident between
two of them: it is left out until they are near the present, or nothing more comes.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiops.journal.frame import time_of
from aiops.records import Record, Tick

# While records flow, time passes by them; the host's clock is added this much less often than in silence.
_FLOWING = 5
# Alerts that are older than this when they arrive are history that is being caught up with. Tools and brokers that
# were away come back within minutes; somebody who reads a topic from its beginning is days behind.
BEHIND_S = 3600.0
# A pause in catching up that means its end: longer than a consumer group takes to settle.
BEHIND_CALM_S = 15.0


class Ticks:
    """Decides whether a frame carries the clock. Times are Unix seconds of the host's clock."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._last_at = 0.0
        self._records_at = 0.0
        self._behind = False

    def seen(self, records: Sequence[Record], now: float) -> None:
        """Records that came."""
        times = [at for record in records if (at := time_of(record)) is not None]
        if times:
            self._records_at = now
            self._behind = max(times) < now - BEHIND_S

    def flowing(self, now: float) -> list[Record]:
        """The clock, where it is due in a frame that has records."""
        return [] if self._behind else self._tick(now, self._every_s * _FLOWING)

    def idle(self, now: float) -> list[Record]:
        """The clock, where it is due in silence."""
        if self._behind and now - self._records_at < BEHIND_CALM_S:
            return []
        return self._tick(now, self._every_s)

    def _tick(self, now: float, every_s: float) -> list[Record]:
        # A clock that was set back must not stop the ticks until it has caught up.
        if 0 <= now - self._last_at < every_s:
            return []
        self._last_at = now
        return [Tick(ts=now)]
