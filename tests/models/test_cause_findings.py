"""Findings as evidence: for candidates alone, positive, bounded."""

from __future__ import annotations

import random

import pytest
from aiops_models.causes.findings import MAX_VALUE, finding_text, supported
from aiops_models.causes.incident_graph import IncidentGraph
from aiops_models.causes.lexicon import Lexicon
from aiops_models.causes.ranker import CauseRanker
from aiops_models.causes.topology_index import TopologyIndex

from aiops.ports import AlertFact, IncidentView
from aiops.records import Finding
from aiops.topology import Topology
from tests.models.scenes import AT, SHOP, fact


def found(entity: str, text: str = "OOMKilled", weight: str = "medium") -> Finding:
    return Finding(AT, "last state", entity, text, weight)  # type: ignore[arg-type]


def graph(*findings: Finding, facts: tuple[AlertFact, ...] = (fact("web"),)) -> IncidentGraph:
    view = IncidentView("i", AT, list(facts), findings=list(findings))
    return IncidentGraph(TopologyIndex(SHOP), Lexicon(), view)


def test_it_counts_for_the_candidate_of_that_name() -> None:
    values = supported(graph(found("cart", "a"), found("pod/cart-1", "b"), found("service/cart", "c", "weak")))
    assert {entity: one.value for entity, one in values.items()} == {"cart": 2.0, "cart-1": 1.5}
    assert finding_text(values["cart"]) == "looked and found: a; c"


def test_a_replica_stands_for_what_it_was_placed_at() -> None:
    pod = AlertFact("pod/cart-7d9f4", "Down", 3, 1, AT, AT, service="cart")
    assert list(supported(graph(found("cart-7d9f4"), facts=(pod,)))) == ["cart"]


def test_an_answer_makes_nobody_a_suspect() -> None:
    assert supported(graph(found("somewhere-else"))) == {}
    view = IncidentView("i", AT, [fact("web")], findings=[found("somewhere-else", weight="strong")])
    assert "somewhere-else" not in {cause.entity for cause in CauseRanker(SHOP).rank(view)}


def test_the_sum_is_bounded_and_a_repeat_says_nothing() -> None:
    many = [found("cart", f"text {n}", "strong") for n in range(9)]
    assert supported(graph(*many))["cart"].value == MAX_VALUE
    assert supported(graph(found("cart"), found("cart")))["cart"].value == 1.5
    assert finding_text(supported(graph(*many))["cart"]).endswith("; and 6 more")


def test_without_findings_nothing_changes() -> None:
    view = IncidentView("i", AT, [fact("web"), fact("cart")])
    assert all(one.name != "finding" for cause in CauseRanker(SHOP).rank(view) for one in cause.evidence)


@pytest.mark.parametrize("seed", range(5))
def test_a_finding_never_lowers_a_score(seed: int) -> None:
    chosen = random.Random(seed)
    names = ["web", "cart", "db", "cart-1", "host-1", "x"]
    facts = [fact(chosen.choice(names), chosen.choice(["Down", "HighCpuLoad"]), n) for n in range(6)]
    findings = [found(chosen.choice(names), f"t{n}", chosen.choice(["weak", "strong"])) for n in range(4)]
    ranker = CauseRanker(SHOP)
    before = {one.entity: one.score for one in ranker.rank(IncidentView("i", AT, facts))}
    after = {one.entity: one.score for one in ranker.rank(IncidentView("i", AT, facts, findings=findings))}
    assert all(after[entity] >= score for entity, score in before.items() if entity in after)


def test_findings_decide_between_suspects_that_are_close() -> None:
    """Measured: two services alert alike, and only the reads tell which of them is the cause."""
    first = {"without": 0, "with": 0}
    for number in range(40):
        cause, other = ("left", "right") if number % 2 else ("right", "left")
        facts = [fact("left", "HighErrorRate"), fact("right", "HighErrorRate")]
        reads = [Finding(AT, "state", cause, f"{cause} was OOMKilled"), Finding(AT, "load", other, "busy", "weak")]
        ranker = CauseRanker(Topology())
        for name, findings in (("without", []), ("with", reads)):
            view = IncidentView(f"i{number}", AT, facts, findings=findings)
            first[name] += ranker.rank(view)[0].entity == cause
    assert first == {"without": 20, "with": 40}
