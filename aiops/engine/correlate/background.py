"""Streams that carry no information about the present: constant ones, and periodic ones.

Each stream counts the five-minute slots in which it fired, with a forgetting of one day. It is *chronic* if it fired in
more than `MAX_SHARE` of the slots of its history, and that history outlasts a working shift. It is *periodic* if the
pauses between its bursts are nearly the same, and the next burst comes on time. Both return to the foreground as soon
as their rhythm breaks: a chronic stream that fires far more often in a slot than it used to, a periodic one off its
time. Cost: about .2 µs an alert. Memory: one `Habit` a stream.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import Final

from aiops.engine.fields import state

SLOT_S: Final = 300.0
# Twice an hour: nobody can look at something that often (two of twelve slots).
MAX_SHARE = 2 / 12
# An incident is resolved or well known within a shift; an older stream that still fires is the normal state.
MIN_HISTORY_SLOTS = 12 * 12
# Forgetting of one day: a stream that ends becomes remarkable again about a day later.
MEMORY_SLOTS: Final = 288.0
# A slot is out of the habit this many standard deviations above the mean count, and by `SURGE_COUNT` alerts at least.
# Chebyshev allows 1 slot in 64 for any distribution; alert counts stay far below that.
SURGE_SIGMAS: Final = 8.0
SURGE_COUNT: Final = 20.0
COUNT_STEP: Final = 0.02
# Bursts are apart by more than this; within it, one cause sends several alerts.
BURST_PAUSE_S: Final = 60.0
# Eight equal pauses are no accident; a tenth of the period is what schedulers and retries jitter.
MIN_PERIODS: Final = 8
JITTER: Final = 0.1
PERIOD_STEP: Final = 0.2


@state(acyclic=True)
class Habit:
    """The behaviour of one stream.

    Slots are counted from the epoch; `active` is the decayed number of active slots. `count` is the number of alerts in
    this slot, `mean` and `variance` those of the counts of the active slots before; `last` the time of the last alert,
    `start` of the start of the last burst, `period` the mean pause between starts, `periods` the pauses in a row that
    fit. `on_time` is true if the present burst came on time.
    """

    first: int = -1
    slot: int = -1
    active: float = 0.0
    chronic: bool = False
    count: int = 0
    mean: float = 0.0
    variance: float = 0.0
    last: float = -1.0
    start: float = -1.0
    period: float = 0.0
    periods: int = 0
    on_time: bool = False

    def observe(self, ts: float) -> bool:
        """Count an alert; True when it opens a new slot (the stream has been active lately)."""
        if ts - self.last > BURST_PAUSE_S or self.start < 0.0:
            self._burst(ts)
        self.last = ts
        slot = int(ts / SLOT_S)
        if slot == self.slot:
            self.count += 1
            return False
        self._open(slot)
        return True

    def reason(self, ts: float) -> str | None:
        """Return the reason why an alert at `ts` is background, from earlier knowledge; None if it is not."""
        if self.chronic:
            return None if self._surges(ts) else f"chronic: fires in {self.share():.0%} of all five-minute slots"
        if self.periods < MIN_PERIODS:
            return None
        if ts - self.last > BURST_PAUSE_S:
            on_time = abs(ts - self.start - self.period) <= JITTER * self.period
        else:
            on_time = self.on_time
        return f"periodic: fires every {self.period:.0f} s" if on_time and not self._surges(ts) else None

    def share(self) -> float:
        """Share of the slots since the first in which the stream fired, recent ones counting most; 0 to 1."""
        history = self.slot - self.first + 1
        return min(1.0, self.active / (MEMORY_SLOTS * (1.0 - exp(-history / MEMORY_SLOTS))))

    def shift(self, slots: int) -> None:
        """Move the habit in time, as when a packed model begins its work on another stream."""
        self.first += slots
        self.slot += slots
        self.last += slots * SLOT_S
        self.start += slots * SLOT_S

    def set_back(self, now: float) -> None:
        """Move times ahead of `now` to `now`: engine time was set back."""
        slot = int(now / SLOT_S)
        if self.slot > slot:
            self.slot, self.first = slot, min(self.first, slot)
        if self.last > now:
            self.last, self.start = now, min(self.start, now)
            self.periods, self.on_time = 0, False

    def _surges(self, ts: float) -> bool:
        if int(ts / SLOT_S) != self.slot:
            return False
        return self.count > self.mean + max(SURGE_COUNT, SURGE_SIGMAS * sqrt(self.variance))

    def _open(self, slot: int) -> None:
        if self.first < 0:
            self.first = slot
            self.active = 1.0
        else:
            off = self.count - self.mean
            step = max(COUNT_STEP, 1.0 / self.active)
            # A slot that surged teaches no more than a slot at the edge would, or one incident would excuse the next.
            off = min(off, max(SURGE_COUNT, SURGE_SIGMAS * sqrt(self.variance))) if self.mean else off
            self.mean += step * off
            self.variance += step * (off * off - self.variance)
            self.active = self.active * exp((self.slot - slot) / MEMORY_SLOTS) + 1.0
        self.slot = slot
        self.count = 1
        self.chronic = slot - self.first >= MIN_HISTORY_SLOTS and self.share() > MAX_SHARE

    def _burst(self, ts: float) -> None:
        if self.start >= 0.0:
            pause = ts - self.start
            self.on_time = abs(pause - self.period) <= JITTER * self.period
            self.periods = self.periods + 1 if self.on_time else 0
            self.period += PERIOD_STEP * (pause - self.period) if self.on_time else pause - self.period
        self.start = ts
