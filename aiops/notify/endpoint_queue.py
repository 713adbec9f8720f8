"""One endpoint as the dispatcher sees it: its pace, its breaker and its results."""

from __future__ import annotations

import math
from typing import Literal

from aiops.config import DEFAULT_ZONE, EndpointConfig
from aiops.notify.rate import Breaker, TokenBucket
from aiops.ports import Answer, Sink
from aiops.telemetry.metrics import Histogram

# Messages in flight for one endpoint: at two a second and four seconds for an answer, the rate is kept; more threads
# than that would wait for a receiver that is too slow anyway.
SLOTS = 8
Result = Literal["sent", "retry", "dead"]


class EndpointQueue:
    """Pace, breaker and counters of one endpoint.

    Times are monotonic seconds; the dispatcher's lock guards it.
    """

    def __init__(
        self,
        config: EndpointConfig,
        sink: Sink,
        at: float,
        slots: int = SLOTS,
        zone: str = DEFAULT_ZONE,
        *,
        reminds: bool = False,
    ) -> None:
        """`reminds`: some route sends reminders to it, whatever its own setting is."""
        self.config = config
        self.name = config.name
        self.sink = sink
        # The time zone of the messages' readers.
        self.zone = config.time_zone or zone
        self.slots = slots
        self.in_flight = 0
        # The reason why the endpoint is disabled; a restart, a reload or `Dispatcher.enable` ends that.
        self.disabled: str | None = None
        self.last_error = ""
        self.sweep_at = at
        # The next search for incidents that stay open, if the endpoint gets reminders.
        self.remind_at = at if config.repeat_interval_s > 0 or reminds else math.inf
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
        """Return the number of messages that may be sent now."""
        state = self._breaker.state(at)
        if self.disabled is not None or state == "open" or at < self._paused_until:
            return 0
        slots = self.slots - self.in_flight
        if state == "half-open":
            slots = 1 if self.in_flight == 0 else 0
        return min(slots, self._bucket.available(at))

    def wait_s(self, at: float) -> float:
        """Return the seconds until `free` may grow; infinite if only an answer can free a slot."""
        until = max(self._paused_until, self._breaker.open_until or -math.inf)
        if at < until:
            return until - at
        return self._bucket.wait_s() if self._bucket.available(at) < 1 else math.inf

    def is_held(self, at: float) -> bool:
        """Return True while the breaker or the receiver holds messages."""
        return self._breaker.state(at) == "open" or at < self._paused_until

    def breaker_state(self, at: float) -> str:
        """Return closed, open or half-open."""
        return self._breaker.state(at)

    def take(self, count: int) -> None:
        """Count attempts that begin."""
        self._bucket.take(count)
        self.in_flight += count

    def record(self, answer: Answer, incident: str, at: float) -> bool:
        """Record the answer to an attempt for `incident`; return True if that opened the breaker."""
        self.in_flight -= 1
        if answer.disable:
            self.disabled = answer.reason
        if answer.retry_after_s is not None and answer.retry:
            # The receiver wants a pause from all messages, not from this one.
            self._paused_until = max(self._paused_until, at + answer.retry_after_s)
        self.last_error = "" if answer.ok else answer.reason
        # "Too many requests" is the answer of a healthy receiver.
        if answer.ok or not answer.retry or answer.status == 429:
            self._breaker.succeeded()
            return False
        return self._breaker.failed(at, incident)

    def enable(self) -> None:
        """Use a disabled endpoint again."""
        self.disabled = None

    def plan_sweep(self, at: float) -> None:
        """Check for messages that are too old at `at`."""
        self.sweep_at = at

    def plan_reminder(self, at: float) -> None:
        """Search for incidents that stay open at `at`."""
        self.remind_at = at

    def count(self, result: Result) -> None:
        """Count the result of an attempt."""
        self.results[result] += 1

    def release(self) -> None:
        """Count a message that was returned without an attempt."""
        self.in_flight -= 1
