"""The graph around an incident: what alerts and what is beside it, bounded, and in words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiops.records import Cause, Evidence, Hop
from aiops.topology import Edge, Node, Topology
from aiops.views.neighbourhood import MAX_QUIET, MAX_SERVICES, mark_elsewhere, neighbourhood, node_words
from aiops.views.service_graph import ServiceGraph
from tests.views.incidents import alerts, incident, stream

SHOP = ServiceGraph(
    Topology.build(
        [Node("cart"), Node("cart-0", "pod"), Node("cart-1", "pod"), Node("db", "database")],
        [
            Edge("web", "cart", "calls"),
            Edge("cart", "db", "uses"),
            Edge("cart", "cart-0", "runs_on"),
            Edge("cart", "cart-1", "runs_on"),
            Edge("cron", "db", "uses"),
        ],
    )
)


def test_cause_symptom_and_quiet_neighbours_have_their_roles() -> None:
    own = alerts(stream("Slow", "web", severity=4, count=8), stream("Full", "db", severity=2, count=3), cause="db")
    found = neighbourhood(incident(), own, SHOP)
    assert [(one.name, one.role, one.alerts) for one in found.nodes] == [
        ("db", "cause", 3),
        ("web", "symptom", 8),
        ("cart", "quiet", 0),
        ("cron", "quiet", 0),
    ]
    assert {(one.source, one.target) for one in found.edges} == {("web", "cart"), ("cart", "db"), ("cron", "db")}
    assert found.sentence == (
        "Likely cause: db. With alerts: db (warning, 3 alerts), web (critical, 8 alerts). "
        "3 dependencies between them; 2 quiet neighbours."
    )


def test_a_cause_that_has_no_alert_is_shown() -> None:
    found = neighbourhood(incident(), alerts(stream("Slow", "web"), cause="db"), SHOP)
    assert (found.nodes[0].name, found.nodes[0].role, node_words(found.nodes[0])) == ("db", "cause", ["cause", "quiet"])


def test_a_neighbour_in_another_incident_is_not_called_quiet() -> None:
    found = neighbourhood(incident(), alerts(stream("Slow", "web"), cause="db"), SHOP)
    words = {one.name: node_words(one) for one in mark_elsewhere(found, {"cart": "inc-2", "web": "inc-2"}).nodes}
    assert words == {"db": ["cause", "quiet"], "web": ["1 alert"], "cart": ["other incident"], "cron": ["quiet"]}


def test_replicas_are_counted_against_those_that_there_are() -> None:
    own = alerts(stream("Slow", "cart-0", "cart"), stream("Errors", "cart-0", "cart"), stream("Errors", "cart", "cart"))
    [cart, *_] = neighbourhood(incident(), own, SHOP).nodes
    assert node_words(cart) == ["3 alerts", "1 of 2 pods"]


def test_without_a_topology_there_are_services_and_no_edges() -> None:
    found = neighbourhood(incident(), alerts(stream("Slow", "a"), stream("Slow", "b")), ServiceGraph(Topology()))
    assert (found.has_topology, found.edges, len(found.nodes)) == (False, [], 2)
    assert "No clear cause." in found.sentence


def test_a_host_that_alerts_is_below_what_runs_on_it() -> None:
    nodes = [Node("web"), Node("web-0", "pod"), Node("n1", "host"), Node("n2", "host")]
    edges = [Edge("web", "web-0", "runs_on"), Edge("web-0", "n1", "runs_on"), Edge("web-0", "n2", "runs_on")]
    own = alerts(stream("Slow", "web-0", "web"), stream("Disk", "n1"))
    found = neighbourhood(incident(), own, ServiceGraph(Topology.build(nodes, edges)))
    assert sorted(one.name for one in found.nodes) == ["n1", "web"]
    assert [(one.source, one.target) for one in found.edges] == [("web", "n1")]


def test_what_does_not_fit_is_counted() -> None:
    edges = [Edge("hub", f"s{number}", "calls") for number in range(40)]
    edges += [Edge(f"s{number}", f"q{number}", "calls") for number in range(40)]
    own = alerts(*[stream("Slow", f"s{number}") for number in range(40)])
    found = neighbourhood(incident(stream_count=90), own, ServiceGraph(Topology.build([], edges)))
    assert len(found.nodes) == MAX_SERVICES + MAX_QUIET
    assert found.more == 40 - MAX_SERVICES
    assert found.more_quiet == MAX_SERVICES + 1 - MAX_QUIET
    assert (found.described, found.stream_count) == (40, 90)
    assert f"and {40 - 6} more" in found.sentence


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30),
    st.lists(st.integers(0, 15), max_size=12),
    st.integers(0, 15),
)
def test_edges_are_between_nodes_that_are_shown(pairs: list[tuple[int, int]], alerting: list[int], cause: int) -> None:
    graph = ServiceGraph(Topology.build([], [Edge(f"s{one}", f"s{other}", "calls") for one, other in pairs]))
    own = alerts(*[stream("Slow", f"s{number}") for number in alerting], cause=f"s{cause}")
    found = neighbourhood(incident(), own, graph)
    names = [one.name for one in found.nodes]
    assert len(set(names)) == len(names)
    assert {f"s{number}" for number in alerting} | {f"s{cause}"} <= set(names)
    assert all(one.source in names and one.target in names for one in found.edges)
    assert sum(one.alerts for one in found.nodes) == len(alerting)


def test_edges_on_the_path_of_the_likely_cause_are_marked() -> None:
    path = [Hop("db", "uses", ["Full"]), Hop("cart-0", "part_of"), Hop("cart", "calls"), Hop("web", "", ["Slow"])]
    found = incident(causes=[Cause("db", 9.0, confidence="high", evidence=[Evidence("internal", 9.0)], path=path)])
    own = alerts(stream("Slow", "web"), stream("Full", "db"), cause="db")
    shown = neighbourhood(found, own, SHOP)
    marked = {(one.source, one.target) for one in shown.edges if one.is_on_path}
    assert marked == {("web", "cart"), ("cart", "db")}
