"""The endpoints that an incident reaches, and the settings of their routes."""

from __future__ import annotations

import msgspec

from aiops.config import EndpointConfig
from aiops.engine.events import IncidentChanged
from aiops.notify.routes import Plan, Routes, effective, routes_of, stand_ins
from aiops.records import Incident
from aiops.routing.config import RouteSettings
from aiops.topology import Node, Topology
from tests.notify.routed_desk import config_of
from tests.routing.trees import alert, tree

ENDPOINTS = """
[[endpoints]]
name = "chat"
type = "webhook"
[[endpoints]]
name = "dba"
type = "webhook"
min_severity = "high"
settle_s = { critical = 3, high = 20 }
"""
ROUTES = (
    ENDPOINTS
    + """
[route]
endpoints = ["chat"]
[[route.routes]]
matchers = ['owner="storage"']
endpoints = ["dba", "chat"]
settle_s = { high = 5 }
repeat_interval_s = 600
mute_time_intervals = ["night"]
[[time_intervals]]
name = "night"
[[time_intervals.time_intervals]]
times = [{ start_time = "00:00", end_time = "06:00" }]
"""
)
GRAPH = Topology.build([Node("db-1", "database", {"owner": "storage"})], [])
DAY_S = 86_400.0


def routes() -> Routes:
    return routes_of(config_of(ROUTES), GRAPH)


def reaching(found: Routes, *streams: object) -> dict[str, tuple[bool, bool]]:
    aims = found.destinations(list(streams))  # type: ignore[arg-type]
    return {one.config.name: (one.opens, one.follows) for one in aims}


def test_without_a_tree_every_endpoint_is_reached() -> None:
    found = routes_of(config_of(ENDPOINTS), Topology())
    assert reaching(found, alert()) == {"chat": (True, True), "dba": (True, True)}
    assert found.endpoints_of(alert(), 0.0) == ["chat", "dba"]
    (aim, _) = found.destinations([alert()])
    assert (aim.plan(), aim.next_open(5.0)) == (None, 5.0)
    assert found.may_remind(None, 0.0)


def test_an_incident_reaches_what_any_of_its_alerts_reaches() -> None:
    assert reaching(routes(), alert(entity="web")) == {"chat": (True, True), "dba": (False, False)}
    assert reaching(routes(), alert(entity="web"), alert(entity="db-1")) == {"chat": (True, True), "dba": (True, True)}


def test_alerts_that_fire_open_and_all_alerts_are_followed() -> None:
    ended = alert(entity="db-1", is_firing=False)
    assert reaching(routes(), alert(entity="web"), ended)["dba"] == (False, True)
    assert reaching(routes(), ended)["dba"] == (True, True), "where nothing fires, all count"


def test_settings_of_a_route_replace_those_of_the_endpoint() -> None:
    (chat, dba) = routes().destinations([alert(entity="db-1")])
    assert (dba.config.settles("high"), dba.config.settles("critical")) == (5.0, 3.0)
    assert (chat.config.settles("high"), chat.config.repeat_interval_s) == (5.0, 600.0)
    (chat, dba) = routes().destinations([alert(entity="web")])
    assert (chat.config.settles("high"), chat.config.repeat_interval_s) == (10.0, 0.0)


def test_several_routes_notify_soonest_and_most() -> None:
    endpoint = EndpointConfig("chat", "webhook", min_severity="high", repeat_interval_s=0.0, hold_resolved_s=9.0)
    first = RouteSettings(settle_s=30.0, repeat_interval_s=600.0, send_resolved=False, max_updates=2)
    second = RouteSettings(settle_s={"high": 5.0}, min_severity="info", update_every_s=300.0, hold_resolved_s=1.0)
    found = effective(endpoint, [first, second])
    assert [found.settles(word) for word in ("critical", "high", "info")] == [0.0, 5.0, 30.0]
    assert (found.min_severity, found.repeat_interval_s, found.send_resolved) == ("info", 600.0, True)
    assert (found.max_updates, found.update_every_s, found.hold_resolved_s) == (20, 15.0, 1.0)
    assert effective(endpoint, []) == endpoint


def test_a_route_that_is_open_opens_the_way_of_a_muted_one() -> None:
    text = ROUTES + "[[route.routes]]\nmatchers = ['team=\"web\"']\nendpoints = ['dba']\n"
    found = routes_of(config_of(text), GRAPH)
    (_, dba) = found.destinations([alert(entity="db-1")])
    assert dba.next_open(3_600.0) == 6 * 3_600.0
    (_, dba) = found.destinations([alert(entity="db-1"), alert(entity="x", team="web")])
    assert dba.next_open(3_600.0) == 3_600.0


def test_a_plan_keeps_what_reminders_need_and_survives_other_routes() -> None:
    (_, dba) = routes().destinations([alert(entity="db-1")])
    plan = dba.plan()
    assert plan is not None
    assert msgspec.json.decode(plan, type=Plan) == Plan(600.0, 3, ((("night",), ()),))
    assert not routes().may_remind(plan, 3_600.0)
    assert routes().may_remind(plan, 7 * 3_600.0)
    other = routes_of(config_of(ENDPOINTS + "[route]\nendpoints = ['chat']"), GRAPH)
    assert other.may_remind(plan, 3_600.0), "an interval that is gone mutes nothing"


def test_reminders_are_known_of_endpoints_and_of_routes() -> None:
    assert routes().reminds == {"chat", "dba"}
    assert routes().repeats_s == [600.0]
    assert routes().count == 2
    assert routes().reached_names == {"chat", "dba"}


def test_streams_that_are_not_kept_are_stood_in_for() -> None:
    incident = Incident(id="i", severity="high", entities=["web", "db-1"])
    event = IncidentChanged(0, 0.0, "opened", incident, 1, [], streams=[alert(entity="web")], unkept=3)
    assert [(one.entity, one.severity) for one in stand_ins(event)] == [("db-1", 3)]
    event.incident.entities = ["web"]
    assert [one.entity for one in stand_ins(event)] == [""], "at least the default route is reached"
    event.unkept = 0
    assert stand_ins(event) == []


def test_routes_are_remembered_by_labels_that_live() -> None:
    found = Routes(
        config_of(ENDPOINTS).endpoints,
        tree("[route]\nendpoints = []\n[[route.routes]]\nmatchers = ['a=\"1\"']\nendpoints = ['dba']"),
    )
    for number in range(50):
        one = alert(a=str(number % 2))
        assert reaching(found, one)["dba"][0] is (number % 2 == 1)


def test_an_alert_reaches_endpoints_whose_routes_are_not_muted() -> None:
    assert routes().endpoints_of(alert(entity="db-1"), 3_600.0) == []
    assert routes().endpoints_of(alert(entity="db-1"), 7 * 3_600.0) == ["dba", "chat"]
