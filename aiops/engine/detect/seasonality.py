"""Seasonality by hour of the week: the alert rate of an hour against the average hour.

One factor for each of the 168 hours (UTC), shared by all streams: the alerts of this hour in earlier weeks over the
average hour, shrunk towards 1. Streams have a memory of 50 minutes and follow a slow daily wave alone; the factor
foresees the jumps (a nightly batch window, Monday nine o'clock). It compares whole hours and never a stream's
prediction, which contains the factor: that would feed back and drift.
"""

from __future__ import annotations

from typing import Any, Final

_HOUR_S: Final = 3600
_HOURS: Final = 168
# 1970-01-01 was a Thursday; hour 0 is Monday 00:00 UTC.
_EPOCH_SHIFT_H: Final = 72
# Evidence for "this hour is like any other": an average hour, and a few dozen alerts where hours have hardly any.
_PRIOR_HOURS, _PRIOR_ALERTS = 1.0, 30.0
# A single incident must not teach that its hour is loud: one bin of one stream counts at most this far above its mean.
_CLIP: Final = 3.0
# Each new week of an hour weighs the earlier ones by this: about three weeks of memory.
_WEEKLY: Final = 0.7
_LOW, _HIGH = 0.2, 5.0


class Rhythm:
    """168 sums of alerts and of weeks; `learn` takes .2 µs, `turn` 20 µs once an hour.

    >>> rhythm = Rhythm()
    >>> for hour in range(2 * 168):
    ...     rhythm.turn(hour * 3600.0)
    ...     rhythm.learn(hour * 3600.0, 400 if hour % 24 == 9 else 100, 1000.0)
    >>> rhythm.turn(338 * 3600.0)
    >>> round(rhythm.factor, 1)
    0.9
    >>> rhythm.turn((336 + 9) * 3600.0)
    >>> round(rhythm.factor, 1)
    2.3
    """

    __slots__ = ("_alerts", "_hour", "_weeks", "factor")

    def __init__(self) -> None:
        self._alerts = [0.0] * _HOURS
        self._weeks = [0.0] * _HOURS
        self._hour = -1
        # The factor of the hour of the last `turn`, .2 to 5.
        self.factor = 1.0

    def turn(self, ts: float) -> None:
        """Advance to a time (Unix seconds).

        Once an hour has passed, the hours up to it are closed; see `set_back`.
        """
        hour = int(ts) // _HOUR_S + _EPOCH_SHIFT_H
        if hour <= self._hour:
            return
        if self._hour >= 0:
            # After more than a week of silence every hour has been silent; counting them once is enough.
            for passed in range(max(self._hour, hour - _HOURS), hour):
                self._weeks[passed % _HOURS] += 1.0
        self._hour = hour
        slot = hour % _HOURS
        self._alerts[slot] *= _WEEKLY
        self._weeks[slot] *= _WEEKLY
        weeks = sum(self._weeks)
        average = sum(self._alerts) / weeks if weeks else 0.0
        prior = _PRIOR_ALERTS + _PRIOR_HOURS * average
        raw = (self._alerts[slot] + prior) / (self._weeks[slot] * average + prior)
        self.factor = min(_HIGH, max(_LOW, raw))

    def set_back(self, ts: float) -> None:
        """Let the hour be no later than that of `ts`."""
        self._hour = min(self._hour, int(ts) // _HOUR_S + _EPOCH_SHIFT_H)

    def learn(self, ts: float, count: int, mean: float) -> None:
        """Take in one closed bin of a stream, which began at `ts`: its count, and the mean that was expected."""
        slot = (int(ts) // _HOUR_S + _EPOCH_SHIFT_H) % _HOURS
        self._alerts[slot] += min(count, mean + _CLIP * (mean + 1.0) ** 0.5)

    def dump(self) -> Any:
        """The state, as what msgspec can encode."""
        return [self._alerts, self._weeks, self._hour, self.factor]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        alerts, weeks, self._hour, self.factor = state
        self._alerts, self._weeks = list(alerts), list(weeks)
