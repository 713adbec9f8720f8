"""Clocks that cannot be trusted: the host's, which may jump, and the senders', which may be off.

The daemon reads the host's clock through `SteadyClock`. `Offsets` estimates the offset of each sender from the times of
its alerts. The estimate is for people; no decision uses it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from statistics import median

from msgspec import Struct

from aiops.records import Alert, Record

# Time servers slew a clock by less than this between two looks; more is a step.
FOLLOWED_S = 2.0
# A step is followed once it has lasted this long. With the engine's own patience (`engine/clock.py`), a wrong clock
# affects nothing for longer than a minute.
LASTS_S = 20.0
# Senders that are remembered; the one that was silent longest is forgotten. And the length of a name.
MAX_SENDERS = 64
MAX_NAME = 100
# The latest time that a sender gives within a window is nearest to its clock; the last five windows count.
WINDOW_S = 60.0
WINDOWS = 5
# A sender's clock is late only if three windows agree to within half a minute: old alerts look late as well.
AGREEING = 3
AGREE_S = 30.0
# Alerts of one batch that are sampled: a thousand of one sender add nothing.
MAX_SAMPLES = 64
# A sender that is silent for so long is not shown.
SILENT_S = 3600.0
# A clock that is further off than this is none: a wrong year, a field of the wrong meaning, a unit that was mixed up.
# Time zones that were mixed up are at most 26 hours, of which those ahead of the right one are 14.
ABSURD_S = 86_400.0


class Steps(Struct, frozen=True):
    """Steps of the host's clock, in seconds; negative for back.

    `pending_s` is a step that is not followed yet, `count` the number of those that were, `taken_s` the last of them,
    and `taken_at` its time (Unix seconds, after the step).
    """

    pending_s: float = 0.0
    count: int = 0
    taken_s: float = 0.0
    taken_at: float = 0.0


STEADY = Steps()


class SteadyClock:
    """The host's clock as Unix seconds, without the steps that do not last; threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._offset = clock() - monotonic()
        # When the present step was seen first, and how far it is.
        self._step: tuple[float, float] | None = None
        self._taken = STEADY

    def __call__(self) -> float:
        """Return the time."""
        with self._lock:
            now = self._monotonic()
            gap = self._clock() - (now + self._offset)
            if abs(gap) <= FOLLOWED_S:
                self._step = None
                self._offset += gap
            elif self._step is None or abs(gap - self._step[1]) > FOLLOWED_S:
                self._step = (now, gap)
            elif now - self._step[0] >= LASTS_S:
                self._step = None
                self._offset += gap
                self._taken = Steps(0.0, self._taken.count + 1, gap, now + self._offset)
            return now + self._offset

    @property
    def steps(self) -> Steps:
        """The steps of the host's clock so far."""
        taken = self._taken
        return Steps(self.step_s, taken.count, taken.taken_s, taken.taken_at)

    @property
    def step_s(self) -> float:
        """Return the seconds that the host's clock is ahead of the time that is given; 0 without a step."""
        step = self._step
        return step[1] if step is not None else 0.0


class _Sender:
    __slots__ = ("best", "seen_at", "window", "windows")

    def __init__(self, window: int, offset: float, now: float) -> None:
        self.window = window
        self.best = offset
        self.seen_at = now
        self.windows: deque[float] = deque(maxlen=WINDOWS - 1)


class Absurd(Struct):
    """Alerts of a sender with an impossible time: their number, and when the last one came (Unix seconds)."""

    alerts: int = 0
    last_at: float = 0.0


class Offsets:
    """Estimates of the offsets of senders' clocks; written by the pump, read by any thread.

    Times more than a day ahead come from no clock and are counted separately. Such an alert is judged by its other
    times.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._senders: OrderedDict[str, _Sender] = OrderedDict()
        self._absurd: OrderedDict[str, Absurd] = OrderedDict()
        self._now = 0.0
        self._steps = 0

    def seen(self, records: Sequence[Record], now: float, steps: Steps = STEADY) -> None:
        """Learn from records that were received at `now`; nothing while the host's clock is in doubt."""
        with self._lock:
            self._now = now
            if steps.count != self._steps:
                # What was measured was measured by another clock.
                self._senders.clear()
                self._steps = steps.count
            if steps.pending_s:
                return
            for record in records:
                if type(record) is Alert and _is_absurd(record, now + ABSURD_S):
                    self._count(_name(record), now)
            for record in records[:: 1 + len(records) // MAX_SAMPLES]:
                if type(record) is Alert and (latest := _latest(record, now + ABSURD_S)) is not None:
                    self._sample(_name(record), latest - now, now)

    def _count(self, name: str, now: float) -> None:
        one = self._absurd.setdefault(name, Absurd())
        one.alerts, one.last_at = one.alerts + 1, now
        self._absurd.move_to_end(name)
        if len(self._absurd) > MAX_SENDERS:
            self._absurd.popitem(last=False)

    def _sample(self, name: str, offset: float, now: float) -> None:
        window = int(now // WINDOW_S)
        sender = self._senders.get(name)
        if sender is None:
            self._senders[name] = _Sender(window, offset, now)
            if len(self._senders) > MAX_SENDERS:
                self._senders.popitem(last=False)
            return
        sender.seen_at = now
        self._senders.move_to_end(name)
        if window != sender.window:
            sender.windows.append(sender.best)
            sender.window, sender.best = window, offset
        elif offset > sender.best:
            sender.best = offset

    def estimates(self) -> dict[str, float]:
        """Return the seconds by which senders' clocks are ahead (negative: late), as far as known."""
        with self._lock:
            found = {name: _estimate(one) for name, one in self._senders.items() if self._now - one.seen_at <= SILENT_S}
        return {name: offset for name, offset in sorted(found.items()) if offset is not None}

    def absurd(self) -> dict[str, Absurd]:
        """Return the latest senders with a time more than a day ahead, at most `MAX_SENDERS`."""
        with self._lock:
            return {name: Absurd(one.alerts, one.last_at) for name, one in sorted(self._absurd.items())}


def _name(alert: Alert) -> str:
    """Return the sender of an alert: its tool, and the host of its link, as a tool may run on several."""
    name = alert.source or "unknown"
    parts = alert.url.split("/", 3) if alert.url else []
    return (f"{name} {parts[2]}" if len(parts) > 2 and parts[2] else name)[:MAX_NAME]


def _is_absurd(alert: Alert, bound: float) -> bool:
    """Return True if a time that had come when the alert was sent lies beyond `bound`."""
    return (
        alert.ts > bound
        or (alert.starts_at is not None and alert.starts_at > bound)
        or (alert.ends_at is not None and alert.ends_at > bound and alert.status == "resolved")
    )


def _latest(alert: Alert, bound: float) -> float | None:
    """Return the latest time, up to `bound`, that had come when the alert was sent; None without one."""
    ended = alert.ends_at if alert.status == "resolved" else None
    return max((at for at in (alert.ts, alert.starts_at, ended) if at is not None and at <= bound), default=None)


def _estimate(sender: _Sender) -> float | None:
    windows = [*sender.windows, sender.best]
    offset = median(windows)
    if offset > 0.0:
        return offset
    recent = windows[-AGREEING:]
    return median(recent) if len(recent) == AGREEING and max(recent) - min(recent) <= AGREE_S else None
