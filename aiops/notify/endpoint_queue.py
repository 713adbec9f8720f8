"""One endpoint as the worker sees it: how many messages may go now, and how it has fared."""

from __future__ import annotations

import math
from typing import Literal

from aiops.config import EndpointConfig
from aiops.notify.rate import Breaker, TokenBucket
from aiops.ports import Answer, Sink
from aiops.telemetry.metrics import Histogram

# Messages in flight for one endpoint: at two a second and four seconds for an answer, the rate is kept; more threads
# than that would wait for a receiver that is too slow anyway.
SLOTS = 8
Result = Literal["sent", "retry", "dead"]


class EndpointQueue:
    """Pace, breaker and counters of one endpoint. Times are monotonic seconds; the worker's lock guards it."""

    def __init__(self, config: EndpointConfig, sink: Sink, at: float, slots: int = SLOTS) -> None:
        self.config = config
        self.name = config.name
        self.sink = sink
        self.slots = slots
        self.in_flight = 0
        # Why nobody is told here any more; only a restart, a reload or `Dispatcher.enable` takes it back.
        self.disabled: str | None = None
        self.last_error = ""
        self.sweep_at = at
        # When to look for incidents that stay open, where the endpoint is reminded of them.
        self.remind_at = at if config.repeat_interval_s > 0 else math.inf
        self.results: dict[Result, int] = {"sent": 0, "retry": 0, "dead": 0}
        # Of one attempt, and from the time a message was due until it was delivered.
        self.attempt_s = Histogram()
        self.lag_s = Histogram()
        # A sink knows its receiver's limit, and a rate above it would only earn refusals.
        rate_per_s = min(config.rate_per_s, float(getattr(sink, "max_rate_per_s", math.inf)))
        self._bucket = TokenBucket(rate_per_s, config.burst, at)
        self._breaker = Breaker()
        self._paused_until = -math.inf

    def free(self, at: float) -> int:
        """How many messages may go now."""
        state = self._breaker.state(at)
        if self.disabled is not None or state == "open" or at < self._paused_until:
            return 0
        slots = self.slots - self.in_flight
        if state == "half-open":
            slots = 1 if self.in_flight == 0 else 0
        return min(slots, self._bucket.available(at))

    def wait_s(self, at: float) -> float:
        """Seconds until `free` may grow by itself; infinite when only an answer can free it."""
        until = max(self._paused_until, self._breaker.open_until or -math.inf)
        if at < until:
            return until - at
        return self._bucket.wait_s() if self._bucket.available(at) < 1 else math.inf

    def is_held(self, at: float) -> bool:
        """Whether breaker or receiver keep messages back."""
        return self._breaker.state(at) == "open" or at < self._paused_until

    def breaker_state(self, at: float) -> str:
        """closed, open or half-open."""
        return self._breaker.state(at)

    def took(self, count: int) -> None:
        """That many attempts are made."""
        self._bucket.take(count)
        self.in_flight += count

    def answered(self, answer: Answer, incident: str, at: float) -> bool:
        """Take in how an attempt for `incident` ended; return whether that opened the breaker."""
        self.in_flight -= 1
        if answer.disable:
            self.disabled = answer.reason
        if answer.retry_after_s is not None and answer.retry:
            # The receiver asks for a pause from all, not from this one message.
            self._paused_until = max(self._paused_until, at + answer.retry_after_s)
        self.last_error = "" if answer.ok else answer.reason
        # "Too many requests" is said by a receiver that is well.
        if answer.ok or not answer.retry or answer.status == 429:
            self._breaker.succeeded()
            return False
        return self._breaker.failed(at, incident)

    def let_go(self) -> None:
        """A message was given back without an attempt."""
        self.in_flight -= 1
