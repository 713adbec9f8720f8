"""Routes, inhibition and endpoints as clients of Alertmanager see them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.config import Config, EndpointConfig
from aiops.engine.firing import FiringAlert
from aiops.errors import UsageError
from aiops.migration.alertmanager import translate
from aiops.notify.routing_view import RoutingView
from aiops.topology import Topology

# A Monday noon in UTC.
MONDAY = 1_772_452_800.0
SATURDAY = MONDAY + 5 * 86_400
ALERTMANAGER = """
route:
  receiver: chat
  group_wait: 500ms
  routes:
    - matchers: ['team=~"db|web"']
      receiver: oncall
      continue: true
      mute_time_intervals: [weekends]
      repeat_interval: 12h
      routes:
        - matchers: ['service="shop"']
          receiver: shop
    - matchers: ['severity="page"']
      receiver: both
    - matchers: ['alertname="Watchdog"']
      receiver: 'null'
receivers:
  - name: chat
    slack_configs: [{api_url: 'https://s.example'}]
  - name: oncall
    webhook_configs: [{url: 'https://o.example'}]
  - name: shop
    webhook_configs: [{url: 'https://p.example'}]
  - name: both
    webhook_configs: [{url: 'https://a.example'}, {url: 'https://b.example'}]
  - name: 'null'
time_intervals:
  - name: weekends
    time_intervals: [{weekdays: ['saturday', 'sunday']}]
inhibit_rules:
  - source_matchers: ['alertname="NodeDown"']
    target_matchers: ['severity="warning"']
    equal: [node]
"""


def view(text: str = ALERTMANAGER) -> RoutingView:
    return RoutingView(msgspec.convert(translate(text.encode()).config, Config), Topology())


def alert(name: str = "DiskFull", severity: str = "critical", **labels: str) -> FiringAlert:
    absent: dict[str, Any] = dict.fromkeys(("service", "source", "message", "url"))
    times: dict[str, Any] = dict.fromkeys(("starts_at", "updated_at", "ends_at"), 0.0)
    return FiringAlert(
        fingerprint=f"{name}-{labels}",
        name=name,
        entity="db-1",
        severity=severity,
        labels=labels,
        annotations={},
        silenced_by=[],
        **{**absent, "service": labels.get("service")},
        **times,
    )


@pytest.mark.parametrize(("severity", "expected"), [("critical", ["a", "b"]), ("warning", ["b"]), ("info", ["nobody"])])
def test_without_routes_an_endpoint_receives_what_is_severe_enough(severity: str, expected: list[str]) -> None:
    endpoints = [EndpointConfig("a", "webhook", min_severity="high"), EndpointConfig("b", "webhook")]
    [found] = RoutingView(Config(endpoints=endpoints), Topology()).routed([alert(severity=severity)], MONDAY)
    assert (found.receivers, found.muted_by) == (expected, [])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (alert(), ["both-alertmanager", "both-alertmanager-2"]),
        (alert(severity="info"), ["chat"]),
        (alert(severity="info", team="db"), ["oncall"]),
        (alert(severity="info", team="web", service="shop"), ["shop"]),
        (alert(team="db"), ["oncall", "both-alertmanager", "both-alertmanager-2"]),
        (alert("Watchdog", severity="info"), ["nobody"]),
    ],
    ids=str,
)
def test_an_alert_walks_the_tree_as_in_alertmanager(given: FiringAlert, expected: list[str]) -> None:
    [found] = view().routed([given], MONDAY)
    assert found.receivers == expected


def test_an_alert_is_muted_if_all_its_routes_are_closed() -> None:
    made = view()
    assert made.routed([alert(team="db", severity="warning")], MONDAY)[0].muted_by == []
    assert made.routed([alert(team="db", severity="warning")], SATURDAY)[0].muted_by == ["weekends"]
    # The child of the route does not inherit its intervals, and the other route is open.
    assert made.routed([alert(team="db", service="shop", severity="warning")], SATURDAY)[0].muted_by == []
    assert made.routed([alert(team="db", severity="critical")], SATURDAY)[0].muted_by == []


def test_a_rule_inhibits_alerts_with_the_same_labels() -> None:
    source, other = alert("NodeDown", node="n1"), alert("NodeDown", node="n2")
    target, free = alert("PodSlow", "warning", node="n1"), alert("PodSlow", "warning", node="n3")
    found = view().routed([target, source, other, free], MONDAY)
    assert [one.inhibited_by for one in found] == [[source.fingerprint], [], [], []]
    assert view().routed([target], MONDAY)[0].inhibited_by == []


def test_an_alert_on_both_sides_is_not_inhibited_by_another_one() -> None:
    text = ALERTMANAGER.replace(
        "target_matchers: ['severity=\"warning\"']", "target_matchers: ['alertname=~\"Node.*\"']"
    )
    one, two = alert("NodeDown", node="n"), alert("NodeDown", node="n", other="x")
    slow = alert("NodeSlow", node="n")
    found = view(text).routed([one, two, slow], MONDAY)
    assert [each.inhibited_by for each in found] == [[], [], [one.fingerprint]]


def test_the_yaml_names_all_receivers() -> None:
    plain = RoutingView(Config(endpoints=[EndpointConfig("a", "webhook"), EndpointConfig("b", "webhook")]), Topology())
    assert plain.receivers() == ["a", "b"]
    assert msgspec.yaml.decode(plain.yaml()) == {
        "route": {"receiver": "a,b"},
        "receivers": [{"name": "a"}, {"name": "b"}, {"name": "a,b"}],
    }
    nobody = RoutingView(Config(), Topology())
    assert msgspec.yaml.decode(nobody.yaml()) == {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}


def test_the_yaml_is_the_tree_in_alertmanager_s_words() -> None:
    found = msgspec.yaml.decode(view().yaml())
    route = found["route"]
    assert (route["receiver"], route["group_wait"], route["group_interval"]) == ("chat", "500ms", "300s")
    assert route["routes"][0] == {
        "receiver": "oncall",
        "matchers": ['team=~"db|web"'],
        "continue": True,
        "repeat_interval": "43200s",
        "mute_time_intervals": ["weekends"],
        "routes": [{"receiver": "shop", "matchers": ['service="shop"']}],
    }
    assert [one["receiver"] for one in route["routes"]] == ["oncall", "both-alertmanager,both-alertmanager-2", "nobody"]
    assert found["inhibit_rules"] == [
        {"source_matchers": ['alertname="NodeDown"'], "target_matchers": ['severity="warning"'], "equal": ["node"]}
    ]
    assert translate(view().yaml().encode()).config["time_intervals"][0]["name"] == "weekends"


@pytest.mark.skipif(shutil.which("amtool") is None, reason="needs amtool (Debian: prometheus-alertmanager)")
def test_amtool_reads_the_yaml(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(view().yaml())
    for words, said in (
        (["check-config", str(path)], "SUCCESS"),
        (["config", "routes", "test", "--config.file", str(path), "team=db"], "oncall"),
        (["config", "routes", "test", "--config.file", str(path), "team=db", "service=shop"], "shop"),
        (["config", "routes", "test", "--config.file", str(path), "a=b"], "chat"),
    ):
        done = subprocess.run(["amtool", *words], capture_output=True, text=True, timeout=300, check=False)
        assert (done.returncode, said in done.stdout) == (0, True), done.stderr


def test_another_configuration_is_used_whole_or_not_at_all() -> None:
    made = view()
    bad = msgspec.convert({"route": {"endpoints": ["none"]}}, Config)
    with pytest.raises(UsageError):
        made.replace(bad, Topology())
    assert made.receivers()[0] == "chat"
    made.replace(Config(), Topology())
    assert made.receivers() == []
