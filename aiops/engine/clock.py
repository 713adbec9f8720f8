"""The engine's time: the host's clock if it is in the log, else a time derived from the records.

A time far from the engine's is accepted once several records in a row agree with each other. The time is set back for
two reasons only: the first records of a log disagree with those that follow, or the host's clock was wrong.
"""

from __future__ import annotations

from msgspec import Struct, field

from aiops.records import MAX_AHEAD_S

# Real gaps between records can be long (an archive of faults weeks apart), wrong clocks are usually longer still: a
# jump of more than this needs this many records in a row that are no further apart.
MAX_JUMP_S = 30 * 86_400.0
AGREEING = 3
# An alert moves the engine's time at most this far ahead of the host's clock at its receipt, which the daemon writes
# before its records, at most 2 s old (`daemon/ticks.py`). A sender whose clock is ahead must not expire the streams of
# others. Nor must it delay what is due, as no time passes until the host's clock has caught up.
LEAD_S = 5.0
# A record no further behind the host's clock is live, as far as clocks usually disagree. Were it taken for one of the
# old time that the first record of a log had, it would join what that one opened, and resolve with it.
PRESENT_S = 300.0
# The host's clock was wrong when the engine's time stays further ahead of it than an alert can move it for so long.
SET_BACK_S = 30.0


class Timeline(Struct):
    """The time, with the state that judges the next record's.

    `tick` is the host's clock at the last tick, negative without one. `receipt` is the same where the log states the
    clock at receipt (ticks that pass no time), else negative: ticks that only let time pass are not before each record,
    and how often they come must not decide what time a record is taken for. `support` is the number of records that
    agreed with the time, up to `AGREEING`; `far` the latest far times in a row; `ahead_from` the time at which the
    host's clock was first found to be behind. `back_to` is the time to set the clock back to, negative otherwise.
    """

    now: float = -1.0
    tick: float = -1.0
    support: int = 0
    far: list[float] = field(default_factory=list)
    ahead_from: float = -1.0
    back_to: float = -1.0
    set_backs: int = 0
    set_back_at: float = -1.0
    receipt: float = -1.0

    def at(self, ts: float) -> float:
        """The time to take a record's `ts` for; look at `back_to` when it is not later than `now`."""
        if 0.0 <= self.receipt < ts - LEAD_S:
            ts = self._bounded(ts)
        now = self.now
        if now < 0.0:
            self.support = 1
            return ts
        if now - MAX_JUMP_S <= ts <= now + MAX_JUMP_S:
            if self.support < AGREEING:
                self.support += 1
            if self.far:
                self.far = []
            return ts
        if ts > now:
            return ts if self._confirm(ts) or self._agree(ts, AGREEING) else now
        # Late records are no reason to go back where the host's clock is known, or where the time was agreed upon.
        if self.tick < 0.0 and self._agree(ts, AGREEING if self.support >= AGREEING else 1):
            self.back_to = ts
        return ts

    def _bounded(self, ts: float) -> float:
        """A time that is ahead of the host's clock, bounded by it; an absurd one is that of receipt."""
        if ts <= self.receipt + MAX_AHEAD_S:
            return self.receipt + LEAD_S
        if self.now < 0.0:
            return self.receipt
        if self.now < self.receipt - MAX_AHEAD_S:
            # Older records are being caught up with; this one came between them.
            return self.now
        return max(self.receipt, min(self.now, self.receipt + LEAD_S))

    def _confirm(self, ts: float) -> bool:
        """Accept a time that the host's clock confirms; False for another one."""
        if self.receipt < 0.0 or ts < self.receipt - PRESENT_S:
            return False
        self.far, self.support = [], AGREEING
        return True

    def _agree(self, ts: float, needed: int) -> bool:
        """Return true if enough far times in a row are of one clock, this one included."""
        if self.far and abs(ts - self.far[-1]) > MAX_JUMP_S:
            self.far = []
        self.far = [*self.far, ts]
        if len(self.far) < needed:
            return False
        self.far, self.support = [], needed
        return True

    def host(self, ts: float, passes: bool = True) -> float:
        """The host's clock, which is believed; look at `back_to` afterwards.

        One that passes no time states when the records that follow were received; from then on, each one does.
        """
        self.tick = ts
        if self.receipt >= 0.0 or not passes:
            self.receipt = ts
        if self.now <= ts + LEAD_S:
            self.ahead_from = -1.0
        elif self.ahead_from < 0.0 or ts < self.ahead_from:
            self.ahead_from = ts
        elif ts - self.ahead_from >= SET_BACK_S:
            self.back_to = ts
        return ts

    def set_back(self) -> None:
        """Set the time to `back_to`."""
        self.now, self.back_to, self.ahead_from = self.back_to, -1.0, -1.0
        self.set_backs += 1
        self.set_back_at = self.now

    def ahead_s(self) -> float:
        """Return the seconds by which the time is ahead of the host's clock; 0 where that is not known."""
        return max(0.0, self.now - self.tick) if self.tick >= 0.0 else 0.0
