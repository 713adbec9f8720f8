"""Inhibition by rules and by topology, on a real engine: openings are held, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from aiops.topology import Edge, Node, Topology
from tests.notify.engine_desk import EngineDesk

OpenDesk = Callable[..., EngineDesk]
RACK = """
[[inhibit_rules]]
name = "rack-down"
source_matchers = ['alertname="RackDown"']
target_matchers = ['alertname!="RackDown"']
equal = ["rack"]
"""
BY_TOPOLOGY = "[inhibition]\ntopology = true\n"
GRAPH = Topology.build(
    [Node(name) for name in ("web", "api", "db", "disk", "cart-0")],
    [
        Edge("web", "api", "calls"),
        Edge("api", "db", "uses"),
        Edge("db", "disk", "runs_on"),
        Edge("cart-0", "web", "part_of"),
    ],
)


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[OpenDesk]:
    with ExitStack() as stores:

        def open_one(text: str = RACK, topology: Topology | None = None, joins: bool = False) -> EngineDesk:
            desk = EngineDesk(tmp_path / str(len(list(tmp_path.iterdir()))), text, topology, joins)
            stores.callback(desk.store.close)
            return desk

        yield open_one


def test_an_incident_all_of_whose_alerts_are_inhibited_is_held_with_the_reason(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(30)
    assert (desk.changes("RackDown"), desk.changes("HostDown")) == (["opened"], [])
    hold = desk.held()["HostDown"].hold
    assert (hold.by, hold.rule) == ("RackDown on rack-7", "rack-down")
    assert desk.names[str(hold.incident)] == "RackDown"
    assert hold.text == f"inhibited by RackDown on rack-7 in {hold.incident} (rack-down)"


def test_another_value_of_an_equal_label_is_not_inhibited(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="8")
    desk.wait(30)
    assert desk.changes("HostDown") == ["opened"]


def test_one_alert_that_is_not_inhibited_is_enough_to_notify(open_desk: OpenDesk) -> None:
    desk = open_desk(joins=True)
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="7", service="shop")
    desk.fire("HostSlow", "host-1", rack="7", service="shop")
    assert list(desk.held()) == ["HostDown"]
    desk.fire("DiskFull", "host-1", service="shop")
    desk.wait(20)
    assert desk.changes("HostDown")[0] == "opened"
    assert list(desk.names.values()) == ["RackDown", "HostDown"]


def test_what_outlives_its_suppressor_is_notified_within_two_seconds(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(30)
    desk.end("RackDown", "rack-7", "critical", rack="7")
    desk.wait(2)
    assert desk.changes("HostDown") == ["opened"]
    assert desk.held() == {}


def test_what_ends_while_it_is_held_is_not_notified(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(20)
    desk.end("HostDown", "host-1", rack="7")
    desk.wait(20)
    desk.end("RackDown", "rack-7", "critical", rack="7")
    desk.wait(30)
    assert (desk.changes("HostDown"), desk.changes("RackDown")) == ([], ["opened", "resolved"])


def test_a_source_that_fires_while_the_target_settles_holds_it(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(2)
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.wait(30)
    assert desk.changes("HostDown") == []


def test_what_was_notified_continues_and_ends_under_inhibition(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(10)
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", "critical", rack="7")
    desk.wait(30)
    assert desk.changes("HostDown") == ["opened", "updated"]
    desk.end("HostDown", "host-1", "critical", rack="7")
    desk.wait(30)
    assert desk.changes("HostDown") == ["opened", "updated", "resolved"]


def test_a_reopening_is_held_as_an_opening_is(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(10)
    desk.end("HostDown", "host-1", rack="7")
    desk.wait(20)
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(40)
    assert desk.changes("HostDown") == ["opened", "resolved"]
    desk.end("RackDown", "rack-7", "critical", rack="7")
    desk.wait(20)
    assert desk.changes("HostDown") in (["opened", "resolved", "returned"], ["opened", "resolved", "reopened"])


def test_a_background_source_inhibits_too(open_desk: OpenDesk) -> None:
    text = RACK.replace('alertname="RackDown"', 'severity="info"').replace('alertname!="RackDown"', 'severity!="info"')
    desk = open_desk(text)
    desk.fire("InfoInhibitor", "ns", "info", rack="7")
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(30)
    assert desk.changes("HostDown") == []
    assert desk.held()["HostDown"].hold.incident is None
    desk.end("InfoInhibitor", "ns", "info", rack="7")
    desk.wait(2)
    assert desk.changes("HostDown") == ["opened"]


def test_a_source_that_gets_worse_becomes_one(open_desk: OpenDesk) -> None:
    text = RACK.replace('alertname="RackDown"', 'severity="critical"').replace(
        'alertname!="RackDown"', 'severity="warning"'
    )
    desk = open_desk(text)
    desk.fire("RackDown", "rack-7", "warning", rack="7")
    desk.wait(2)
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(30)
    assert desk.changes("HostDown") == []


def test_alerts_that_match_both_sides_do_not_inhibit_each_other(open_desk: OpenDesk) -> None:
    text = RACK.replace('alertname="RackDown"', 'rack="7"').replace('alertname!="RackDown"', 'rack="7"')
    desk = open_desk(text)
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(30)
    assert (desk.changes("RackDown"), desk.changes("HostDown")) == (["opened"], ["opened"])


def chain(*pairs: tuple[str, str]) -> str:
    return "".join(
        f"[[inhibit_rules]]\nsource_matchers = ['alertname=\"{one}\"']\ntarget_matchers = ['alertname=\"{other}\"']\n"
        for one, other in pairs
    )


def test_what_inhibits_itself_in_a_circle_inhibits_nothing(open_desk: OpenDesk) -> None:
    desk = open_desk(chain(("A", "B"), ("B", "C"), ("C", "A"), ("A", "D")))
    for name in ("A", "B", "C", "D"):
        desk.fire(name, f"host-{name}")
    desk.wait(30)
    assert [name for name in ("A", "B", "C", "D") if desk.changes(name)] == ["A", "B", "C", "D"]


def test_what_is_inhibited_inhibits_others(open_desk: OpenDesk) -> None:
    desk = open_desk(chain(("A", "B"), ("B", "C")))
    for name in ("A", "B", "C"):
        desk.fire(name, f"host-{name}")
    desk.wait(30)
    assert [name for name in ("A", "B", "C") if desk.changes(name)] == ["A"]
    desk.end("A", "host-A")
    desk.wait(3)
    assert [name for name in ("A", "B", "C") if desk.changes(name)] == ["A", "B"]


def test_a_reload_without_rules_releases_all(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(30)
    desk.reload("")
    desk.wait(2)
    assert desk.changes("HostDown") == ["opened"]


def test_a_reload_with_rules_holds_what_still_settles(open_desk: OpenDesk) -> None:
    desk = open_desk("")
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="7")
    desk.reload(RACK)
    desk.wait(30)
    assert desk.changes("HostDown") == []


def test_a_restart_changes_nothing(open_desk: OpenDesk) -> None:
    desk = open_desk()
    desk.reload(RACK)
    desk.fire("RackDown", "rack-7", "critical", rack="7")
    desk.fire("HostDown", "host-1", rack="7")
    desk.wait(30)
    desk.restart()
    desk.wait(10)
    assert desk.changes("HostDown") == []
    desk.end("RackDown", "rack-7", "critical", rack="7")
    desk.wait(2)
    assert desk.changes("HostDown") == ["opened"]


def test_a_cause_mutes_what_depends_on_it_hop_by_hop(open_desk: OpenDesk) -> None:
    desk = open_desk(BY_TOPOLOGY, GRAPH)
    desk.fire("DbDown", "db", "critical")
    desk.fire("ApiSlow", "api", "high")
    desk.fire("WebSlow", "web", "high")
    desk.wait(30)
    assert (desk.changes("DbDown"), desk.changes("ApiSlow"), desk.changes("WebSlow")) == (["opened"], [], [])
    assert {name: held.hold.by for name, held in desk.held().items()} == {
        "ApiSlow": "DbDown on db",
        "WebSlow": "DbDown on db",
    }
    desk.end("DbDown", "db", "critical")
    desk.wait(3)
    assert (desk.changes("ApiSlow"), desk.changes("WebSlow")) == (["opened"], []), "the web depends on the api"
    desk.end("ApiSlow", "api", "high")
    desk.wait(3)
    assert desk.changes("WebSlow") == ["opened"]


@pytest.mark.parametrize(
    ("below", "above"),
    [
        (("DbSlow", "db", "high"), ("ApiDown", "api", "critical")),
        (("DiskSlow", "disk", "critical"), ("ApiDown", "api", "critical")),
        (("WebSlow", "web", "critical"), ("CartDown", "cart-0", "critical")),
    ],
    ids=["less severe", "two hops with nothing between", "a part"],
)
def test_topology_does_not_mute(open_desk: OpenDesk, below: tuple[str, str, str], above: tuple[str, str, str]) -> None:
    desk = open_desk(BY_TOPOLOGY, GRAPH)
    desk.fire(*below)
    desk.fire(*above)
    desk.wait(30)
    assert (desk.changes(below[0]), desk.changes(above[0])) == (["opened"], ["opened"])


def test_what_depends_on_a_cause_does_not_mute_the_cause(open_desk: OpenDesk) -> None:
    desk = open_desk(BY_TOPOLOGY, GRAPH)
    desk.fire("WebSlow", "web", "critical")
    desk.wait(10)
    desk.fire("ApiDown", "api", "critical")
    desk.wait(30)
    assert (desk.changes("WebSlow"), desk.changes("ApiDown")) == (["opened"], ["opened"])


def test_a_cause_that_the_endpoint_does_not_hear_of_mutes_nothing(open_desk: OpenDesk) -> None:
    routes = """
[route]
endpoints = ["chat"]
[[route.routes]]
matchers = ['alertname="DbDown"']
endpoints = []
"""
    desk = open_desk(BY_TOPOLOGY + routes, GRAPH)
    desk.fire("DbDown", "db", "critical")
    desk.fire("ApiSlow", "api", "high")
    desk.wait(30)
    assert (desk.changes("DbDown"), desk.changes("ApiSlow")) == ([], ["opened"])


def test_entities_that_depend_on_each_other_do_not_mute_each_other(open_desk: OpenDesk) -> None:
    graph = Topology.build([Node("a"), Node("b")], [Edge("a", "b", "calls"), Edge("b", "a", "calls")])
    desk = open_desk(BY_TOPOLOGY, graph)
    desk.fire("ADown", "a", "critical")
    desk.fire("BDown", "b", "critical")
    desk.wait(30)
    notified = [name for name in ("ADown", "BDown") if desk.changes(name)]
    assert len(notified) == 1
    desk.end(notified[0], notified[0][0].lower(), "critical")
    desk.wait(3)
    assert all(desk.changes(name) for name in ("ADown", "BDown"))


def test_topology_is_off_by_default(open_desk: OpenDesk) -> None:
    desk = open_desk("", GRAPH)
    desk.fire("DbDown", "db", "critical")
    desk.fire("ApiSlow", "api", "high")
    desk.wait(30)
    assert (desk.changes("DbDown"), desk.changes("ApiSlow")) == (["opened"], ["opened"])


def test_an_endpoint_is_not_notified_if_all_alerts_that_lead_to_it_are_inhibited(open_desk: OpenDesk) -> None:
    text = """
[[endpoints]]
name = "tickets"
type = "webhook"
settle_s = { critical = 1, warning = 5 }
[route]
endpoints = ["chat"]
[[route.routes]]
matchers = ['level="low"']
endpoints = ["tickets"]
[[inhibit_rules]]
source_matchers = ['level="top"']
target_matchers = ['level="low"']
equal = ["alertname", "entity"]
"""
    desk = open_desk(text, joins=True)
    desk.fire("DiskFull", "db-1", "critical", level="top")
    desk.fire("DiskFull", "db-1", "warning", level="low")
    desk.wait(10)
    assert list(desk.names.values()) == ["DiskFull"], "one incident"
    assert (desk.changes("DiskFull"), desk.changes("DiskFull", "tickets")) == (["opened"], [])
    desk.end("DiskFull", "db-1", "critical", level="top")
    desk.wait(10)
    assert desk.changes("DiskFull", "tickets") == ["opened"]


def test_an_alert_on_both_sides_of_a_rule_is_not_inhibited_by_another_one_that_is_inhibited(
    open_desk: OpenDesk,
) -> None:
    both = "[[inhibit_rules]]\nsource_matchers = ['rack=\"7\"']\ntarget_matchers = ['rack=\"7\"']\n"
    desk = open_desk(both + chain(("Site", "B")))
    desk.fire("Site", "site")
    desk.fire("A", "host-a", rack="7")
    desk.fire("B", "host-b", rack="7")
    desk.wait(30)
    assert [name for name in ("Site", "A", "B") if desk.changes(name)] == ["Site", "A"]
