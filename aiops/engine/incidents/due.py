"""The queue of incidents by the time at which something is due: a ranking, an end, a report."""

from __future__ import annotations

import heapq
from math import inf

from aiops.engine.incidents.state import IncidentState, due_of

# Entries of the queue beyond twice the incidents, at which those that are void are dropped.
SLACK = 64


class DueQueue:
    """Each incident has one valid entry, at its `queued_at`.

    `by_id` are the incidents that are remembered.

    Cost: O(log n) an entry. Memory: at most twice the incidents, and `SLACK`.
    """

    def __init__(self, by_id: dict[str, IncidentState]) -> None:
        self.by_id = by_id
        self.entries: list[tuple[float, str]] = []

    def next_due(self) -> float:
        """Return when something is due; infinity when nothing is."""
        return self.entries[0][0] if self.entries else inf

    def schedule(self, incident: IncidentState) -> None:
        """See that the incident's entry comes no later than what is due; mostly it is there already."""
        due = due_of(incident)
        if due < incident.queued_at:
            incident.queued_at = due
            heapq.heappush(self.entries, (due, incident.id))
            if len(self.entries) > 2 * len(self.by_id) + SLACK:
                self.tidy()

    def take(self, now: float) -> IncidentState | None:
        """Take out the first incident that is due by `now`; None when none is left."""
        while self.entries and self.entries[0][0] <= now:
            at, name = heapq.heappop(self.entries)
            incident = self.by_id.get(name)
            if incident is not None and at == incident.queued_at:
                return incident
        return None

    def tidy(self) -> None:
        """Drop the entries that an earlier one of their incident, or its end, has made void."""
        live = [(one.queued_at, one.id) for one in self.by_id.values() if one.queued_at < inf]
        heapq.heapify(live)
        self.entries = live
