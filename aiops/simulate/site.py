"""The simulated site: areas of services with their pods, hosts, databases, caches and queues.

Services call within their area, and areas call each other sparsely: a fault stays near where it broke, as in real
sites that are larger than one team.
"""

from __future__ import annotations

from random import Random

from msgspec import Struct, field

from aiops.topology import Edge, Node, Topology

AREAS = (
    *("checkout", "catalog", "payments", "search", "accounts", "shipping", "media", "messaging"),
    *("pricing", "orders", "reviews", "inventory", "billing", "analytics", "loyalty", "returns"),
)
# Roles, the roles that each calls, and its backing stores: the shape of one team's services, front to back.
ROLES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("gateway", ("api", "sync"), ()),
    ("api", ("processor", "reporter"), ("redis",)),
    ("processor", (), ("postgres", "redis")),
    ("worker", ("processor",), ("rabbitmq", "postgres")),
    ("reporter", (), ("postgres",)),
    ("sync", ("api",), ("rabbitmq",)),
)
STORES = {"postgres": "database", "redis": "cache", "rabbitmq": "queue"}
PODS_PER_SERVICE = (2, 5)
PODS_PER_HOST = 6
# Schedulers spread most of a team's pods over its own node pool; the rest land where there is room.
FOREIGN_POD_SHARE = 0.04
# Enough calls between areas for faults to cross them, not enough to reach everywhere.
AREA_CALLS_SHARE = 0.4
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


class Site(Struct):
    """A topology with the lookups that faults and noise need; all lists are in building order."""

    topology: Topology
    services: list[str] = field(default_factory=list)
    gateways: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    stores: dict[str, list[str]] = field(default_factory=dict)
    pods: dict[str, list[str]] = field(default_factory=dict)
    host_of: dict[str, str] = field(default_factory=dict)
    area_of: dict[str, str] = field(default_factory=dict)

    def on_host(self, host: str) -> list[str]:
        """Return the pods and stores that run on a host."""
        return [name for name, where in self.host_of.items() if where == host]

    def service_of(self, entity: str) -> str | None:
        """Return the service of a pod or the service itself; a store stands for itself; None for a host."""
        if entity in self.hosts:
            return None
        return self.topology.service_of(entity)


def build_site(random: Random, services: int) -> Site:
    """Build a site of `services` services, in areas of up to six."""
    nodes: list[Node] = []
    edges: list[Edge] = []
    site = Site(Topology())
    count = -(-services // len(ROLES))
    for number in range(count):
        members = min(len(ROLES), services - number * len(ROLES))
        _add_area(site, nodes, edges, random, number, members)
    _connect_areas(site, edges, random)
    _place_pods(site, nodes, edges, random)
    site.topology = Topology.build(nodes, edges)
    return site


def _add_area(site: Site, nodes: list[Node], edges: list[Edge], random: Random, number: int, members: int) -> None:
    area = AREAS[number % len(AREAS)] + ("" if number < len(AREAS) else str(number // len(AREAS) + 1))
    roles = ROLES[:members]
    present = {role for role, _, _ in roles}
    host = f"db-node-{number:02d}"
    for role, calls, uses in roles:
        service = f"{area}-{role}"
        nodes.append(Node(service, "service", {"area": area}))
        site.services.append(service)
        site.area_of[service] = area
        edges += [Edge(service, f"{area}-{other}", "calls") for other in calls if other in present]
        for store in uses:
            if f"{area}-{store}" not in site.area_of:
                _add_store(site, nodes, edges, area, store, host)
            edges.append(Edge(service, f"{area}-{store}", "uses"))
        site.pods[service] = [_pod_name(service, random) for _ in range(random.randint(*PODS_PER_SERVICE))]
    site.gateways.append(f"{area}-{roles[0][0]}")


def _add_store(site: Site, nodes: list[Node], edges: list[Edge], area: str, store: str, host: str) -> None:
    name = f"{area}-{store}"
    kind = STORES[store]
    if host not in site.area_of:
        nodes.append(Node(host, "host", {"area": area}))
        site.hosts.append(host)
        site.area_of[host] = area
    nodes.append(Node(name, kind, {"area": area}))
    site.stores.setdefault(kind, []).append(name)
    site.area_of[name] = area
    site.host_of[name] = host
    edges.append(Edge(name, host, "runs_on"))


def _connect_areas(site: Site, edges: list[Edge], random: Random) -> None:
    """Connect some gateways to the front of another area."""
    for position, gateway in enumerate(site.gateways):
        if position and random.random() < AREA_CALLS_SHARE:
            edges.append(Edge(gateway, random.choice(site.gateways[:position]), "calls"))


def _place_pods(site: Site, nodes: list[Node], edges: list[Edge], random: Random) -> None:
    pools: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for service in site.services:
        area = site.area_of[service]
        counts[area] = counts.get(area, 0) + len(site.pods[service])
    for number, (area, pods) in enumerate(counts.items()):
        pools[area] = [f"node-{number:02d}-{index}" for index in range(-(-pods // PODS_PER_HOST))]
        nodes += [Node(host, "host", {"area": area}) for host in pools[area]]
        site.hosts += pools[area]
        site.area_of.update(dict.fromkeys(pools[area], area))
    everywhere = [host for pool in pools.values() for host in pool]
    for service in site.services:
        for index, pod in enumerate(site.pods[service]):
            pool = pools[site.area_of[service]]
            foreign = random.random() < FOREIGN_POD_SHARE
            host = random.choice(everywhere) if foreign else pool[(index + random.randrange(2)) % len(pool)]
            nodes.append(Node(pod, "pod", {"service": service}))
            edges += [Edge(pod, service, "part_of"), Edge(pod, host, "runs_on")]
            site.host_of[pod] = host
            site.area_of[pod] = site.area_of[service]


def _pod_name(service: str, random: Random) -> str:
    """Return a pod name as the replica-set controller makes them."""
    revision = "".join(random.choices(ALPHABET, k=9))
    return f"{service}-{revision}-{''.join(random.choices(ALPHABET, k=5))}"
