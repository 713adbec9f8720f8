"""Distances of entities in the dependency graph, from a bounded map built once for each entity."""

from __future__ import annotations

from collections import deque
from typing import Final

from aiops.topology import Topology

# A fault shows up at what depends on it, and at what that uses; further away, it is everywhere or another fault.
MAX_HOPS: Final = 4
# Neighbours remembered of one entity. A hub (a node with hundreds of pods) is near to too much to be evidence.
MAX_NEIGHBOURS: Final = 256
# Entities whose map is remembered; a map of 256 takes some 20 KB.
MAX_MAPS: Final = 4096
# The distance of what cannot be found in the graph: a service without a node, or any two services without a graph.
UNPLACED: Final = 3
UNKNOWN: dict[str, int] = {}


class Hops:
    """Distances between sites.

    A site is a node's id, "" for a service that is no node, None for everything else.

    >>> from aiops.topology import Edge, Node
    >>> hops = Hops(Topology.build([Node("web"), Node("api"), Node("db")], [Edge("web", "api"), Edge("api", "db")]))
    >>> hops.distance("web", "db"), hops.distance("web", ""), hops.distance("web", None), hops.site("web-1", "web")
    (2, 3, None, 'web')
    """

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.maps: dict[str, dict[str, int]] = {}

    def site(self, entity: str, service: str | None) -> str | None:
        """Return the site of an alert: its entity, else its service, where these have edges."""
        topology = self.topology
        if entity in topology.depends_on or entity in topology.dependents:
            return entity
        if service is not None and (service in topology.depends_on or service in topology.dependents):
            return service
        # A node without edges is known to exist, and nothing else.
        return "" if service is not None or entity in topology.nodes else None

    def distance(self, a: str | None, b: str | None) -> int | None:
        """Edges between two sites, None beyond `MAX_HOPS`; not symmetric where a map was full."""
        if a is None or b is None:
            return None
        if not a or not b:
            return UNPLACED
        return self._near(a).get(b)

    def distances(self, site: str | None) -> dict[str, int] | None:
        """The distances from a site that are in the graph; None where nothing is near."""
        if site is None:
            return None
        return self._near(site) if site else UNKNOWN

    def _near(self, site: str) -> dict[str, int]:
        near = self.maps.get(site)
        return self._map(site) if near is None else near

    def _map(self, site: str) -> dict[str, int]:
        if len(self.maps) >= MAX_MAPS:
            self.maps.clear()
        near = {site: 0}
        queue = deque([site])
        while queue:
            at = queue.popleft()
            if near[at] == MAX_HOPS:
                break
            for other in self.topology.neighbours(at):
                if other not in near:
                    if len(near) >= MAX_NEIGHBOURS:
                        queue.clear()
                        break
                    near[other] = near[at] + 1
                    queue.append(other)
        self.maps[site] = near
        return near
