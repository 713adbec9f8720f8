"""First suspects by kind: how often each was the cause, with a bound that may be read at any time.

A run without a person needs more than a rate over all incidents. The kind of a suspect is its level and its place
among the alerts: `front` (it alerts, others do, and nothing that it depends on does), `alone` (only it alerts, which a
check that flaps does as well), `suffers` and `silent`.
What counts is the ranking of a young incident, as the one that a run would be based on: later ones have merged with
others. An incident that people marked as noise had no cause, so its first suspect was wrong; without that, incidents of
nothing, which nobody confirms, would count as if they did not happen.

The bound (`aiops.score.least_rate`) may be read after each outcome.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec.structs import replace

from aiops.ports import IncidentView
from aiops.score.least_rate import MAX_OUTCOMES, MIN_OUTCOMES, lower
from aiops_models.causes.incident_graph import IncidentGraph

# The alerts within so long after the first one are those of a young incident.
YOUNG_S = 120.0


class FirstSuspects:
    """Outcomes by incident: the kind of its first suspect, and if that was the cause."""

    def __init__(self) -> None:
        """Start without outcomes."""
        self._outcomes: dict[str, tuple[str, bool]] = {}

    def learn(self, incident: str, kind: str, is_cause: bool) -> None:
        """Learn an outcome; a later one of the same incident replaces it."""
        self.forget(incident)
        self._outcomes[incident] = (kind, is_cause)
        own = [name for name, one in self._outcomes.items() if one[0] == kind]
        if len(own) > MAX_OUTCOMES:
            self.forget(own[0])

    def forget(self, incident: str) -> None:
        """Forget the outcome of an incident."""
        self._outcomes.pop(incident, None)

    def bound(self, kind: str) -> tuple[float, int] | None:
        """Return the least rate of a kind with the number of its outcomes; None if these are too few."""
        own = [is_cause for one, is_cause in self._outcomes.values() if one == kind]
        if len(own) < MIN_OUTCOMES:
            return None
        return lower(sum(own), len(own) - sum(own)), len(own)

    def dump(self) -> Any:
        """Return the outcomes as plain data."""
        return [[incident, *one] for incident, one in self._outcomes.items()]

    def load(self, state: Any) -> None:
        """Take the state of a `dump`."""
        self._outcomes = {incident: (kind, bool(is_cause)) for incident, kind, is_cause in state}


def young(view: IncidentView) -> IncidentView:
    """Return an incident as it was soon after its first alert."""
    since = min((fact.first_at for fact in view.facts), default=view.opened_at)
    return replace(view, facts=[fact for fact in view.facts if fact.first_at <= since + YOUNG_S])


def place_of(graph: IncidentGraph, entity: str) -> str:
    """Return the place of a suspect among the alerts: `alone`, `silent`, `suffers` or `front`."""
    alerting = graph.by_entity
    own = _own(graph, entity)
    if not any(one in alerting for one in own):
        return "silent"
    if {graph.group_of(one) for one in alerting} == {graph.group_of(entity)}:
        return "alone"
    return "suffers" if any(one in alerting for one in _below(graph, own)) else "front"


def _own(graph: IncidentGraph, entity: str) -> set[str]:
    """Return a suspect and its replicas."""
    members = graph.topology_index.members.get(entity, ()) if graph.group_of(entity) == entity else ()
    return {entity, *members, *(one for one in graph.by_entity if graph.group_of(one) == entity)}


def _below(graph: IncidentGraph, own: Collection[str]) -> set[str]:
    edges, found, edge = graph.edges(), set(own), list(own)
    while edge:
        for other in edges.get(edge.pop(), ()):
            if other not in found:
                found.add(other)
                edge.append(other)
    return found.difference(own)
