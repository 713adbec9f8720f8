"""Gates: when a route may send, by its mute and active time intervals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import inf
from typing import Final
from zoneinfo import ZoneInfo

from aiops import zones
from aiops.routing.intervals import Interval

# A mute that lasts for longer than a year lasts for ever: then the route is no way to its endpoints.
LONGEST_DAYS: Final = 370
_DAY_S: Final = 86_400.0
# The names of mute intervals, and of active ones.
GateNames = tuple[tuple[str, ...], tuple[str, ...]]


class Gate:
    """The times of a route: closed in its mute intervals, and outside its active ones if it has any.

    An answer is kept until it may change. `next_open` costs microseconds while open, up to some milliseconds for each
    month of a mute at its first call, and nothing after that.
    """

    __slots__ = ("_active", "_answer", "_mute")

    def __init__(self, mute: Sequence[Interval] = (), active: Sequence[Interval] = ()) -> None:
        self._mute = tuple(mute)
        self._active = tuple(active)
        # What was found last while it was closed, and from when to when it is the answer.
        self._answer = (inf, -inf, inf)

    def __bool__(self) -> bool:
        """Return True if there is an interval at all."""
        return bool(self._mute or self._active)

    @property
    def names(self) -> GateNames:
        """Return the names of its mute intervals and of its active ones."""
        return tuple(one.name for one in self._mute), tuple(one.name for one in self._active)

    def closed_by(self, at: float) -> str:
        """Return why it is closed at a time, for people; empty while it is open."""
        for one in self._mute:
            if one.contains(at):
                return f"muted in {one.name}"
        if self._active and not any(one.contains(at) for one in self._active):
            return f"active only in {', '.join(one.name for one in self._active)}"
        return ""

    def next_open(self, at: float) -> float:
        """Return the first time from `at` on at which it is open; infinity if that is more than a year away."""
        if not self or not self.closed_by(at):
            return at
        since, until, answer = self._answer
        if not since <= at < until:
            answer = self._search(at)
            self._answer = (at, min(answer, at + _DAY_S), answer)
        return answer

    def _search(self, at: float) -> float:
        spans = [span for one in (*self._mute, *self._active) for span in one.spans]
        days = [(span, _midnight(at, span.zone)) for span in spans]
        best = inf
        for ahead in range(LONGEST_DAYS):
            moments = {moment for span, day in days for moment in span.boundaries(day + timedelta(days=ahead))}
            found = min((one for one in moments if at < one < best and not self.closed_by(one)), default=inf)
            if best < inf:
                # The next day of a zone to the east begins before this one ends in the west.
                return min(best, found)
            best = found
        return best


def _midnight(at: float, zone: ZoneInfo) -> datetime:
    return zones.wall(at, zone).replace(hour=0, minute=0, second=0, microsecond=0)
