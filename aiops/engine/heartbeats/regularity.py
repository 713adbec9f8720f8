"""Regularity: which streams always come, learned from the times between their messages.

A stream is regular once 60 gaps over 25 hours were never longer than twice their mean. Alerts that come by chance are
not: the longest of 60 exponential gaps is four times their mean, and stays under twice it once in 6,000 cases. The
25 hours show whatever a night pauses. Then a silence of three times the longest gap is none of its own.
"""

from __future__ import annotations

from collections import OrderedDict

from aiops.engine.fields import state
from aiops.wording import duration, plural

MIN_GAPS, MIN_SPAN_S = 60, 25 * 3_600.0
# A minute more or less is the jitter of senders and queues, whatever the gap.
MAX_RATIO, JITTER_S = 2.0, 60.0
# A silence of so many of the longest gaps, and at least five minutes more than it: a restart of the sender takes less.
SILENT_RATIO, SILENT_MORE_S = 3.0, 300.0
# Messages closer together are one occasion: batches, replicas of a sender.
ONE_OCCASION_S = 1.0
# The mean follows the last fifty gaps; the longest gap is forgotten over two weeks, which have two weekends.
_MEMORY = 0.02
_FORGET_S = 14 * 86_400.0


@state(acyclic=True)
class Pace:
    """The gaps of one stream: their number, mean and longest (seconds); the first and the last message."""

    key: str
    name: str
    since: float
    last_at: float
    gaps: int = 0
    mean: float = 0.0
    longest: float = 0.0

    def add(self, gap: float) -> None:
        """Take in a gap (seconds)."""
        self.gaps += 1
        self.mean += (gap - self.mean) * max(_MEMORY, 1.0 / self.gaps)
        self.longest = max(gap, self.longest * max(0.0, 1.0 - gap / _FORGET_S))

    @property
    def is_regular(self) -> bool:
        """Return True if it always came."""
        if self.gaps < MIN_GAPS or self.last_at - self.since < MIN_SPAN_S:
            return False
        return self.longest <= max(MAX_RATIO * self.mean, self.mean + JITTER_S)

    @property
    def silent_s(self) -> float:
        """Return the silence that is not its own (seconds)."""
        return max(SILENT_RATIO * self.longest, self.longest + SILENT_MORE_S)

    def sentence(self) -> str:
        """For people: `it came 300 times, every 5 min 0 s, never later than 5 min 20 s`."""
        usual, longest = duration(self.mean), duration(self.longest)
        return f"it came {plural(self.gaps, 'time')}, every {usual}, never later than {longest}"


class Paces:
    """The paces of streams; beyond `cap` the one silent for longest is forgotten. About .5 µs a message."""

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._paces: OrderedDict[str, Pace] = OrderedDict()
        # Alert names of the streams, with their number: most alerts are of none.
        self.names: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._paces)

    def see(self, key: str, name: str, now: float, missed_s: float) -> Pace:
        """Take in a message; a gap in which the sender was cut off teaches nothing."""
        pace = self._paces.get(key)
        if pace is None:
            return self._open(key, name, now)
        gap = now - pace.last_at
        if gap < ONE_OCCASION_S:
            return pace
        if missed_s <= 0.0:
            pace.add(gap)
        pace.last_at = now
        self._paces.move_to_end(key)
        return pace

    def of(self, key: str) -> Pace | None:
        """Return the pace of a stream; None for an unknown one."""
        return self._paces.get(key)

    def _open(self, key: str, name: str, now: float) -> Pace:
        if len(self._paces) >= self._cap:
            self.forget(next(iter(self._paces)))
        pace = self._paces[key] = Pace()
        pace.key, pace.name, pace.since, pace.last_at = key, name, now, now
        self.names[name] = self.names.get(name, 0) + 1
        return pace

    def forget(self, key: str) -> None:
        """Forget a stream: it ended in order, or it reports a problem."""
        pace = self._paces.pop(key, None)
        if pace is None:
            return
        self.names[pace.name] -= 1
        if not self.names[pace.name]:
            del self.names[pace.name]

    def set_back(self, now: float) -> None:
        """Count times ahead of `now` as `now`: engine time was set back."""
        for pace in self._paces.values():
            pace.since, pace.last_at = min(pace.since, now), min(pace.last_at, now)

    def dump(self) -> list[Pace]:
        """State for a snapshot."""
        return list(self._paces.values())

    def load(self, state: list[Pace]) -> None:
        """Take the state of a `dump`."""
        self._paces = OrderedDict((pace.key, pace) for pace in state)
        self.names = {}
        for pace in state:
            self.names[pace.name] = self.names.get(pace.name, 0) + 1
