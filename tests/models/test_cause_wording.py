"""Evidence says what was measured: nothing of dependencies that are not known, or of alerts that nobody counted."""

from __future__ import annotations

import pytest
from aiops_models.causes import CauseRanker
from aiops_models.causes.memory import MIN_CONFIRMED

from aiops.ports import AlertFact, IncidentView
from aiops.topology import Edge, Node, Topology

BARE = Topology.build([], [])
PODS = ("cart-0", "cart-1", "cart-2")
CHAIN = Topology.build(
    [Node("web"), Node("cart"), Node("db", "database"), *(Node(pod, "pod", {"service": "cart"}) for pod in PODS)],
    [Edge("web", "cart", "calls"), Edge("cart", "db", "uses"), *(Edge("cart", pod, "runs_on") for pod in PODS)],
)
ALL = "all weight of the latency and error complaints"


def view(*alerts: tuple[str, str], name: str = "now", caller: str | None = None) -> IncidentView:
    facts = [AlertFact(entity, type_, 2, 1, 100.0, 100.0, caller=caller) for entity, type_ in alerts]
    return IncidentView(name, 100.0, facts)


def texts(topology: Topology, *alerts: tuple[str, str], caller: str | None = None) -> dict[tuple[str, str], str]:
    """What is said, by entity and term."""
    ranked = CauseRanker(topology).rank(view(*alerts, caller=caller))
    return {(cause.entity, one.name): one.text for cause in ranked for one in cause.evidence}


def test_without_dependencies_nothing_leads_along_them() -> None:
    one = texts(BARE, ("web", "latency:up"), ("web", "errors:up"))
    assert one["web", "blame"] == f"{ALL} is on web itself"
    two = texts(BARE, ("web", "latency:up"), ("cart", "errors:up"))
    for name in ("web", "cart"):
        assert two[name, "blame"] == f"50% of the weight of the latency and error complaints is on {name} itself"


def test_what_was_seen_to_call_is_a_dependency() -> None:
    found = texts(BARE, ("cart", "latency:up"), ("web", "latency:up"), caller="web")
    assert "is on or leads along the dependencies to cart" in found["cart", "blame"]


def test_each_share_says_where_it_came_along() -> None:
    found = texts(CHAIN, ("web", "errors:up"), ("cart", "errors:up"))
    assert "is on or leads along the dependencies to cart" in found["cart", "blame"]
    assert found["db", "blame"].endswith("leads along the dependencies to db, which raised no alert in this incident")
    assert found["web", "blame"].endswith("stays on web, whose dependencies complain as well")
    alone = texts(CHAIN, ("cart", "errors:up"))
    assert alone["cart", "blame"] == f"{ALL} is on cart itself"
    assert alone["web", "blame"].endswith("leads back to web, which depends on what complains")


def test_a_dependency_with_alerts_of_another_kind_is_not_called_silent() -> None:
    found = texts(CHAIN, ("web", "errors:up"), ("db", "cpu:up"))
    assert found["db", "blame"].endswith("leads along the dependencies to db")


@pytest.mark.parametrize(
    ("alerts", "text"),
    [
        ((("db", "cpu:up"),), "cpu:up on db, which nothing else has in this incident"),
        (
            (("db", "cpu:up"), ("db", "heap:up"), ("web", "heap:up")),
            "cpu:up, heap:up on db, the first of which nothing else has in this incident",
        ),
        ((("db", "cpu:up"), ("web", "cpu:up")), "cpu:up on db, which 1 other has too in this incident"),
    ],
)
def test_what_others_have_is_said_of_what_was_counted(alerts: tuple[tuple[str, str], ...], text: str) -> None:
    assert texts(CHAIN, *alerts)["db", "internal"] == text


def test_siblings_that_lack_different_alerts_are_counted_at_most() -> None:
    alerts = (("cart-0", "cpu:up"), ("cart-0", "heap:up"), ("cart-1", "heap:up"))
    assert "that up to 2 of 2 siblings do not show" in texts(CHAIN, *alerts)["cart-0", "contrast"]
    assert "that 1 of 2 siblings do not show" in texts(CHAIN, *alerts)["cart-1", "contrast"]


def test_a_confirmed_service_is_not_said_to_be_a_confirmed_replica() -> None:
    ranker, likeness = CauseRanker(CHAIN), (("cart-0", "heap:up"), ("web", "latency:up"))
    for number in range(MIN_CONFIRMED + 1):
        ranker.learn(view(*likeness, name=f"i{number}"), "cart")
    found = {(c.entity, one.name): one.text for c in ranker.rank(view(*likeness)) for one in c.evidence}
    assert found["cart", "likeness"].endswith("100% alike, was confirmed to be caused by cart")
    assert found["cart-0", "likeness"].endswith("100% alike, was confirmed to be caused by cart-0 or its service")
    assert found["cart-0", "signs"].startswith("heap:up on cart-0: such alerts were more often on confirmed causes")
    assert ("web", "signs") not in found
