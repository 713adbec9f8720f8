"""Ticks: the host's clock as records of the log, which let time pass while nothing comes.

While a daemon catches up with old records, the host's clock is far ahead of theirs. It would resolve every incident
between two of them, and make one moment of hours. It does not pass time until the engine's time is near the present, or
no more records come. After that it passes time for good: an old record is late then, and holds nothing up. The engine
still gets the clock during the catching up, since it takes no alert for later than the last clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from aiops.journal.frame import times_of
from aiops.records import Record, Tick

# An engine whose time is further back than this is catching up: after a restart, or from the beginning of a topic. It
# is as far as clocks usually disagree (engine/timeline.py). A record of that time or later ends the catching up.
BEHIND_S = 300.0
# In silence an engine this near needs no catching up: what may still come was away no longer than that.
RECENT_S = 60.0
# A pause in catching up that means its end: longer than a consumer group takes to settle.
BEHIND_CALM_S = 15.0
# After a start, senders that were waiting try again within seconds. A source that has a backlog or cannot know yet gets
# longer: a broker lets the dead member of a group go after its session, 45 s by default, before anybody reads on.
START_CALM_S, START_BACKLOG_S = 5.0, 60.0
# An alert moves engine time up to 5 s ahead of the last clock that the engine got; so it gets one more often.
CLOCK_S = 2.0
# Catching up gets somewhere: what stands still for so long is no archive and no backlog. Time has to pass at half the
# real pace at least, as an archive may be sent at its own; within an hour of the present, where the sender may as well
# have a clock that is late, the present has to come nearer.
STUCK_S = 15.0
MAX_LATE_S = 3600.0


class Ticks:
    """Decides if a frame carries the clock; times are Unix seconds of the host's clock.

    `is_new`: the log is empty. Nothing can end then, and the first records may be history. `has_backlog` is True while
    a source has still to bring what came while the daemon was down. `cut_off` names the senders that are cut off.
    `reached` is the engine's time in all methods.
    """

    def __init__(
        self,
        every_s: float,
        *,
        is_new: bool = False,
        has_backlog: Callable[[], bool] = lambda: False,
        cut_off: Callable[[], list[str]] = list,
    ) -> None:
        self._every_s = every_s
        self._is_new = is_new
        self._has_backlog = has_backlog
        self._cut_off = cut_off
        self._last_at = 0.0
        self._sent_at = 0.0
        self._states_receipt = False
        self._calm_from: float | None = None
        self._has_seen = False
        self._behind = True
        # Where the catching up was when it last got somewhere: the host's clock, and the engine's time.
        self._mark: tuple[float, float] | None = None

    def seen(self, records: Sequence[Record], now: float, reached: float = -inf) -> None:
        """Note records that came."""
        if not self._behind:
            return
        # A wrong clock does not end the catching up.
        latest = now + BEHIND_S
        times = [at for at in times_of(records) if at <= latest]
        if times:
            self._is_new, self._has_seen = False, True
            self._calm_from = now
            self._behind = self._is_catching_up(max(reached, *times), now)

    def _is_catching_up(self, reached: float, now: float) -> bool:
        if now - reached <= BEHIND_S:
            return False
        since, before = self._mark or (now, reached)
        passed_s = now - since
        # Near the present it has to come nearer; further back it is enough that time passes.
        needed_s = 1.5 * passed_s if now - reached <= MAX_LATE_S else 0.5 * passed_s
        if passed_s < 0 or reached - before > needed_s:
            since, before = now, reached
        self._mark = (since, before)
        return now - since < STUCK_S

    def clock(self, now: float) -> list[Record]:
        """Return the clock to go before records, if the engine may not know it; it passes no time.

        The first records after a start always have one: the engine then takes each clock for that of receipt.
        """
        if self._states_receipt and 0 <= now - self._sent_at < CLOCK_S:
            return []
        self._states_receipt = True
        self._sent_at = now
        return [Tick(ts=now, passes=False, away=self._cut_off())]

    def flowing(self, now: float) -> list[Record]:
        """Return the clock, if it is due in a frame that has records.

        As often as in silence: what a slow source brings is older than the clock, and comes at the time of the last
        one. Alerts of seconds would come at one time.
        """
        return [] if self._behind else self._tick(now)

    def idle(self, now: float, reached: float = -inf) -> list[Record]:
        """Return the clock, if it is due while nothing comes."""
        if self._calm_from is None:
            self._calm_from = now
        if self._is_new or (self._behind and now - reached > RECENT_S and self._is_waiting(now - self._calm_from)):
            return []
        return self._tick(now)

    def _is_waiting(self, calm_s: float) -> bool:
        """Return True if more old records may come after a calm of this length."""
        if self._has_seen or calm_s < 0:
            return 0 <= calm_s < BEHIND_CALM_S
        return calm_s < START_CALM_S or (calm_s < START_BACKLOG_S and self._has_backlog())

    def _tick(self, now: float) -> list[Record]:
        # With this the engine's time is the host's.
        self._behind = False
        # A clock that was set back must not stop the ticks until it has caught up.
        if 0 <= now - self._last_at < self._every_s:
            return []
        self._last_at = self._sent_at = now
        return [Tick(ts=now, away=self._cut_off())]
