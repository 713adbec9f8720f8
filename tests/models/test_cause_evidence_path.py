"""Evidence paths: from a suspect along who depends on it to a symptom, with the alerts on each place."""

from __future__ import annotations

from aiops_models.causes import CauseRanker
from aiops_models.causes.evidence_path import MAX_ALERTS, MAX_HOPS, EvidencePaths
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.ports import AlertFact, IncidentView
from aiops.records import Hop
from aiops.topology import Edge, Node, Topology
from tests.models.scenes import AT, CPU, LATENCY, SHOP, fact, surprise


def path(suspect: str, *facts: AlertFact, topology: Topology = SHOP) -> list[Hop]:
    found = surprise(*facts, topology=topology)
    return EvidencePaths(found.graph, found).of(suspect)


def names(found: list[Hop]) -> list[str]:
    return [hop.entity for hop in found]


def test_path_leads_from_the_suspect_to_the_symptom_with_edges_and_alerts() -> None:
    assert path("db", fact("web"), fact("cart"), fact("db", CPU)) == [
        Hop("db", "calls", [CPU]),
        Hop("cart", "calls", [LATENCY]),
        Hop("web", "", [LATENCY]),
    ]


def test_silent_places_on_the_way_have_no_alerts() -> None:
    assert path("db", fact("web")) == [Hop("db", "calls"), Hop("cart", "calls"), Hop("web", "", [LATENCY])]


def test_replica_is_a_part_of_its_service_and_a_host_carries_it() -> None:
    found = path("host-1", fact("web"), fact("host-1", CPU))
    assert [(hop.entity, hop.edge) for hop in found] == [
        ("host-1", "runs_on"),
        ("cart-1", "part_of"),
        ("cart", "calls"),
        ("web", ""),
    ]


def test_nothing_that_alerts_depends_on_the_suspect() -> None:
    assert path("web", fact("web")) == [Hop("web", "", [LATENCY])]
    assert path("host-4", fact("web")) == []
    assert names(path("host-4", fact("web"), fact("host-4", CPU))) == ["host-4"]


def test_observed_call_is_an_edge_and_of_equal_ways_that_over_alerts_is_taken() -> None:
    seen = AlertFact("pay", LATENCY, 3, 1, AT, AT, caller="web")
    assert path("pay", fact("web"), seen) == [Hop("pay", "calls", [LATENCY]), Hop("web", "", [LATENCY])]
    nodes = [Node(name) for name in ("web", "a", "b", "db")]
    edges = [Edge(one, other, "calls") for one, other in (("web", "a"), ("web", "b"), ("a", "db"), ("b", "db"))]
    topology = Topology.build(nodes, edges)
    assert names(path("db", fact("web"), fact("b", CPU), topology=topology)) == ["db", "b", "web"]


def test_where_users_noticed_it_is_the_end_though_nothing_fires_there() -> None:
    view = IncidentView("i", AT, [fact("db", CPU)], target="web")
    [cause] = CauseRanker(SHOP).rank(view)[:1]
    assert names(cause.path) == ["db", "cart", "web"]


def test_alerts_of_a_place_are_bounded_and_counted() -> None:
    facts = [fact("db", f"disk{chr(97 + n)}_full") for n in range(MAX_ALERTS + 2)]
    [hop] = path("db", *facts)
    assert (len(hop.alerts), hop.more) == (MAX_ALERTS, 2)


@settings(max_examples=60)
@given(st.data())
def test_each_step_is_an_edge_and_no_place_comes_twice(data: st.DataObject) -> None:
    entities = [f"s{n}" for n in range(9)]
    one = st.sampled_from(entities)
    pairs = data.draw(st.lists(st.tuples(one, one).filter(lambda pair: pair[0] != pair[1]), max_size=20, unique=True))
    topology = Topology.build([Node(name) for name in entities], [Edge(a, b, "calls") for a, b in pairs])
    alerting = data.draw(st.lists(one, min_size=1, unique=True))
    found = path(data.draw(one), *[fact(name) for name in alerting], topology=topology)
    steps = list(zip(names(found)[1:], names(found), strict=False))
    assert all(step in pairs for step in steps)
    assert len(set(names(found))) == len(found) <= MAX_HOPS + 1
    assert all(hop.edge == "calls" for hop in found[:-1])
    assert all((hop.entity in alerting) == bool(hop.alerts) for hop in found)
