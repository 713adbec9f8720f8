"""Simulated streams whose truth is known and whose system nobody has tuned on: noise, crash loops, isolated faults.

Each is made from a seed alone, with the numbers, spans and names of ordinary estates, and asks one thing: whether
unrelated alerts stay apart, whether a fault stays whole amid noise, whether what returns under new names is known
again, and whether a dependency graph that is wrong does harm.
"""

from __future__ import annotations

import random

from aiops.topology import Edge, Topology
from benchmarks.accuracy.grouping_data import Item, Stream
from benchmarks.accuracy.grouping_measure import EMPTY
from benchmarks.accuracy.grouping_simulated import local_faults

START = 1_700_000_000.0
# Names of pods end in a hash of these characters, as the scheduler of Kubernetes makes them.
POD_CHARACTERS = "bcdfghjklmnpqrstvwxz2456789"
# Two weeks at the slowest rate, a few hours at the fastest.
UNRELATED, UNRELATED_S = 4_000, 14 * 86_400.0
FAULTS, FAULT_EVERY_S = 60, 3_600.0
CRASH_S, CRASH_STAGGER_S = 12 * 3_600.0, 2_400.0
# The share of a graph's services, and of the edges that remain, which a partial graph lacks.
LACKING = 0.3


def unrelated(seed: int, gap_s: float) -> Stream:
    """Alerts of 200 services, one by chance every `gap_s`; each is an incident of its own."""
    rng = random.Random(seed)
    at = START
    items = []
    for number in range(min(UNRELATED, int(UNRELATED_S / gap_s) + 50)):
        at += rng.expovariate(1 / gap_s)
        service = f"svc{rng.randrange(200)}"
        entity = f"{service}-{rng.randrange(3)}"
        items.append(Item(at, f"Kind{rng.randrange(60)}", entity, service, f"alone-{number}"))
    return Stream("unrelated", items, EMPTY)


def isolated(seed: int, per_minute: float) -> Stream:
    """A fault an hour on some of 40 services, amid so many unrelated alerts a minute, each an incident of its own."""
    rng = random.Random(seed)
    items = [item for fault in range(FAULTS) for item in _fault(rng, fault)]
    at, number = 0.0, 0
    while per_minute and at < FAULTS * FAULT_EVERY_S:
        at += rng.expovariate(per_minute / 60)
        number += 1
        service = f"svc{rng.randrange(40)}"
        items.append(Item(START + at, f"Noise{rng.randrange(40)}", f"{service}-1", service, f"alone-{number}"))
    return Stream("isolated", sorted(items), EMPTY)


def _fault(rng: random.Random, fault: int) -> list[Item]:
    """Eight kinds of symptoms on four to twelve services, most of them in the first minutes."""
    start = START + fault * FAULT_EVERY_S + rng.uniform(0, 600)
    services = rng.sample(range(40), rng.randint(4, 12))
    items = []
    for _ in range(rng.randint(20, 80)):
        service = f"svc{rng.choice(services)}"
        at = start + min(300.0, rng.expovariate(1 / 60))
        items.append(Item(at, f"Sym{rng.randrange(8)}", f"{service}-0", service, f"fault-{fault}"))
    return items


def crash_loops(seed: int, period_s: float, workloads: int, named: bool = True) -> Stream:
    """Workloads that begin 40 minutes apart, each with a burst of three alerts of a new pod every `period_s`.

    Where they are not `named`, nothing but the pod's name says which service it belongs to.
    """
    rng = random.Random(seed)
    items = []
    for number in range(workloads):
        at = number * CRASH_STAGGER_S + rng.uniform(0, period_s)
        while at < CRASH_S:
            tail = "".join(rng.choice(POD_CHARACTERS) for _ in range(5))
            for place, name in enumerate(("BackOff", "Unhealthy", "CrashLoop")):
                when = START + at + place * rng.uniform(1, 10)
                pod = f"pod/app{number}-7d9f8c6b5d-{tail}"
                items.append(Item(when, name, pod, f"app{number}" if named else None, f"loop-{number}"))
            at += period_s * rng.uniform(0.95, 1.05)
    return Stream("crash loops", sorted(items), EMPTY)


def with_graph(seed: int, gap_s: float) -> Stream:
    """Local faults with the graph along which they spread."""
    return local_faults(seed, gap_s)


def with_partial_graph(seed: int, gap_s: float) -> Stream:
    """The same with a graph that lacks services and edges."""
    stream = local_faults(seed, gap_s)
    return stream._replace(topology=partial_graph(stream.topology, seed))


def with_wrong_graph(seed: int, gap_s: float) -> Stream:
    """The same with a graph of as many edges that lead anywhere."""
    stream = local_faults(seed, gap_s)
    return stream._replace(topology=wrong_graph(stream.topology, seed))


def without_graph(seed: int, gap_s: float) -> Stream:
    """The same with the names of services alone."""
    return local_faults(seed, gap_s)._replace(topology=EMPTY)


def partial_graph(topology: Topology, seed: int) -> Topology:
    """The graph without three of ten services, and without three of ten of the edges that remain."""
    rng = random.Random(seed)
    names = list(topology.nodes)
    kept = set(rng.sample(names, round((1 - LACKING) * len(names))))
    edges = [edge for edge in topology.edges if edge.source in kept and edge.target in kept]
    edges = rng.sample(edges, round((1 - LACKING) * len(edges)))
    return Topology.build([topology.nodes[name] for name in names if name in kept], edges)


def wrong_graph(topology: Topology, seed: int) -> Topology:
    """The same services with as many edges, each between two of them by chance."""
    rng = random.Random(seed)
    names = list(topology.nodes)
    ends = [rng.sample(names, 2) for _ in topology.edges]
    edges = [Edge(source, target, edge.kind) for edge, (source, target) in zip(topology.edges, ends, strict=True)]
    return Topology.build(topology.nodes.values(), edges)
