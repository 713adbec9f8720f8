"""Rows of the table: naive rankings, and the ranker with more and more to go by; all in time order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiops_models.causes import CauseRanker
from aiops_models.causes.entity_names import tail
from aiops_models.causes.incident_graph import IncidentGraph
from msgspec.structs import replace

from aiops.ports import AlertFact
from aiops.score import Case as Scored
from benchmarks.accuracy.causes_data import Case, System


def is_right(entity: str, case: Case, system: System) -> bool:
    """Whether naming `entity` is right: the root itself, or an instance of it where the fault is a service's.

    Names are compared without a `kind/` prefix, since some labels have one (`app/cart`) and topologies do not.
    """
    root = case.root.entity
    if entity == root or tail(entity) == tail(root):
        return True
    return case.root.level == "service" and groups_of(system.name, system)[entity] == root


def first_seen(system: System) -> System:
    """Return the system as if none of its streams had fired before its incident."""
    return System(system.name, system.topology, [_first_seen(case) for case in system.cases])


def _first_seen(case: Case) -> Case:
    facts = [replace(fact, recent=1.0) for fact in case.view.facts]
    return Case(replace(case.view, facts=facts), case.root, case.cause_class)


# What the ranker learns after each case.
LEARNING = {"cold": "", "history": "unlabelled", "roots": "roots"}
Weigh = Callable[[AlertFact], float]


class _Groups(dict[str, str]):
    def __missing__(self, entity: str) -> str:
        return entity


_GROUPS: dict[str, _Groups] = {}


def groups_of(name: str, system: System) -> Mapping[str, str]:
    """Entity -> its service."""
    if name not in _GROUPS:
        _GROUPS[name] = _Groups(CauseRanker(system.topology, {"rules": []})._topology_index.group)
    return _GROUPS[name]


def ranked(system: System, learn: str = "", options: Mapping[str, Any] | None = None) -> list[Scored]:
    """The ranker over all cases, which learns after each: nothing, `unlabelled` (what fired) or `roots` (confirmed)."""
    ranker = CauseRanker(system.topology, options)
    scored = []
    for case in system.cases:
        causes = ranker.rank(case.view)
        scored.append(Scored([c.score for c in causes], [is_right(c.entity, case, system) for c in causes]))
        if learn:
            ranker.learn(case.view, case.root.entity if learn == "roots" else None)
    return scored


def naive(system: System, weigh: Weigh, best: bool = False) -> list[Scored]:
    """A naive ranking: the sum of the weights of an entity's alerts, or the largest.

    Pods stand for their service as they do for the ranker, or the labels could not be met.
    """
    ranker = CauseRanker(system.topology, {"rules": []})
    scored = []
    for case in system.cases:
        graph = IncidentGraph(ranker._topology_index, ranker._lexicon, case.view)
        found: dict[str, list[float]] = {}
        for fact in case.view.facts:
            found.setdefault(graph.place(graph.named(fact), fact.service), []).append(weigh(fact))
        scores = [max(each) if best else sum(each) for each in found.values()]
        scored.append(Scored(scores, [is_right(entity, case, system) for entity in found]))
    return scored


def _metric(fact: AlertFact) -> float:
    return fact.count if fact.source in ("metric", "prometheus") else 0.0


def _state(fact: AlertFact) -> float:
    words = ("notready", "waiting", "crash", "mismatch", "pending", "unhealthy", "failed")
    return fact.severity * (10.0 if any(word in fact.name.lower() for word in words) else 1.0)


# Label, weight of an alert, and whether the largest counts instead of the sum.
NAIVE: tuple[tuple[str, Weigh, bool], ...] = (
    ("most alerts", lambda fact: fact.count, False),
    ("most metric alerts", _metric, False),
    ("most different alerts", lambda fact: 1.0, False),
    ("severity, state alerts ten times", _state, False),
    ("earliest alert", lambda fact: -fact.first_at, True),
    ("largest deviation", lambda fact: abs(fact.magnitude or 0.0), True),
)
