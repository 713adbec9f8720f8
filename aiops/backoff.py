"""How long to wait before the next try."""

from __future__ import annotations


class Backoff:
    """Doubles from `first_s` to `cap_s`, and begins anew after `reset`.

    >>> backoff = Backoff(0.5, 3.0)
    >>> [backoff.next_s() for _ in range(5)]
    [0.5, 1.0, 2.0, 3.0, 3.0]
    """

    def __init__(self, first_s: float, cap_s: float) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._next_s = first_s

    def next_s(self) -> float:
        """The next wait in seconds."""
        wait_s = self._next_s
        self._next_s = min(self._cap_s, wait_s * 2)
        return wait_s

    def reset(self) -> None:
        """It worked: the next failure waits shortly again."""
        self._next_s = self._first_s
