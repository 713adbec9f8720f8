"""Blame: a random walk from those who complain along what they depend on.

A personalised PageRank (Page et al. 1999; for fault localisation: MicroRCA, Wu et al. 2020) with restarts at the
entities in proportion to their latency and error surprise. It follows edges to dependencies by how much those
complain, hardly ever to silent ones, a little back up, and stays at a complaining leaf. `D = S x rank`, S the whole
mass, in nats.
Cost: `ROUNDS` passes over the edges near the mass; about .2 ms for 50 entities.
"""

from __future__ import annotations

from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.rarity import Surprise

DAMPING = 0.9
# The walk has settled by then: 6 rounds, or 12, change no figure by more than one case.
ROUNDS = 8
# A dependency takes blame by its complaint, as a share of the largest one; a silent one as if it had this share. A
# threshold in place of shares lost .05 of PetShop's top-1.
SILENT = 0.02
# A complaint above this, in nats, is more than background: what depends on it does not keep the blame.
COMPLAINS = 0.2
BACK, BACK_SILENT = 0.1, 0.005
STAY = 0.2
# Smaller shares are not carried on: a hundred such entities are one per cent of the walk, and most of its cost.
NEGLIGIBLE = 5e-4


def random_walk(graph: IncidentGraph, surprise: Surprise) -> dict[str, float]:
    """D of every entity that the walk reaches; empty when nobody complains."""
    mass = {entity: surprise.blamed(entity) for entity in graph.by_entity}
    mass = {entity: value for entity, value in mass.items() if value > 0}
    total = sum(mass.values())
    if not total:
        return {}
    steps = _steps(graph.edges(), mass)
    restart = {entity: value / total for entity, value in mass.items()}
    return {entity: total * share for entity, share in _walk(steps, restart).items()}


def _steps(edges: dict[str, dict[str, float]], mass: dict[str, float]) -> dict[str, list[tuple[str, float]]]:
    """Return the steps of the walk from each entity, with shares that sum to `DAMPING`."""
    weights: dict[str, dict[str, float]] = {}
    most = max(mass.values())
    for source, targets in edges.items():
        for target, weight in targets.items():
            down = weight * max(mass.get(target, 0.0) / most, SILENT)
            up = BACK * weight if source in mass else BACK_SILENT
            ahead, back = weights.setdefault(source, {}), weights.setdefault(target, {})
            ahead[target] = ahead.get(target, 0.0) + down
            back[source] = back.get(source, 0.0) + up
    for entity in mass:
        if not any(mass.get(target, 0.0) > COMPLAINS for target in edges.get(entity, ())):
            own = weights.setdefault(entity, {})
            own[entity] = own.get(entity, 0.0) + STAY
    return {entity: _shares(out) for entity, out in weights.items()}


def _shares(out: dict[str, float]) -> list[tuple[str, float]]:
    total = sum(out.values())
    return [(target, DAMPING * weight / total) for target, weight in out.items()]


def _walk(steps: dict[str, list[tuple[str, float]]], restart: dict[str, float]) -> dict[str, float]:
    here = restart
    for _ in range(ROUNDS):
        there = {entity: (1 - DAMPING) * share for entity, share in restart.items()}
        for entity, share in here.items():
            if share < NEGLIGIBLE:
                continue
            for target, part in steps.get(entity, ()):
                there[target] = there.get(target, 0.0) + share * part
        here = there
    return here
