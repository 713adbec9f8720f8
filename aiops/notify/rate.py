"""The pace of an endpoint: a token bucket, and a breaker that spares a receiver while it is down."""

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
    """A bucket that lets `rate_per_s` through on average and `burst` at once; times are monotonic seconds."""

    def __init__(self, rate_per_s: float, burst: int, at: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = float(burst)
        self._tokens = float(burst)
        self._at = at

    def available(self, at: float) -> int:
        """Return the number of messages that may be sent now."""
        if at > self._at:
            self._tokens = min(self._burst, self._tokens + (at - self._at) * self._rate_per_s)
            self._at = at
        # A rounding error must not make the last token wait for ever.
        return int(self._tokens + 1e-9)

    def take(self, count: int) -> None:
        """Remove tokens of messages that were sent."""
        self._tokens -= count

    def wait_s(self) -> float:
        """Return the seconds from the last check until one more may be sent."""
        return max(0.0, (1.0 - self._tokens) / self._rate_per_s)


class Breaker:
    """A breaker: closed, all may be sent; open, none; half-open after the pause, one tries and decides."""

    def __init__(self) -> None:
        self._failures = 0
        # Incidents of the failures in a row: no more than it takes to trip.
        self._incidents: set[str] = set()
        self._pause_s = FIRST_PAUSE_S
        self.open_until: float | None = None

    def state(self, at: float) -> Literal["closed", "open", "half-open"]:
        """Return the state at `at` (monotonic seconds)."""
        if self.open_until is None:
            return "closed"
        return "open" if at < self.open_until else "half-open"

    def succeeded(self) -> None:
        """Close it: the receiver answered, be it with a refusal."""
        self._failures = 0
        self._incidents.clear()
        self._pause_s = FIRST_PAUSE_S
        self.open_until = None

    def failed(self, at: float, incident: str) -> bool:
        """Count a failure of the receiver; return True if that opened a closed breaker."""
        state = self.state(at)
        if state == "closed":
            self._failures += 1
            if len(self._incidents) < TRIP_INCIDENTS:
                self._incidents.add(incident)
            if self._failures < TRIP_FAILURES or len(self._incidents) < TRIP_INCIDENTS:
                return False
        # Attempts that were under way when it opened count no more.
        if state != "open":
            self.open_until = at + self._pause_s
            self._pause_s = min(CAP_PAUSE_S, self._pause_s * 2)
        return state == "closed"
