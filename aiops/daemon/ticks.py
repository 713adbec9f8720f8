"""When the host's clock is written into the log, so that silence passes time.

While old alerts are being caught up with, the host's clock is far ahead of theirs and would end every incident between
two of them, and make one moment of hours: it does not pass time until they are near the present, or nothing more comes.
The engine is told what the clock is all the same, since it takes no alert for later than the clock that it knows.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiops.journal.frame import times_of
from aiops.records import Record, Tick

# While records flow, time passes by them; the host's clock is added this much less often than in silence.
_FLOWING = 5
# Alerts that are older than this when they arrive are history that is being caught up with: after a restart, after an
# outage of a broker, or from the beginning of a topic. It is as far as clocks usually disagree (engine/timeline.py).
BEHIND_S = 300.0
# A pause in catching up that means its end: longer than a consumer group takes to settle.
BEHIND_CALM_S = 15.0
# After a start, what came meanwhile may need this long to arrive: a broker lets the dead member of a group go after
# its session, 45 s by default, before anybody reads on.
START_CALM_S = 60.0
# An alert moves engine time up to 60 s ahead of the last clock that it was told; so it is told more often.
CLOCK_S = 20.0
# A sender whose clock is late looks like history, but its lag stays: after this long, unless half of what passes is
# caught up. A lag of more than an hour is no clock's.
LATE_S = 60.0
MAX_LATE_S = 3600.0


class Ticks:
    """Decides whether a frame carries the clock. Times are Unix seconds of the host's clock.

    `is_new`: the log is empty. Nothing can end then, and the first to come may be history.
    """

    def __init__(self, every_s: float, *, is_new: bool = False) -> None:
        self._every_s = every_s
        self._is_new = is_new
        self._last_at = 0.0
        self._told_at = 0.0
        self._calm_from: float | None = None
        self._calm_s = START_CALM_S
        self._behind = True
        # When the present lag was first seen, and how long it was.
        self._lag: tuple[float, float] | None = None

    def seen(self, records: Sequence[Record], now: float) -> None:
        """Records that came."""
        # A wrong clock does not end the catching up.
        latest = now + BEHIND_S
        times = [at for at in times_of(records) if at <= latest]
        if times:
            self._is_new = False
            self._calm_from, self._calm_s = now, BEHIND_CALM_S
            self._behind = self._is_history(now - max(times), now)

    def _is_history(self, lag_s: float, now: float) -> bool:
        """Whether records that lag so far behind are being caught up with, and not of a clock that is late."""
        if lag_s <= BEHIND_S or lag_s > MAX_LATE_S:
            self._lag = None
            return lag_s > BEHIND_S
        since, first_s = self._lag or (now, lag_s)
        if now < since or first_s - lag_s > 0.5 * (now - since):
            since, first_s = now, lag_s
        self._lag = (since, first_s)
        return now - since < LATE_S

    def clock(self, now: float) -> list[Record]:
        """What the clock is, to go before records, where the engine may not know it; passes no time."""
        if 0 <= now - self._told_at < CLOCK_S:
            return []
        self._told_at = now
        return [Tick(ts=now, passes=False)]

    def flowing(self, now: float) -> list[Record]:
        """The clock, where it is due in a frame that has records."""
        return [] if self._behind else self._tick(now, self._every_s * _FLOWING)

    def idle(self, now: float) -> list[Record]:
        """The clock, where it is due in silence."""
        if self._calm_from is None:
            self._calm_from = now
        if self._is_new or (self._behind and 0 <= now - self._calm_from < self._calm_s):
            return []
        return self._tick(now, self._every_s)

    def _tick(self, now: float, every_s: float) -> list[Record]:
        # A clock that was set back must not stop the ticks until it has caught up.
        if 0 <= now - self._last_at < every_s:
            return []
        self._last_at = self._told_at = now
        return [Tick(ts=now)]
