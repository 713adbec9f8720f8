"""The alerts of an incident, read once: streams, and minutes that count for the same places."""

from __future__ import annotations

from aiops.topology import Edge, Node, Topology
from aiops.views.incident_alerts import OTHER, alerts_of
from aiops.views.service_graph import ServiceGraph
from tests.views.incidents import START, incident
from tests.views.test_streams import episode

MINUTE = int(START // 60)
GRAPH = ServiceGraph(Topology.build([Node("cart"), Node("cart-0", "pod")], [Edge("cart", "cart-0", "runs_on")]))


def test_minutes_count_where_their_streams_stand() -> None:
    # The topology knows the pod, and another service than the alert does.
    own = [episode("Slow", "cart-0", service="shop"), episode("Slow", "till-0", service=None, workload="till")]
    found = alerts_of(
        incident(),
        GRAPH,
        own,
        [(MINUTE, "Slow", "shop", 3, 4), (MINUTE, "Slow", "till", 3, 2), (MINUTE, "Slow", "", 3, 1)],
    )
    assert [(one.place, one.count) for one in found.minutes] == [("cart", 4), ("till-0", 2), (OTHER, 1)]
    assert {one.place for one in found.streams} == {"cart", "till-0"}


def test_a_stream_that_began_before_the_incident_is_in_its_first_minute() -> None:
    own = [episode(started_at=START), episode("Down", "db", service="db", started_at=START + 120)]
    found = alerts_of(incident(), GRAPH, own, [(MINUTE + 1, "Slow", "web", 2, 9), (MINUTE + 2, "Down", "db", 2, 5)])
    assert sorted((one.at - MINUTE * 60, one.name, one.count) for one in found.minutes) == [
        (0, "Slow", 1),
        (60, "Slow", 9),
        (120, "Down", 5),
    ]


def test_an_incident_that_was_not_counted_has_no_minutes() -> None:
    assert alerts_of(incident(), GRAPH, [episode()]).minutes == []


def test_the_cause_stands_at_its_service() -> None:
    assert alerts_of(incident(cause="cart-0"), GRAPH).cause == "cart"
    assert alerts_of(incident(), GRAPH).cause is None
