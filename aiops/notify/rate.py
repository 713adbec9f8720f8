"""How fast an endpoint may be told: a token bucket, and a breaker that leaves a receiver alone while it is down."""

from __future__ import annotations

from typing import Literal

# Five failures in a row, of three incidents and with no success between, are the receiver's fault: one message that
# a receiver stumbles over has its own schedule and must not hold up the others.
TRIP_FAILURES = 5
TRIP_INCIDENTS = 3
# The receiver is tried again after this; then after twice as long, up to the cap of the paging schedule.
FIRST_PAUSE_S = 5.0
CAP_PAUSE_S = 60.0


class TokenBucket:
    """Lets `rate_per_s` through on average and `burst` at once. Times are monotonic seconds."""

    def __init__(self, rate_per_s: float, burst: int, at: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = float(burst)
        self._tokens = float(burst)
        self._at = at

    def available(self, at: float) -> int:
        """How many may go now."""
        if at > self._at:
            self._tokens = min(self._burst, self._tokens + (at - self._at) * self._rate_per_s)
            self._at = at
        # A rounding error must not make the last token wait for ever.
        return int(self._tokens + 1e-9)

    def take(self, count: int) -> None:
        """That many went."""
        self._tokens -= count

    def wait_s(self) -> float:
        """Seconds from the last look until one more may go."""
        return max(0.0, (1.0 - self._tokens) / self._rate_per_s)


class Breaker:
    """Closed: all may go. Open: nobody. Half-open, once the pause is over: one may try, and decides."""

    def __init__(self) -> None:
        self._failures = 0
        # Incidents of the failures in a row: no more than it takes to trip.
        self._incidents: set[str] = set()
        self._pause_s = FIRST_PAUSE_S
        self.open_until: float | None = None

    def state(self, at: float) -> Literal["closed", "open", "half-open"]:
        """How it stands at `at` (monotonic seconds)."""
        if self.open_until is None:
            return "closed"
        return "open" if at < self.open_until else "half-open"

    def succeeded(self) -> None:
        """The receiver answered, be it with a no."""
        self._failures = 0
        self._incidents.clear()
        self._pause_s = FIRST_PAUSE_S
        self.open_until = None

    def failed(self, at: float, incident: str) -> bool:
        """The receiver failed; return whether that opened the breaker after it was closed."""
        state = self.state(at)
        if state == "closed":
            self._failures += 1
            if len(self._incidents) < TRIP_INCIDENTS:
                self._incidents.add(incident)
            if self._failures < TRIP_FAILURES or len(self._incidents) < TRIP_INCIDENTS:
                return False
        # What was under way when it opened says nothing new.
        if state != "open":
            self.open_until = at + self._pause_s
            self._pause_s = min(CAP_PAUSE_S, self._pause_s * 2)
        return state == "closed"
