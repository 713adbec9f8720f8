"""The row of incomplete topologies: what is left out, and that the answers are judged by the whole."""

from __future__ import annotations

from aiops.ports import AlertFact, IncidentView
from aiops.records import RootCause
from aiops.topology import Edge, Node, Topology
from benchmarks.accuracy.causes_data import Case, System
from benchmarks.accuracy.causes_incomplete import LEFT_OUT, figures, incomplete_table, services, without

NAMES = ["ads", "cart", "mail", "pay", "search", "web"]
WHOLE = Topology.build(
    [
        *(Node(name) for name in NAMES),
        *(Node(f"{name}-0", "pod", {"service": name}) for name in NAMES),
        Node("n", "host"),
    ],
    [*(Edge("web", name, "calls") for name in NAMES[:-1]), *(Edge(name, f"{name}-0", "runs_on") for name in NAMES)],
)


def system() -> System:
    """One incident a service: one of its pods, whose name nobody chose, is short of memory."""
    cases = []
    for number, name in enumerate(NAMES):
        entity = f"pod/{name}-7d9f8c6b5d-x2x4z"
        fact = AlertFact(entity, "OOMKilled", 3, 1, 1e9 + number, 1e9 + number, name, workload=name)
        view = IncidentView(f"i{number}", 1e9 + number, [fact])
        cases.append(Case(view, RootCause(name, level="service")))
    return System("shop", WHOLE, cases)


def test_services_and_their_replicas_are_left_out() -> None:
    left = without(system(), 1).topology
    assert services(WHOLE) == NAMES
    assert len(services(left)) == len(NAMES) - LEFT_OUT
    assert sorted(left.nodes) == sorted([*services(left), *(f"{name}-0" for name in services(left)), "n"])
    assert not left.warnings
    assert without(system(), 1).topology.nodes == left.nodes
    assert len({frozenset(without(system(), seed).topology.nodes) for seed in range(5)}) > 1


def test_service_that_the_topology_lacks_is_named_by_its_workload() -> None:
    assert figures(system())[:2] == [1.0, 1.0]
    assert incomplete_table([system()]).row_count == 1


def test_system_of_few_services_has_no_row() -> None:
    small = System("small", Topology.build([Node("web")], []), [])
    assert incomplete_table([small]).row_count == 0
