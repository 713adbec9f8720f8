"""A budget of reads: so many in any minute, and so many for one incident.

A read that is beyond it has that as its reason.
"""

from __future__ import annotations

from collections import deque

from aiops.wording import plural

MINUTE_S = 60.0


class Budget:
    """Counts reads; not safe for several threads at once. Times are of a clock that never goes back."""

    def __init__(self, per_minute: int, per_incident: int) -> None:
        self._per_minute, self._per_incident = per_minute, per_incident
        self._taken: deque[float] = deque()

    def refusal(self, of_incident: int, now: float) -> str | None:
        """Take one read; return the reason where there is none left. `of_incident` were made for the incident."""
        if of_incident >= self._per_incident:
            return f"not read: {plural(self._per_incident, 'read')} were made for this incident, which is the limit"
        while self._taken and self._taken[0] <= now - MINUTE_S:
            self._taken.popleft()
        if len(self._taken) >= self._per_minute:
            return f"not read: {plural(self._per_minute, 'read')} were made within a minute, which is the limit"
        self._taken.append(now)
        return None
