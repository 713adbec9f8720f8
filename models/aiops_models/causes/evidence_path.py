"""Evidence paths: from a suspect over what depends on it to a symptom, with the alerts on each place.

Symptoms are sought first: where users noticed it, if that is known, then entities that complain (latency, errors; any
alert where nobody complains) and on which no complaining entity depends, the most surprising first. One breadth-first
search from each of `MAX_SYMPTOMS` finds what it depends on; of ways of equal length, that over entities that alert. An
edge of a path is one of the topology or an observed call; nothing is inferred. Cost: one pass over the edges near a
symptom, about 1 ms at 1,000 entities, and only for suspects that are shown.
"""

from __future__ import annotations

from heapq import nsmallest

from aiops.records import Hop
from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.rarity import Surprise

# Symptoms from which suspects are sought; the next one is tried for suspects that the ones before do not depend on.
MAX_SYMPTOMS = 3
# A longer way explains nothing any more, and a wide graph is searched no further.
MAX_HOPS, MAX_SEARCHED = 6, 2_000
# Alerts named at each place; names come from payloads and are cut.
MAX_ALERTS, MAX_NAME = 3, 200


class EvidencePaths:
    """The paths of one incident; a search is made when the first suspect needs it."""

    def __init__(self, graph: IncidentGraph, surprise: Surprise) -> None:
        """Choose the symptoms."""
        self._graph, self._surprise = graph, surprise
        self._symptoms = _symptoms(graph, surprise)
        self._found: dict[str, dict[str, str]] = {}

    def of(self, suspect: str) -> list[Hop]:
        """Return the path from a suspect to a symptom.

        The suspect alone if no symptom depends on it, empty if it does not alert either.
        """
        for symptom in self._symptoms:
            if symptom == suspect:
                continue
            ahead = self._ahead(symptom)
            if suspect in ahead:
                return self._path(suspect, ahead)
        return [self._hop(suspect, "")] if suspect in self._graph.by_entity else []

    def _path(self, suspect: str, ahead: dict[str, str]) -> list[Hop]:
        found, entity = [], suspect
        while entity:
            after = ahead[entity]
            found.append(self._hop(entity, self._graph.edge_kind(after, entity) if after else ""))
            entity = after
        return found

    def _hop(self, entity: str, edge: str) -> Hop:
        names = list(dict.fromkeys(signal.name[:MAX_NAME] for signal in self._surprise.signals(entity)))
        return Hop(entity, edge, names[:MAX_ALERTS], max(0, len(names) - MAX_ALERTS))

    def _ahead(self, symptom: str) -> dict[str, str]:
        """Return entity -> the next one on its way to the symptom, of what that depends on."""
        found = self._found.get(symptom)
        if found is None:
            found = self._found[symptom] = _search(self._graph, symptom)
        return found


def _search(graph: IncidentGraph, symptom: str) -> dict[str, str]:
    edges, alerting = graph.edges(), graph.by_entity
    found = {symptom: ""}
    ring = [symptom]
    for _ in range(MAX_HOPS):
        after = []
        # A place that alerts is the better witness of two equally long ways.
        for entity in sorted(ring, key=lambda one: one not in alerting):
            for dependency in edges.get(entity, ()):
                if dependency not in found and len(found) < MAX_SEARCHED:
                    found[dependency] = entity
                    after.append(dependency)
        ring = after
    return found


def _symptoms(graph: IncidentGraph, surprise: Surprise) -> list[str]:
    weights = {entity: surprise.blamed(entity) for entity in graph.by_entity}
    weights = {entity: value for entity, value in weights.items() if value > 0} or {
        entity: surprise.internal(entity) + surprise.symptom(entity) for entity in graph.by_entity
    }
    edges = graph.edges()
    hidden = {dependency for user in weights for dependency in edges.get(user, ()) if dependency != user}
    ranked = nsmallest(MAX_SYMPTOMS, weights, key=lambda entity: (entity in hidden, -weights[entity], entity))
    noticed = [graph.place(graph.view.target, None)] if graph.view.target else []
    return list(dict.fromkeys([*noticed, *ranked]))[:MAX_SYMPTOMS]
