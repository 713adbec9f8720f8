"""Waiting times between attempts."""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """Waits that double from `first_s` to `cap_s`, and begin again after `reset`.

    With `random` (0 to 1) each wait is drawn below its bound (full jitter: AWS Architecture Blog, "Exponential Backoff
    And Jitter"), which spreads many clients. It is never shorter than a tenth of the bound: one client must not hammer.

    >>> backoff = Backoff(0.5, 3.0)
    >>> [backoff.next_s() for _ in range(5)]
    [0.5, 1.0, 2.0, 3.0, 3.0]
    >>> Backoff(1.0, 60.0, random=lambda: 0.5).next_s()
    0.55
    """

    def __init__(self, first_s: float, cap_s: float, random: Callable[[], float] = lambda: 1.0) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._random = random
        self._bound_s = first_s

    def next_s(self) -> float:
        """Return the next wait in seconds."""
        bound_s, self._bound_s = self._bound_s, min(self._cap_s, self._bound_s * 2)
        return bound_s * (0.1 + 0.9 * self._random())

    def reset(self) -> None:
        """Begin again with the shortest wait, after a success."""
        self._bound_s = self._first_s
