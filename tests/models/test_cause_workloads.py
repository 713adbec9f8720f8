"""Replicas that the topology does not know: named, compared and remembered by their workload."""

from __future__ import annotations

from aiops_models.causes import CauseRanker

from aiops.ports import AlertFact, IncidentView
from aiops.records import Cause
from aiops.topology import Node, Topology
from tests.models.scenes import AT

TOPOLOGY = Topology.build([Node("web"), Node("db", "database"), Node("cache"), Node("queue")], [])
OLD, NEW = "pod/cart-7d9f8c6b5d-x2x4z", "pod/cart-59d6b8c7f4-qwhl6"


def fact(entity: str, name: str = "HighCpuLoad", workload: str = "cart") -> AlertFact:
    return AlertFact(entity, name, 3, 1, AT, AT, workload=workload)


def view(number: int, *facts: AlertFact) -> IncidentView:
    return IncidentView(f"i-{number}", AT + 1_000 * number, list(facts))


def score(causes: list[Cause], entity: str) -> float:
    return next(cause.score for cause in causes if cause.entity == entity)


def named(*facts: AlertFact) -> list[str]:
    return sorted(cause.entity for cause in CauseRanker(TOPOLOGY).rank(view(0, *facts)))


def test_pods_with_generated_names_are_one_suspect() -> None:
    assert named(fact(OLD), fact(NEW), fact("cart-x7k2p"), fact("deployment/cart")) == ["cart"]
    assert named(fact(OLD, workload="web"), fact("web", workload="web")) == ["web"]


def test_numbered_replicas_machines_and_what_has_no_workload_stay_suspects() -> None:
    assert named(fact("cart-0"), fact("cart-1")) == ["cart-0", "cart-1"]
    assert named(fact("pod/cart-0"), fact("pods/cart-11")) == ["pod/cart-0", "pod/cart-11"]
    assert named(fact("node/cart-x7k2p", workload="node/cart")) == ["node/cart-x7k2p"]
    assert named(fact(OLD, workload="")) == [OLD]
    assert named(fact("db-metrics", workload="exporter")) == ["db-metrics"]


def test_new_pod_of_a_known_workload_has_its_history() -> None:
    ranker = CauseRanker(TOPOLOGY)
    for number in range(8):
        ranker.learn(view(number, fact(f"pod/cart-7d9f8c6b5d-{number}2x4z")), None)
    usual, odd = ranker.rank(view(9, fact(NEW))), ranker.rank(view(9, fact(NEW, "OddThing")))
    assert score(usual, "cart") < 0.6 * score(odd, "cart")


def test_history_of_one_numbered_replica_is_that_of_all() -> None:
    ranker, machines = CauseRanker(TOPOLOGY), CauseRanker(TOPOLOGY)
    for number in range(5):
        ranker.learn(view(number, fact("cart-0"), fact("cart-1")), None)
        machines.learn(view(number, fact("node/cart-0"), fact("node/cart-1")), None)
    usual, odd = (ranker.rank(view(9, fact(name, workload=name[:-2]))) for name in ("cart-7", "shop-7"))
    assert score(usual, "cart-7") < 0.6 * score(odd, "shop-7")
    usual, odd = (machines.rank(view(9, fact(name, workload=name[:-2]))) for name in ("node/cart-7", "node/shop-7"))
    assert score(usual, "node/cart-7") == score(odd, "node/shop-7")


def test_confirmed_replica_speaks_against_the_next_one() -> None:
    ranker = CauseRanker(TOPOLOGY)
    for number in range(6):
        ranker.learn(view(number, fact(f"cart-{number}"), fact("web", "HighLatency", "web")), f"cart-{number}")
    causes = ranker.rank(view(9, fact("cart-7"), fact("web", "HighLatency", "web")))
    assert causes[0].entity == "cart-7"
    texts = {evidence.name: evidence.text for evidence in causes[0].evidence}
    assert texts["likeness"].endswith("was confirmed to be caused by cart, whose replica cart-7 is")
    assert texts["signs"].startswith("HighCpuLoad on cart-7")


def test_workload_can_be_confirmed_by_its_name() -> None:
    ranker = CauseRanker(TOPOLOGY)
    for number in range(6):
        ranker.learn(view(number, fact(f"cart-{number}"), fact("web", "HighLatency", "web")), "cart")
    assert ranker.rank(view(9, fact("cart-7"), fact("web", "HighLatency", "web")))[0].entity == "cart-7"
    assert ranker.calibration()["outcomes"] == 6


def test_confirmed_pod_is_learned_as_its_workload() -> None:
    ranker = CauseRanker(TOPOLOGY)
    for number in range(6):
        pod = f"pod/cart-7d9f8c6b5d-{number + 2}2x4z"
        ranker.learn(view(number, fact(pod), fact("web", "HighLatency", "web")), pod)
    causes = ranker.rank(view(9, fact(NEW), fact("web", "HighLatency", "web")))
    assert causes[0].entity == "cart"
    assert {"likeness", "signs"} <= {evidence.name for evidence in causes[0].evidence}
