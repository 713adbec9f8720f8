"""An incident in the dependency graph, as a picture; the only module of the face that needs networkx.

Dependents stand left of their dependencies. The picture has the suspects, the entities with alerts, the shortest ways
between them and the first suspect, and the neighbours of that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import networkx as nx

from aiops.notebook.picture import GLYPHS, Drawing, Picture, fit, fit_middle, width_of
from aiops.records import Incident, Member, parse_severity
from aiops.topology import Topology
from aiops.wording import plural

# Nodes of one picture: more cannot be read. The suspects and the most severe come first.
MAX_NODES = 40
# Ways longer than this explain nothing.
_MAX_HOPS = 4
# Neighbours of the first suspect that have no alerts: a database has dozens of dependents.
_MAX_BESIDE = 6
# Rounds of ordering: each moves the nodes of a column beside their neighbours; later rounds change little.
_ROUNDS = 4
_COLUMN, _ROW, _TOP = 232, 32, 72
_LABEL = 168


@dataclass(slots=True)
class Entity:
    """A node: how severe its alerts are, how many there are, and its rank among the suspects."""

    name: str
    severity: str | None = None
    alerts: int = 0
    names: list[str] = field(default_factory=list)
    rank: int = 0
    beside: str = ""


def draw(incident: Incident, members: Iterable[Member], topology: Topology) -> Picture:
    """Draw the entities of an incident and how they depend on each other."""
    entities = _entities(incident, members)
    kept = dict(list(entities.items())[:MAX_NODES])
    graph = _graph(kept, topology)
    for name in graph:
        kept.setdefault(name, Entity(name))
    columns = _columns(graph)
    title = f"{incident.title or incident.id}: where it is"
    return _drawing(title, kept, graph, columns, len(entities) - min(len(entities), MAX_NODES))


def _entities(incident: Incident, members: Iterable[Member]) -> dict[str, Entity]:
    """The suspects by rank, then entities with alerts, the most severe and most frequent first."""
    found: dict[str, Entity] = {}
    for member in members:
        entity = found.setdefault(member.entity, Entity(member.entity))
        entity.alerts += member.count
        entity.names.append(member.name)
        if entity.severity is None or parse_severity(member.severity) > parse_severity(entity.severity):
            entity.severity = member.severity
    ordered = sorted(found.values(), key=lambda one: (-parse_severity(one.severity), -one.alerts, one.name))
    suspects = []
    for rank, cause in enumerate(incident.causes, 1):
        entity = found.get(cause.entity, Entity(cause.entity))
        entity.rank = rank
        entity.beside = f"{cause.probability:.0%}" if cause.probability is not None else ""
        suspects.append(entity)
    return {one.name: one for one in [*suspects, *ordered]}


def _graph(entities: Mapping[str, Entity], topology: Topology) -> nx.DiGraph[str]:
    """The part of the topology that holds the entities and the ways to the first suspect."""
    whole = topology.graph()
    names = set(entities)
    suspect = next(iter(entities), "")
    if suspect in whole:
        near: dict[str, list[str]] = nx.single_source_shortest_path(
            whole.to_undirected(as_view=True), suspect, cutoff=_MAX_HOPS
        )
        for name in entities:
            way = near.get(name, [])
            if len(names.union(way)) <= MAX_NODES:
                names.update(way)
        beside = [name for name, way in near.items() if len(way) == 2 and name not in names]
        names.update(beside[: max(0, min(_MAX_BESIDE, MAX_NODES - len(names)))])
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(name for name in [*entities, *sorted(names - set(entities))])
    graph.add_edges_from((one, other) for one, other in whole.edges(names) if other in names)
    return graph


def _columns(graph: nx.DiGraph[str]) -> list[list[str]]:
    """Nodes by column: a dependency right of its dependents; nodes of a cycle share a column."""
    if not graph.edges:
        return _grid(list(graph))
    whole = nx.condensation(graph)
    members = nx.get_node_attributes(whole, "members")
    order = {name: place for place, name in enumerate(graph)}
    columns = [
        sorted((name for part in parts for name in members[part]), key=order.__getitem__)
        for parts in nx.topological_generations(whole)
    ]
    for _ in range(_ROUNDS):
        _reorder(graph, columns)
    return columns


def _grid(names: list[str]) -> list[list[str]]:
    """Nodes without edges, in columns of about ten."""
    rows = max(1, -(-len(names) // 4))
    return [names[start : start + rows] for start in range(0, len(names), rows)]


def _reorder(graph: nx.DiGraph[str], columns: list[list[str]]) -> None:
    """Put each node at the mean height of its neighbours (Sugiyama's barycentre), which uncrosses edges."""
    for column in columns:
        heights = {name: place / len(each) for each in columns for place, name in enumerate(each)}

        def mean(name: str, heights: dict[str, float] = heights) -> float:
            beside = [heights[other] for other in nx.all_neighbors(graph, name)]
            return sum(beside) / len(beside) if beside else 1.0

        column.sort(key=mean)


def _drawing(
    title: str, entities: Mapping[str, Entity], graph: nx.DiGraph[str], columns: list[list[str]], more: int
) -> Picture:
    rows = max((len(column) for column in columns), default=1)
    drawing = Drawing(max(640, 32 + _COLUMN * len(columns)))
    drawing.text(16, 26, fit(title, drawing.width - 32, 14, bold=True), "title", hint=title)
    drawing.text(16, 46, "Arrows lead from a dependent to what it depends on." if graph.edges else _NO_EDGES, "small")
    places = _places(columns, rows)
    for one, other in graph.edges:
        _edge(drawing, entities[one], places[one], places[other])
    for name, (x, y) in places.items():
        _node(drawing, entities[name], x, y)
    height = _TOP + rows * _ROW + (20 if more else 0)
    if more:
        drawing.text(16, height - 12, f"and {plural(more, 'more entity', 'more entities')} with alerts", "small")
    return drawing.picture(height, title, _described(entities, graph, more))


_NO_EDGES = "No dependencies between these entities are known."


def _described(entities: Mapping[str, Entity], graph: nx.DiGraph[str], more: int) -> str:
    suspects = [f"{one.rank}. {one.name} {one.beside}".strip() for one in entities.values() if one.rank]
    affected = [f"{one.name} ({one.severity})" for one in entities.values() if one.severity is not None]
    left = f" and {more} more" if more else ""
    return (
        f"Suspects: {', '.join(suspects) or 'none'}. With alerts: {', '.join(affected) or 'none'}{left}. "
        f"{plural(graph.number_of_edges(), 'dependency', 'dependencies')} between them."
    )


def _places(columns: list[list[str]], rows: int) -> dict[str, tuple[float, float]]:
    places = {}
    for x, column in enumerate(columns):
        # Columns stand in the middle of the picture.
        top = _TOP + (rows - len(column)) * _ROW / 2
        for y, name in enumerate(column):
            places[name] = (32.0 + x * _COLUMN, top + y * _ROW + 6)
    return places


def _edge(drawing: Drawing, entity: Entity, start: tuple[float, float], end: tuple[float, float]) -> None:
    (x1, y1), (x2, y2) = start, end
    if x1 == x2:
        # Inside one column, around the left.
        data = f"M{x1 - 9:.1f} {y1:.1f}C{x1 - 28:.1f} {y1:.1f} {x2 - 28:.1f} {y2:.1f} {x2 - 13:.1f} {y2:.1f}"
        drawing.path(data, "edge")
        drawing.path(_arrow(x2 - 9, y2), "arrow")
        return
    x1 += 20 + min(_LABEL, width_of(_label(entity), bold=entity.rank == 1)) + (38 if entity.beside else 0)
    middle = (x1 + x2) / 2
    data = f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2 - 15:.1f} {y2:.1f}"
    drawing.path(data, "edge")
    drawing.path(_arrow(x2 - 11, y2), "arrow")


def _arrow(x: float, y: float) -> str:
    return f"M{x:.1f} {y:.1f}L{x - 6:.1f} {y - 3.5:.1f}L{x - 6:.1f} {y + 3.5:.1f}Z"


def _node(drawing: Drawing, entity: Entity, x: float, y: float) -> None:
    hint = f"{entity.name}: {entity.severity}, {plural(entity.alerts, 'alert')}" if entity.severity else entity.name
    if entity.names:
        hint += f" ({', '.join(list(dict.fromkeys(entity.names))[:5])})"
    if entity.severity is None:
        drawing.circle(x, y, 5, "hollow", hint)
    else:
        drawing.text(x, y + 5, GLYPHS.get(entity.severity, "●"), entity.severity, "middle", hint)
    if entity.rank == 1:
        drawing.circle(x, y, 10, "ring")
    label = _label(entity)
    drawing.text(x + 16, y + 4, label, "label strong" if entity.rank == 1 else "label", hint=hint)
    if entity.beside:
        width = width_of(label, bold=entity.rank == 1)
        drawing.text(x + 20 + width, y + 4, entity.beside, "label small")


def _label(entity: Entity) -> str:
    rank = f"{entity.rank}. " if entity.rank else ""
    width = _LABEL - (38 if entity.beside else 0)
    return fit_middle(f"{rank}{entity.name}", width, bold=entity.rank == 1)
