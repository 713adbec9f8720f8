"""The explanation of routes: what an endpoint would get of an alert, and why not."""

from __future__ import annotations

from aiops.notify.route_explanation import Explanation, explain
from aiops.notify.routes import routes_of
from aiops.routing.rules import read_rules
from aiops.topology import Topology
from tests.notify.routed_desk import config_of
from tests.routing.trees import alert

TEXT = """
[[endpoints]]
name = "chat"
type = "webhook"
min_severity = "high"
[[endpoints]]
name = "dba"
type = "webhook"
[route]
endpoints = ["chat"]
[[route.routes]]
matchers = ['team="db"']
endpoints = ["dba"]
mute_time_intervals = ["night"]
[[route.routes]]
matchers = ['team="past"']
endpoints = ["dba"]
active_time_intervals = ["past"]
[[time_intervals]]
name = "night"
[[time_intervals.time_intervals]]
times = [{ start_time = "00:00", end_time = "06:00" }]
[[time_intervals]]
name = "past"
[[time_intervals.time_intervals]]
years = [1999]
[[inhibit_rules]]
name = "site"
source_matchers = ['alertname="SiteDown"']
target_matchers = ['severity!="critical"']
equal = ["site"]
"""
NOON_S = 12 * 3_600.0


def explained(at: float = NOON_S, **labels: object) -> Explanation:
    config = config_of(TEXT)
    rules = read_rules(config.inhibit_rules, Topology())
    return explain(routes_of(config, Topology()), rules, alert(**labels), at)  # type: ignore[arg-type]


def test_an_opening_is_due_after_it_settled() -> None:
    (one,) = explained(severity="high").endpoints
    assert (one.endpoint, one.is_notified, one.due_at, one.settle_s) == ("chat", True, NOON_S + 10.0, 10.0)
    assert one.routes == ["$.route"]


def test_a_severity_below_the_minimum_is_not_notified_and_the_reason_is_stated() -> None:
    (one,) = explained(severity="warning").endpoints
    assert (one.is_notified, one.due_at, one.reason) == (False, None, "warning is below min_severity = high")


def test_a_mute_interval_delays_and_one_for_ever_prevents() -> None:
    (one,) = explained(3_600.0, team="db").endpoints
    assert (one.due_at, one.reason) == (6 * 3_600.0, "muted in night")
    (one,) = explained(team="past").endpoints
    assert (one.is_notified, one.reason) == (False, "active only in past, for more than a year")


def test_rules_that_may_inhibit_the_alert_are_listed_with_what_must_be_equal() -> None:
    assert explained().inhibitors == []
    (one,) = explained(severity="high", site="a").inhibitors
    assert (one.rule, one.source_matchers, one.equal) == ("site", ['alertname="SiteDown"'], {"site": "a"})
