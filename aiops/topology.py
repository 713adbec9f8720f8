"""The dependency graph: entities, and edges from the dependent to what it depends on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from aiops.errors import UsageError

if TYPE_CHECKING:
    import networkx as nx


class Node(Struct, gc=False, omit_defaults=True):
    """An entity. Its `kind` is service, pod, host, database, queue or another word."""

    id: str
    kind: str = "service"
    labels: dict[str, str] = {}


class Edge(Struct, gc=False, omit_defaults=True, rename={"source": "from", "target": "to"}):
    """`source` depends on `target`; `kind` is calls, runs_on, uses, part_of or depends_on."""

    source: str
    target: str
    kind: str = "depends_on"


class TopologyFile(Struct):
    """The format of the file."""

    nodes: list[Node]
    edges: list[Edge] = []


class Topology(Struct):
    """The graph as plain dicts: a graph library's calls are too slow for a lookup with each alert.

    Cycles are allowed (services do call each other). An edge to an entity without a node creates the node, with kind
    `unknown`, and adds a line to `warnings`.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    depends_on: dict[str, dict[str, str]] = field(default_factory=dict)
    dependents: dict[str, dict[str, str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def build(cls, nodes: Iterable[Node], edges: Iterable[Edge]) -> Topology:
        """Build a topology from nodes and edges; duplicates are merged, the later node wins.

        >>> topology = Topology.build([Node("web"), Node("db", "database")], [Edge("web", "db", "uses")])
        >>> topology.depends_on["web"], topology.dependents["db"]
        ({'db': 'uses'}, {'web': 'uses'})
        """
        topology = cls()
        for node in nodes:
            topology.nodes[node.id] = node
        for edge in edges:
            topology._add(edge)
        return topology

    def _add(self, edge: Edge) -> None:
        for end in (edge.source, edge.target):
            if end not in self.nodes:
                self.nodes[end] = Node(end, "unknown")
                self.warnings.append(f"edge {edge.source} -> {edge.target} names {end!r}, which is no node: added")
        if edge.source == edge.target:
            self.warnings.append(f"edge {edge.source} -> {edge.target} leads to itself: left out")
            return
        self.edges.append(edge)
        self.depends_on.setdefault(edge.source, {})[edge.target] = edge.kind
        self.dependents.setdefault(edge.target, {})[edge.source] = edge.kind

    def neighbours(self, entity: str) -> Iterator[str]:
        """Yield the dependencies of `entity`, then its dependents."""
        yield from self.depends_on.get(entity, ())
        yield from self.dependents.get(entity, ())

    def within(self, entity: str, hops: int) -> dict[str, int]:
        """Return entities at most `hops` edges away in either direction, with their distance.

        `entity` itself is 0.
        """
        distance = {entity: 0}
        queue = deque([entity])
        while queue:
            at = queue.popleft()
            if distance[at] == hops:
                continue
            for other in self.neighbours(at):
                if other not in distance:
                    distance[other] = distance[at] + 1
                    queue.append(other)
        return distance

    def service_of(self, entity: str) -> str:
        """Return the service that a replica belongs to, else the entity itself.

        It is known from the label `service`, from a `part_of` edge, or from a service that `runs_on` the replica.

        >>> edges = [Edge("cart", "cart-0", "runs_on"), Edge("cart-0", "node-1", "runs_on")]
        >>> topology = Topology.build([Node("cart"), Node("cart-0", "pod"), Node("node-1", "host")], edges)
        >>> topology.service_of("cart-0"), topology.service_of("node-1")
        ('cart', 'node-1')
        """
        node = self.nodes.get(entity)
        if node is not None and "service" in node.labels:
            return node.labels["service"]
        for other, kind in self.depends_on.get(entity, {}).items():
            if kind == "part_of":
                return other
        for other, kind in self.dependents.get(entity, {}).items():
            if kind == "runs_on" and self.nodes[other].kind == "service":
                return other
        return entity

    def graph(self) -> nx.DiGraph[str]:
        """Return the same graph for analysis and pictures."""
        # Imported here: networkx takes longer to load than everything else that a command imports.
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        for node in self.nodes.values():
            graph.add_node(node.id, kind=node.kind)
        for edge in self.edges:
            graph.add_edge(edge.source, edge.target, kind=edge.kind)
        return graph


def load_topology(path: str | Path) -> Topology:
    """Read a topology from JSON or YAML; raise `UsageError` with the place of what does not fit."""
    path = Path(path)
    try:
        raw = path.read_bytes()
        reader = msgspec.json if path.suffix == ".json" else msgspec.yaml
        parsed = reader.decode(raw, type=TopologyFile)
    except OSError as error:
        raise UsageError(f"topology {path}: {error.strerror or error}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"topology {path}: {error}") from error
    return Topology.build(parsed.nodes, parsed.edges)


def topology_of(plain: Mapping[str, Any]) -> Topology:
    """Make a topology from decoded data; raise `UsageError` with the position of what does not fit.

    >>> graph = topology_of({"nodes": [{"id": "web"}, {"id": "db"}], "edges": [{"from": "web", "to": "db"}]})
    >>> graph.depends_on
    {'web': {'db': 'depends_on'}}
    """
    try:
        parsed = msgspec.convert(plain, TopologyFile)
    except msgspec.ValidationError as error:
        raise UsageError(f"topology: {error}") from None
    return Topology.build(parsed.nodes, parsed.edges)
