"""Systems with local faults: what the dependency graph is worth to the correlator.

A fault strikes one of 60 services and, with falling odds, what lies at most two hops away; each struck service raises
one to three kinds of alert, some of them again. Faults start `gap_s` apart on average and last about a minute, so that
small gaps make several overlap; random alerts are added as noise. All kinds occur everywhere: only time and place tell.
"""

from __future__ import annotations

import random

from aiops.topology import Edge, Node, Topology
from benchmarks.accuracy.grouping_data import Item, Stream

SERVICES = 60
FAULTS = 40
KINDS = ("latency", "errors", "cpu", "memory", "restarts", "queue")
# Noise alerts a second, one for some five alerts of faults at the densest.
NOISE = 0.02


def local_faults(seed: int, gap_s: float, faults: int = FAULTS) -> Stream:
    """A system and its alerts, with truth."""
    rng = random.Random(seed)
    topology = _topology(rng)
    items: list[Item] = []
    at = 0.0
    for fault in range(faults):
        at += rng.expovariate(1 / gap_s)
        items += _fault(rng, topology, f"fault-{fault}", at)
    end = at + 100.0
    names = list(topology.nodes)
    for _ in range(int(end * NOISE)):
        where = rng.choice(names)
        items.append(Item(rng.random() * end, rng.choice(KINDS), where, where, None))
    items.sort(key=lambda item: item.ts)
    return Stream(f"local faults, {gap_s:g} s apart", items, topology)


def _topology(rng: random.Random) -> Topology:
    names = [f"service-{index}" for index in range(SERVICES)]
    edges = []
    for index in range(1, SERVICES):
        for _ in range(1 if index == 1 or rng.random() > 0.3 else 2):
            edges.append(Edge(names[index], names[rng.randrange(max(0, index - 6), index)], "calls"))
    return Topology.build([Node(name) for name in names], edges)


def _fault(rng: random.Random, topology: Topology, name: str, at: float) -> list[Item]:
    root = rng.choice(list(topology.nodes))
    struck = [root]
    struck += [node for node, hops in topology.within(root, 2).items() if rng.random() < 0.8 / (1 + hops / 2)]
    items = []
    for node in struck:
        for kind in rng.sample(KINDS, rng.randint(1, 3)):
            start = at + rng.expovariate(1 / 15)
            for repeat in range(rng.randint(1, 4)):
                items.append(Item(start + repeat * 30 * rng.random(), kind, node, node, name))
    return items
