"""The dependency graph between services, with the number of their replicas.

People think in services; a topology has pods, hosts and stores, too. A replica counts as its service. What a service
merely runs on (hosts) stays a node of its own and is kept apart from its dependencies: a quiet host beside each service
would hide the few edges that explain how a failure spreads.
"""

from __future__ import annotations

from collections import Counter

from aiops.topology import Topology

# Edges between a service and its own replicas, or to the machine below.
_OWN = ("runs_on", "part_of")


class ServiceGraph:
    """Services, and who depends on whom; made once of a topology, then read by many threads."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._service = {name: topology.service_of(name) for name in topology.nodes}
        self.replicas: dict[str, Counter[str]] = {}
        self.depends_on: dict[str, dict[str, str]] = {}
        self.dependents: dict[str, dict[str, str]] = {}
        self.runs_on: dict[str, dict[str, str]] = {}
        for name, service in self._service.items():
            if name != service:
                self.replicas.setdefault(service, Counter())[topology.nodes[name].kind] += 1
        for edge in topology.edges:
            self._add(self._service[edge.source], self._service[edge.target], edge.kind)

    def _add(self, source: str, target: str, kind: str) -> None:
        if source == target:
            return
        if kind in _OWN:
            self.runs_on.setdefault(source, {}).setdefault(target, kind)
            return
        self.depends_on.setdefault(source, {}).setdefault(target, kind)
        self.dependents.setdefault(target, {}).setdefault(source, kind)

    def __contains__(self, name: str) -> bool:
        return name in self._service

    def place(self, service: str | None, entity: str = "") -> str:
        """Return the service that an alert counts for: by the topology, else the alert's own, else its entity.

        >>> from aiops.topology import Edge, Node, Topology
        >>> nodes, edges = [Node("cart"), Node("cart-0", "pod")], [Edge("cart", "cart-0", "runs_on")]
        >>> graph = ServiceGraph(Topology.build(nodes, edges))
        >>> graph.place(None, "cart-0"), graph.place("shop", "till-7"), graph.place(None, "till-7")
        ('cart', 'shop', 'till-7')
        """
        known = self._service.get(entity)
        if known is not None:
            return known
        return self._service.get(service, service) if service else entity

    def kind_of(self, service: str) -> str:
        """Return the kind of a node of the topology; empty for one that it lacks."""
        node = self._topology.nodes.get(service)
        return node.kind if node is not None else ""

    def replica_count(self, service: str) -> tuple[int, str]:
        """Return how many replicas a service has, and what they are called; 0 if the topology lists none."""
        found = self.replicas.get(service)
        if not found:
            return 0, ""
        kind = next(iter(found)) if len(found) == 1 else "entity"
        return sum(found.values()), kind


__all__ = ["ServiceGraph"]
