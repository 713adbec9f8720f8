"""The workloads of an incident: counted by entity, and called what their entities are."""

from __future__ import annotations

from typing import Any

import pytest

from aiops.engine.config import EngineConfig, IncidentConfig
from aiops.engine.engine import Engine
from aiops.engine.incidents.affected import affected, same_alert
from aiops.engine.incidents.clusters import MemberState
from aiops.records import Affected, Alert, Incident
from tests.engine.made import made

T0 = 1_795_000_000.0


def member(entity: str, workload: str = "cart", name: str = "Slow", **more: Any) -> MemberState:
    given: dict[str, Any] = {"service": None, "source": None, "labels": {}, "callers": {}, **more}
    return made(MemberState, number=1, cluster=1, name=name, entity=entity, workload=workload, **given)


def incident(*alerts: Alert) -> Incident:
    """The incident that critical alerts open."""
    engine = Engine()
    engine.step(alerts)
    (state,) = engine.incidents.by_id.values()
    found = engine.present(state.id)
    assert found is not None
    return found[0]


def alert(number: int, entity: str, name: str = "Slow", **more: Any) -> Alert:
    return Alert(ts=T0 + number, name=name, entity=entity, severity="critical", **more)


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ([member("cart-0")], "cart-0"),
        ([member("cart-0"), member("cart-0", name="Other")], "cart-0"),
        ([member("cart-0"), member("cart-1")], "cart, 2 replicas"),
        ([member("pod/cart-0"), member("pods/cart-1")], "cart, 2 pods"),
        ([member("a", labels={"pod": "a"}), member("b", labels={"pod": "b", "node": "n"})], "cart, 2 pods"),
        ([member("node/w-0", "node/w"), member("node/w-1", "node/w")], "node/w, 2 nodes"),
        ([member("a", service="cart"), member("b", service="cart")], "cart, 2 entities"),
        ([member("pod/cart-0"), member("cart-1")], "cart, 2 entities"),
    ],
)
def test_entities_of_a_workload_are_counted_and_called_what_they_are(members: list[MemberState], text: str) -> None:
    assert [one.text for one in affected(members)] == [text]


def test_workloads_stand_in_the_order_in_which_they_came() -> None:
    found = affected([member("db-0", "db"), member("cart-0"), member("queue", ""), member("cart-1")])
    assert found == [
        Affected("db", "db-0", 1, "replica"),
        Affected("cart", "cart-0", 2, "replica"),
        Affected("queue", "queue", 1, "replica"),
    ]
    assert affected([]) == []


def test_only_entities_with_the_same_alert_share_a_title() -> None:
    members = [member("cart-0"), member("cart-1"), member("cart-2", name="Other"), member("db-0", "db")]
    assert same_alert(members, members[0]).text == "cart, 2 replicas"
    assert same_alert(members, members[2]).text == "cart-2"
    assert same_alert(members, members[3]).text == "db-0"


def test_incident_names_a_workload_in_place_of_its_pods() -> None:
    pods = [alert(number, f"pod/payments-api-7d9f8c6b5d-x2x{number}z") for number in (2, 4, 5, 6)]
    found = incident(*pods)
    assert found.title == "Slow on payments-api, 4 pods"
    assert [one.text for one in found.workloads] == ["payments-api, 4 pods"]
    assert {one.workload for one in found.members} == {"payments-api"}
    assert found.entity_count == 4


def test_incident_of_single_entities_reads_as_before() -> None:
    found = incident(alert(0, "cart-0"))
    assert found.title == "Slow on cart-0"
    assert [one.text for one in found.workloads] == ["cart-0"]


def test_incident_that_does_not_keep_all_streams_counts_no_workloads() -> None:
    engine = Engine(EngineConfig(incidents=IncidentConfig(max_members=3)))
    engine.step([alert(number, f"cart-{number}", service="cart") for number in range(9)])
    (state,) = engine.incidents.by_id.values()
    found = engine.present(state.id)
    assert found is not None
    assert found[0].workloads == []
    assert found[0].title == "Slow on cart-0 and 8 more entities"
