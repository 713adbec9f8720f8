"""How long to wait before the next try."""

from __future__ import annotations

from collections.abc import Callable


class Backoff:
    """Waits that double up to a cap, with full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter").

    `random` gives numbers from 0 to 1. A wait is never shorter than a tenth of its bound: jitter spreads many clients,
    but one client must not hammer.
    """

    def __init__(self, first_s: float, cap_s: float, random: Callable[[], float]) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._random = random
        self._bound_s = first_s

    def next_s(self) -> float:
        """Seconds to wait now; the bound of the next wait doubles."""
        bound_s, self._bound_s = self._bound_s, min(self._cap_s, self._bound_s * 2)
        return bound_s * (0.1 + 0.9 * self._random())

    def reset(self) -> None:
        """It worked: begin again with the shortest wait."""
        self._bound_s = self._first_s
