"""The hour of the week: how much louder than average is the fleet at this hour?

One factor for each of the 168 hours (UTC), shared by all streams: observed over expected counts, shrunk towards 1.
Streams have a memory of 50 minutes and follow a slow daily wave by themselves; the factor foresees the jumps (a nightly
batch window, Monday nine o'clock).
"""

from __future__ import annotations

from typing import Any

_HOUR_S = 3600
_HOURS = 168
# 1970-01-01 was a Thursday; hour 0 is Monday 00:00 UTC.
_EPOCH_SHIFT_H = 72
# Alerts of evidence for "this hour is like any other": an hour needs a few dozen alerts before its factor moves.
_PRIOR = 30.0
# A single incident must not teach that its hour is loud: one bin of one stream counts at most this far above its mean.
_CLIP = 3.0
# Each new week of an hour weighs the earlier ones by this: about three weeks of memory.
_WEEKLY = 0.7
_LOW, _HIGH = 0.2, 5.0
# Alerts a bin from which a stream counts as busy; it is then silent in less than 40 % of its bins.
BUSY = 1.0
# Silent bins that still belong to the hour of the bin before them; a longer silence is the stream's own end.
_MAX_SILENT = 5


class Rhythm:
    """168 factors; `factor` and `learn` take under .3 µs.

    >>> rhythm = Rhythm()
    >>> for _ in range(200):
    ...     rhythm.learn(0.0, 4, 2.0 * rhythm.factor(0.0))
    >>> round(rhythm.factor(0.0), 2), rhythm.factor(3600.0)
    (1.93, 1.0)
    """

    __slots__ = ("_expected", "_factor", "_seen", "_week")

    def __init__(self) -> None:
        self._seen = [0.0] * _HOURS
        self._expected = [0.0] * _HOURS
        self._factor = [1.0] * _HOURS
        self._week = [0] * _HOURS

    def factor(self, ts: float) -> float:
        """The factor of the hour that `ts` (Unix seconds) lies in; 0.2 to 5."""
        return self._factor[(int(ts) // _HOUR_S + _EPOCH_SHIFT_H) % _HOURS]

    def learn(self, ts: float, count: int, mean: float, silent: int = 0) -> None:
        """Take in one closed bin of a stream: its count, the mean expected (factor included), the silent bins after.

        Only busy streams (`mean` at least `BUSY`) may teach: a rare one is seen only when it speaks, which would make
        every hour look loud.
        """
        hours = int(ts) // _HOUR_S + _EPOCH_SHIFT_H
        slot = hours % _HOURS
        week = hours // _HOURS
        if week != self._week[slot]:
            self._week[slot] = week
            self._seen[slot] *= _WEEKLY
            self._expected[slot] *= _WEEKLY
        self._seen[slot] += min(count, mean + _CLIP * (mean + 1.0) ** 0.5)
        self._expected[slot] += mean / self._factor[slot] * (1 + min(silent, _MAX_SILENT))
        raw = (self._seen[slot] + _PRIOR) / (self._expected[slot] + _PRIOR)
        self._factor[slot] = min(_HIGH, max(_LOW, raw))

    def dump(self) -> Any:
        """The state, as what msgspec can encode."""
        return [self._seen, self._expected, self._factor, self._week]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._seen, self._expected, self._factor = ([float(value) for value in column] for column in state[:3])
        self._week = [int(week) for week in state[3]]
