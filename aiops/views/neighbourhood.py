"""The services of an incident in the dependency graph, with their quiet neighbours.

Bounded: the services that matter most, then the neighbours of the cause. Everything that is left out is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta, Struct

from aiops.records import LABELS, Incident
from aiops.verdict.sentence import likely_cause
from aiops.views.incident_alerts import IncidentAlerts
from aiops.views.service_graph import ServiceGraph
from aiops.views.streams import Stream
from aiops.wording import listed, plural

# More boxes are no picture. An incident of hundreds of services is read from its worst.
MAX_SERVICES, MAX_QUIET = 14, 8
Role = Literal["cause", "symptom", "affected", "quiet"]
Count = Annotated[int, Meta(ge=0)]


class GraphNode(Struct):
    """A service, or what else stands in the topology: its alerts, and how many of its replicas alert.

    `kind` is that of the topology, empty for a service that it lacks. `replicas` is their number in the topology, 0
    where it lists none; `replica_kind` is what they are called. `elsewhere` is another open incident that it is in, of
    one without alerts in this.
    """

    name: str
    role: Role
    kind: str = ""
    severity: str | None = None
    alerts: Count = 0
    entities: Count = 0
    replicas: Count = 0
    replica_kind: str = ""
    elsewhere: str | None = None


class GraphEdge(Struct):
    """`source` depends on `target`. `is_on_path`: a part of the likely cause's evidence path."""

    source: str
    target: str
    kind: str
    is_on_path: bool = False


class Neighbourhood(Struct):
    """The graph around an incident: nodes by importance, edges, and a sentence on both.

    `more` counts services with alerts that are left out, `more_quiet` neighbours without. `has_topology` is False if
    none is configured. `described` of `stream_count` streams are counted in the nodes.
    """

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    sentence: str
    cause: str | None = None
    symptom: str | None = None
    more: Count = 0
    more_quiet: Count = 0
    has_topology: bool = False
    stream_count: Count = 0
    described: Count = 0


def neighbourhood(incident: Incident, alerts: IncidentAlerts, graph: ServiceGraph) -> Neighbourhood:
    """Return the graph around an incident."""
    streams, cause = alerts.streams, alerts.cause
    places = _places(streams, graph)
    ordered = sorted(places.values(), key=lambda one: (one.name != cause, -_level(one), -one.alerts, one.name))
    if cause is not None and cause not in places:
        # The cause may be quiet: a host, or a database that nobody watches.
        ordered.insert(0, _node(cause, graph))
    kept = ordered[:MAX_SERVICES]
    symptom = next((one.name for one in kept if one.name != cause and one.severity is not None), None)
    for one in kept:
        one.role = "cause" if one.name == cause else "symptom" if one.name == symptom else "affected"
    path = _path(incident, graph)
    beside = _beside([one.name for one in ordered], [one.name for one in kept], graph)
    # Quiet places on the path come first.
    beside.sort(key=lambda name: name not in path)
    kept += [_node(name, graph) for name in beside[:MAX_QUIET]]
    result = Neighbourhood(kept, _edges(kept, graph), "", cause, symptom)
    steps = set(pairwise(path))
    for edge in result.edges:
        edge.is_on_path = (edge.target, edge.source) in steps
    result.more, result.more_quiet = max(0, len(ordered) - MAX_SERVICES), max(0, len(beside) - MAX_QUIET)
    result.has_topology = bool(graph.depends_on)
    result.stream_count, result.described = max(incident.stream_count, len(streams)), len(streams)
    result.sentence = _sentence(result)
    return result


def mark_elsewhere(found: Neighbourhood, incidents: Mapping[str, str]) -> Neighbourhood:
    """Mark quiet nodes that are in other open incidents: they are only quiet here."""
    for node in found.nodes:
        if node.severity is None:
            node.elsewhere = incidents.get(node.name)
    return found


def _path(incident: Incident, graph: ServiceGraph) -> list[str]:
    """Return the services on the evidence path of the likely cause, that of the cause first."""
    found = likely_cause(incident)
    hops = found.path if found is not None else []
    return list(dict.fromkeys(graph.place(None, hop.entity) for hop in hops))


def _level(node: GraphNode) -> int:
    return LABELS.index(node.severity) if node.severity is not None else -1


def _places(streams: Sequence[Stream], graph: ServiceGraph) -> dict[str, GraphNode]:
    """Return a node for each service with alerts."""
    levels: dict[str, int] = {}
    found: dict[str, GraphNode] = {}
    entities: dict[str, set[str]] = {}
    for one in streams:
        node = found.get(one.place)
        if node is None:
            node = found[one.place] = _node(one.place, graph)
            entities[one.place], levels[one.place] = set(), 0
        node.alerts += one.count
        entities[one.place].add(one.entity)
        levels[one.place] = max(levels[one.place], one.severity)
    for name, node in found.items():
        # An alert on the service itself is on none of its replicas.
        own = entities[name] - {name} if node.replicas else entities[name]
        node.entities, node.severity = len(own), LABELS[levels[name]]
    return found


def _node(name: str, graph: ServiceGraph) -> GraphNode:
    replicas, kind = graph.replica_count(name)
    return GraphNode(name, "quiet", graph.kind_of(name), replicas=replicas, replica_kind=kind)


def _beside(alerting: list[str], kept: list[str], graph: ServiceGraph) -> list[str]:
    """Return the quiet neighbours of the kept services, those of the first ones first."""
    known, found = set(alerting), dict[str, None]()
    for name in kept:
        for neighbours in (graph.depends_on, graph.dependents):
            found.update(dict.fromkeys(other for other in neighbours.get(name, ()) if other not in known))
    return list(found)


def _edges(nodes: list[GraphNode], graph: ServiceGraph) -> list[GraphEdge]:
    """Return the edges between nodes. Hosts are among the nodes only if they alert, or are the cause."""
    names = {one.name for one in nodes}
    return [
        GraphEdge(one.name, other, kind)
        for one in nodes
        for other, kind in (graph.runs_on.get(one.name, {}) | graph.depends_on.get(one.name, {})).items()
        if other in names
    ]


def _sentence(found: Neighbourhood) -> str:
    """Return the picture in words, for who cannot see it."""
    affected = [one for one in found.nodes if one.severity is not None]
    quiet = len(found.nodes) - len(affected) + found.more_quiet
    parts = [f"Likely cause: {found.cause}." if found.cause is not None else "No clear cause."]
    names = [f"{one.name} ({one.severity}, {plural(one.alerts, 'alert')})" for one in affected]
    if names:
        parts.append(f"With alerts: {listed(names, 6, len(names) + found.more)}.")
    edges = plural(len(found.edges), "dependency", "dependencies")
    parts.append(f"{edges} between them; {plural(quiet, 'quiet neighbour')}.")
    return " ".join(parts)


def node_words(node: GraphNode) -> list[str]:
    """Return what is known of a node, in a few words each.

    >>> node_words(GraphNode("api", "cause", "service", "high", 90, 2, 3, "pod")), node_words(GraphNode("db", "quiet"))
    (['cause', '90 alerts', '2 of 3 pods'], ['quiet'])
    """
    words = ["cause"] if node.role == "cause" else []
    quiet = "other incident" if node.elsewhere is not None else "quiet"
    words.append(plural(node.alerts, "alert").replace(",", "\u202f") if node.alerts else quiet)
    if node.entities and node.replicas and node.entities <= node.replicas:
        kinds = "entities" if node.replica_kind == "entity" else f"{node.replica_kind}s"
        words.append(f"{node.entities} of {node.replicas} {kinds}")
    elif node.entities > 1:
        words.append(plural(node.entities, "entity", "entities"))
    return words
