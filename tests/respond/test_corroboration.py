"""Without a person a target must alert itself, and nothing that it depends on may alert beside it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from aiops.ports import AlertFact
from aiops.respond.corroboration import MAX_BELOW, _dependencies
from aiops.respond.guards import evaluate
from aiops.respond.situation import Seen
from aiops.topology import Edge, Node, Topology
from tests.respond.alone import AT, Alone

# worker-1 runs on node-1 and calls web, whose replica web-0 runs on node-2 and uses db. gate calls worker-1.
SITE = Topology.build(
    [Node("worker-1", "service"), Node("web", "service"), Node("web-0", "pod"), Node("worker-1-0", "pod")],
    [
        Edge("worker-1-0", "worker-1", "part_of"),
        Edge("worker-1-0", "node-1", "runs_on"),
        Edge("worker-1", "web", "calls"),
        Edge("web-0", "web", "part_of"),
        Edge("web", "web-0", "runs_on"),
        Edge("web-0", "node-2", "runs_on"),
        Edge("web", "db", "uses"),
        Edge("gate", "worker-1", "calls"),
    ],
)


@pytest.fixture
def alone(samples: SimpleNamespace) -> Alone:
    found = Alone(samples)
    found.situation.topology = SITE
    return found


def seen(entity: str, name: str = "Slow", workload: str = "") -> Seen:
    return Seen(AlertFact(entity, name, 3, 1, AT - 60, AT, workload=workload), "", "")


@pytest.mark.parametrize(
    ("entity", "workload", "passes"),
    [("worker-1", "", True), ("worker-1-0", "", True), ("x", "worker-1", True), ("gate", "", False), ("x", "", False)],
)
def test_the_alert_that_it_is_for_is_on_the_target(alone: Alone, entity: str, workload: str, passes: bool) -> None:
    alone.situation.seen = [seen(entity, workload=workload)]
    assert alone.codes() == ([] if passes else ["target_silent"])


def test_another_alert_on_the_target_does_not_count(alone: Alone) -> None:
    """The playbook fits the first alert alone, which is on another entity."""
    alone.situation.seen = [seen("gate"), seen("worker-1")]
    assert alone.codes() == ["target_silent"]


def test_the_alert_on_the_target_must_fire_now(alone: Alone) -> None:
    alone.situation.seen = [seen("worker-1")]
    alone.world.firing = frozenset({("worker-1", "Slow"), ("gate", "Slow")})
    assert alone.codes() == []
    alone.world.firing = frozenset({("gate", "Slow")})
    assert "target_silent" in alone.codes()


def test_each_target_needs_its_own_alert(alone: Alone) -> None:
    alone.targets = ["worker-1", "gate"]
    assert "target_silent" in alone.codes()


@pytest.mark.parametrize("other", ["web", "web-0", "db", "node-1", "node-2"])
def test_it_may_suffer_from_what_it_depends_on(alone: Alone, other: str) -> None:
    alone.situation.seen = [*alone.situation.seen, seen(other)]
    assert alone.codes() == ["upstream_alerts"]
    [check] = [one for one in evaluate(alone.case()) if one.state == "refused"]
    assert (check.number, check.reason) == (
        3,
        f"Slow on {other}, which worker-1 depends on: it may suffer rather than be the cause",
    )


@pytest.mark.parametrize("other", ["gate", "worker-1-0", "elsewhere"])
def test_what_depends_on_it_does_not_refuse(alone: Alone, other: str) -> None:
    alone.situation.seen = [*alone.situation.seen, seen(other)]
    assert alone.codes() == []


def test_a_person_may_run_in_both_cases(alone: Alone) -> None:
    alone.by = "person"
    alone.situation.seen = [seen("gate"), seen("db")]
    assert alone.codes() == ["approval_missing"]


def test_cycles_end_and_large_sites_are_bounded() -> None:
    ring = Topology.build([], [Edge("a", "b", "calls"), Edge("b", "a", "calls")])
    assert _dependencies("a", ring) == {"b"}
    chain = Topology.build([], [Edge(f"n{i}", f"n{i + 1}", "calls") for i in range(3 * MAX_BELOW)])
    assert len(_dependencies("n0", chain)) < MAX_BELOW
