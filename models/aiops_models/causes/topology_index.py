"""The topology as a ranker needs it: kinds, groups, weighted edges."""

from __future__ import annotations

from collections.abc import Mapping

from aiops.topology import Topology
from aiops_models.causes.lexicon import MACHINES

# How strongly what depends on a thing suffers from it. A replica carries its service's whole work for those it
# answers; a host is shared by many, and most of its faults are none of theirs. Halved or doubled, no figure of any
# measured system moves by more than .015.
CALL, REPLICA, HOSTED = 1.0, 1.125, 0.625


def dependents_of(edges: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return dependency -> dependent -> weight, in the order of the edges."""
    found: dict[str, dict[str, float]] = {}
    for source, targets in edges.items():
        for target, weight in targets.items():
            found.setdefault(target, {})[source] = weight
    return found


class TopologyIndex:
    """The topology as a ranker needs it: kinds, groups, weighted edges, and names by their last part."""

    def __init__(self, topology: Topology) -> None:
        """Read the topology once; later changes to it are not seen."""
        self.kind = {entity: node.kind.lower() for entity, node in topology.nodes.items()}
        self.of_kind: dict[str, list[str]] = {}
        for entity, kind in self.kind.items():
            self.of_kind.setdefault(kind, []).append(entity)
        self.group = {entity: self._group(topology, entity) for entity in topology.nodes}
        self.groups = set(self.group.values())
        self.groups_of_kind = {
            kind: frozenset(self.group[entity] for entity in of_kind) for kind, of_kind in self.of_kind.items()
        }
        self.members: dict[str, list[str]] = {}
        for entity, group in self.group.items():
            self.members.setdefault(group, []).append(entity)
        self.edges: dict[str, dict[str, float]] = {}
        # The kinds of the edges; a replica is a part of its service, however the topology draws that.
        self.edge_kind: dict[tuple[str, str], str] = {}
        for edge in topology.edges:
            self._join(edge.source, edge.target, edge.kind)
        self.above = dependents_of(self.edges)

    def _join(self, source: str, target: str, kind: str) -> None:
        """Replicas are drawn both as `service runs_on replica` and as `replica part_of service`."""
        if kind == "part_of" and self.group.get(source) == target:
            source, target, weight = target, source, REPLICA
        elif self.group.get(target) == source:
            kind, weight = "part_of", REPLICA
        else:
            weight = HOSTED if self.kind.get(target) in MACHINES else CALL
        self.edges.setdefault(source, {})[target] = weight
        self.edge_kind[source, target] = kind

    def _group(self, topology: Topology, entity: str) -> str:
        if self.kind[entity] in MACHINES:
            return entity
        service = topology.service_of(entity)
        if service != entity:
            return service
        for parent, kind in topology.dependents.get(entity, {}).items():
            if kind == "runs_on" and self.kind.get(parent) not in MACHINES:
                return parent
        return entity
