"""Silent callees: one is named by callers that all wait for it."""

from __future__ import annotations

import pytest
from aiops_models.causes.silent_callees import WEIGHT, is_client_side, silent_callees

from aiops.ports import AlertFact
from aiops.topology import Edge, Node, Topology
from tests.models.scenes import fact, surprise

CLIENT = "PodClientLatencyP90(s):up"
# Two fronts call pay; only web calls mail; all is on host-1.
SITE = Topology.build(
    [Node(name, "service") for name in ("web", "app", "pay", "mail")] + [Node("pay-1", "pod"), Node("host-1", "host")],
    [
        Edge("web", "pay", "calls"),
        Edge("app", "pay", "calls"),
        Edge("web", "mail", "calls"),
        Edge("pay-1", "pay", "part_of"),
        Edge("web", "host-1", "runs_on"),
    ],
)


def blamed(*facts: AlertFact) -> dict[str, float]:
    found = surprise(*facts, topology=SITE)
    return silent_callees(found.graph, found)


def test_silent_callee_is_blamed_by_callers_that_all_wait() -> None:
    found = blamed(fact("web", CLIENT), fact("app", CLIENT))
    whole = sum(surprise(fact("web", CLIENT), fact("app", CLIENT), topology=SITE).blamed(one) for one in ("web", "app"))
    assert found["pay"] == pytest.approx(WEIGHT * whole)
    # Half of the complaints is of its only caller.
    assert found["mail"] == pytest.approx(found["pay"] / 2)


def test_callee_with_callers_that_do_not_wait_is_blamed_less() -> None:
    found = blamed(fact("web", CLIENT))
    assert found["pay"] == pytest.approx(found["mail"] / 2)


def test_replicas_of_a_blamed_service_share_its_blame() -> None:
    found = blamed(fact("web", CLIENT), fact("app", CLIENT))
    assert found["pay-1"] == found["pay"]


def test_hosts_are_called_by_nobody() -> None:
    assert "host-1" not in blamed(fact("web", CLIENT), fact("app", CLIENT))


def test_complaints_that_a_server_measures_blame_no_callee() -> None:
    assert blamed(fact("web"), fact("app", "PodServerLatencyP90(s):up")) == {}
    assert blamed() == {}


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        ("upstream request timeout", True),
        ("egress errors", True),
        ("outbound latency", True),
        ("request latency", False),
    ],
)
def test_client_side_types_are_known_by_their_words(type_: str, expected: bool) -> None:
    assert is_client_side(type_) is expected
