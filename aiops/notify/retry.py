"""The schedule of attempts after a failed delivery.

A person may wait for a page: the first attempts follow after 1, 2, 4 … at most 60 s for half an hour. After that the
bound grows with the age of the delivery (a thirtieth of it), up to an hour: after a day of failures, an attempt a
minute helps nobody. Each wait is drawn evenly between 0 and the bound (full jitter), which spreads deliveries that
failed together.
"""

from __future__ import annotations

from collections.abc import Callable

FIRST_S = 1.0
CAP_S = 60.0
TAIL_CAP_S = 3_600.0
# 60 s after half an hour, 2 min after one hour, an hour after 30 hours: the tail begins where the cap ends.
TAIL_SHARE = 30.0


def bound_s(attempt: int, age_s: float) -> float:
    """Return the longest wait after attempt number `attempt` (from 1) of a delivery that is `age_s` old.

    >>> [bound_s(attempt, 10.0) for attempt in (1, 2, 3, 7, 50)], bound_s(50, 7200.0)
    ([1.0, 2.0, 4.0, 60.0, 60.0], 240.0)
    """
    # Beyond 2 ** 12 both caps hold; larger exponents would only overflow.
    grown = FIRST_S * 2.0 ** min(max(attempt - 1, 0), 12)
    return min(grown, max(CAP_S, min(TAIL_CAP_S, age_s / TAIL_SHARE)))


def wait_s(attempt: int, age_s: float, retry_after_s: float | None, random: Callable[[], float]) -> float:
    """Return the wait: the receiver's Retry-After, or a random part of the bound; `random` gives 0 to 1."""
    if retry_after_s is not None:
        # A tenth more at most: never earlier than wanted, and not all at the same moment.
        return retry_after_s * (1.0 + 0.1 * random())
    return bound_s(attempt, age_s) * random()
