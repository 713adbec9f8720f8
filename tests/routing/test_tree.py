"""The tree of routes: where an alert goes, and why; compared with amtool's answer where amtool is installed."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.engine.events import StreamLabels
from aiops.errors import UsageError
from aiops.routing.config import Route, TimeInterval, TimeSpan
from aiops.routing.tree import MAX_DEPTH, Tree, by_severity
from tests.routing.trees import alert, tree

AMTOOL = shutil.which("amtool")
TREE = """
[route]
endpoints = ["chat"]
settle_s = 30
[[route.routes]]
name = "database"
matchers = ['team="db"']
endpoints = ["dba"]
continue = true
[[route.routes.routes]]
matchers = ['severity="critical"']
endpoints = ["pager"]
settle_s = { critical = 0 }
[[route.routes]]
matchers = ['team=~"db|web"']
repeat_interval_s = 3600
[[route.routes]]
matchers = ['team="web"']
endpoints = ["never"]
[[route.routes]]
matchers = ['team="lab"']
endpoints = []
"""


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"team": "db"}, [["pager"], ["chat"]]),
        ({"team": "db", "severity": "high"}, [["dba"], ["chat"]]),
        ({"team": "web"}, [["chat"]]),
        ({"team": "lab"}, [[]]),
        ({}, [["chat"]]),
    ],
)
def test_an_alert_takes_the_first_child_and_continues_where_it_may(
    labels: dict[str, Any], expected: list[list[str]]
) -> None:
    assert [node.endpoints for node in tree(TREE).reached(alert(**labels))] == expected


def test_settings_are_inherited_and_replaced() -> None:
    nodes = tree(TREE).nodes
    assert nodes[2].settings.settle_s == {**by_severity(30.0), "critical": 0.0}
    assert (nodes[3].settings.settle_s, nodes[3].settings.repeat_interval_s) == (30.0, 3600.0)
    assert nodes[0].settings.repeat_interval_s is None


def test_time_intervals_are_not_inherited() -> None:
    child = Route(matchers=["a=b"], mute_time_intervals=["night"], routes=[Route(matchers=["c=d"])])
    made = Tree(Route(endpoints=[], routes=[child]), [TimeInterval("night", [TimeSpan()])])
    assert [bool(node.gate) for node in made.nodes] == [False, True, False]
    assert made.gate(["night", "forgotten"], ["forgotten"]).names == (("night",), ())


def test_each_step_states_what_came_of_it() -> None:
    steps = tree(TREE).explain(alert(team="db", severity="high"))
    assert [(step.place, step.matched, step.takes) for step in steps] == [
        ("$.route", True, False),
        ("$.route.routes[0]", True, True),
        ("$.route.routes[0].routes[0]", False, False),
        ("$.route.routes[1]", True, True),
    ]
    assert (steps[2].failed, steps[2].value) == ('severity="critical"', "high")
    assert [step.title for step in steps[:2]] == ["default route", "database"]


@pytest.mark.parametrize(
    ("route", "message"),
    [
        (Route(), r"\$\.route\.endpoints: expected the endpoints"),
        (Route(endpoints=["a"], matchers=["x=y"]), r"\$\.route\.matchers: the first route"),
        (Route(endpoints=["a"], is_continued=True), r"\$\.route\.continue: the first route"),
        (Route(endpoints=["a"], mute_time_intervals=["night"]), r"\$\.route\.mute_time_intervals: the first route"),
        (Route(endpoints=["b"]), r"\$\.route\.endpoints\[0\]: unknown endpoint \(got 'b'; use a\)"),
        (
            Route(endpoints=["a"], routes=[Route(matchers=["x=y"], endpoints=["a", "b"])]),
            r"\$\.route\.routes\[0\]\.endpoints\[1\]: unknown endpoint",
        ),
        (
            Route(endpoints=["a"], routes=[Route(matchers=["x=y"], active_time_intervals=["day"])]),
            r"\$\.route\.routes\[0\]\.active_time_intervals\[0\]: no time interval .*got 'day'; use night",
        ),
        (Route(endpoints=["a"], min_severity="hihg"), r"\$\.route\.min_severity: unknown severity 'hihg'"),
        (Route(endpoints=["a"], settle_s={"hihg": 1.0}), r"\$\.route\.settle_s: unknown severity 'hihg'"),
        (Route(endpoints=["a"], routes=[Route(matchers=["x"])]), r"\$\.route\.routes\[0\]\.matchers\[0\]: "),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(route: Route, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Tree(route, [TimeInterval("night", [TimeSpan()])], ["a"])


def test_a_tree_has_a_bounded_depth() -> None:
    route = Route(matchers=["x=y"])
    for _ in range(MAX_DEPTH):
        route = Route(matchers=["x=y"], routes=[route])
    with pytest.raises(UsageError, match="at most 16 levels"):
        Tree(Route(endpoints=[], routes=[route]))


def random_route(rng: random.Random, depth: int) -> dict[str, Any]:
    values, label = ["a", "b", "c", ""], rng.choice("xyz")
    operator = rng.choice(["=", "!=", "=~", "!~"])
    value = rng.choice(values) if "~" not in operator else rng.choice(["a|b", "[bc]", ".+", "a?"])
    made: dict[str, Any] = {"matchers": [f'{label}{operator}"{value}"'], "continue": rng.random() < 0.4}
    if rng.random() < 0.7:
        made["endpoints"] = [f"r{rng.randrange(5)}"]
    if depth and rng.random() < 0.7:
        made["routes"] = [random_route(rng, depth - 1) for _ in range(rng.randrange(1, 4))]
    return made


def as_alertmanager(route: dict[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in route.items() if key in ("matchers", "continue")}
    if "endpoints" in route:
        made["receiver"] = route["endpoints"][0]
    made["routes"] = [as_alertmanager(one) for one in route.get("routes", [])]
    return made


@pytest.mark.skipif(AMTOOL is None, reason="amtool is not installed")
@pytest.mark.parametrize("seed", range(12))
def test_an_alert_reaches_what_alertmanager_reaches(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    route = {"endpoints": ["r0"], "routes": [random_route(rng, 3) for _ in range(4)]}
    path = tmp_path / "alertmanager.yml"
    receivers = [{"name": f"r{number}"} for number in range(5)]
    path.write_text(json.dumps({"route": as_alertmanager(route), "receivers": receivers}))
    made = Tree(msgspec.convert(route, Route))
    for _ in range(6):
        labels = {label: rng.choice(["a", "b", "c"]) for label in "xyz" if rng.random() < 0.7}
        given = [f"{name}={value}" for name, value in labels.items()] or ["other=1"]
        command = [str(AMTOOL), "config", "routes", "test", f"--config.file={path}", *given]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        found = [name for node in made.reached(StreamLabels("f", "", "", labels=labels)) for name in node.endpoints]
        assert done.stdout.strip() == ",".join(found), (given, path.read_text())
