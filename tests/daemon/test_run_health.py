"""Health of guarded runs: each stop with its reason and what releases it, and open breakers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aiops.daemon.run_health import health_of, metrics_of
from aiops.respond.audit import Trail
from aiops.respond.format import Playbook
from aiops.respond.guard_case import Policy
from aiops.respond.runs import Runner
from aiops.respond.transport import RunTransport
from aiops.topology import Topology
from tests.playbook_site import playbook

AT, NAME = 1_700_000_000.0, "restart-worker"
PLAYBOOK = msgspec.convert(playbook("https://ops.example"), Playbook)
Make = Callable[..., Runner]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    with ExitStack() as stack:

        def build(ceiling: Any = "approve") -> Runner:
            trail, transport = Trail(tmp_path / "audit.jsonl"), RunTransport({})
            stack.callback(trail.close)
            stack.callback(transport.close)
            return Runner({NAME: PLAYBOOK}, Topology.build([], []), trail, transport, Policy(ceiling=ceiling), now=AT)

        yield build


def health(runner: Runner, now: float = AT) -> Any:
    return health_of(runner, {NAME: PLAYBOOK}, now)


def run_of(runner: Runner, number: int, state: str) -> None:
    run: dict[str, Any] = {"run": f"r-{number}", "playbook": NAME, "version": "1.0.0", "incident": "i"}
    runner._put("run", AT, run | {"targets": ["worker-1"], "plan": "p"})
    sent: dict[str, Any] = {"key": f"k-{number}", "place": "step 0", "target": "worker-1", "request": {}}
    runner._put("intent", AT, {"run": f"r-{number}", **sent})
    runner._put("ended", AT, {"run": f"r-{number}", "state": state, "why": "status 500"})


def test_health_names_each_stop_and_what_releases_it(make: Make) -> None:
    runner = make()
    runner.switch("global", True, "aiops", AT, "crash loop: 3 ends without a shutdown within 10 min")
    runner.switch("team:a b", True, "ann", AT + 1, "maintenance")
    found = health(runner)
    assert found["ok"] is False
    assert [one["scope"] for one in found["stopped"]] == ["global", "team:a b"]
    text = "all automation is stopped since 2023-11-14 22:13:20 UTC by aiops: crash loop: 3 ends without a shutdown"
    assert found["detail"].startswith(text)
    assert "check why, then `aiops remediation resume --note WHY`" in found["detail"]
    assert "kill switch team:a b is engaged since 2023-11-14 22:13:21 UTC by ann: maintenance" in found["detail"]
    assert found["stopped"][1]["release"] == "aiops playbooks switch off --scope 'team:a b' --note WHY"
    for scope in ("global", "team:a b"):
        runner.switch(scope, False, "ann", AT + 2, "checked")
    assert (health(runner)["ok"], health(runner)["stopped"]) == (True, [])
    # What the trail's cut engaged again was not engaged by the move before.
    runner._put("cut", AT + 3, {"problem": "lines are missing", "until": AT, "engaged": ["global"]})
    [stop] = health(runner)["stopped"]
    assert (stop["since"], stop["actor"], stop["reason"]) == (
        AT + 3,
        "aiops",
        "the audit trail was cut: lines are missing",
    )


@pytest.mark.parametrize(("ceiling", "is_fine"), [("suggest", True), ("approve", False), ("auto", False)])
def test_the_first_stop_is_a_warning_only_where_something_could_run(make: Make, ceiling: str, is_fine: bool) -> None:
    found = health(make(ceiling))
    assert (found["ok"], [one["is_initial"] for one in found["stopped"]]) == (is_fine, [is_fine])
    assert found["stopped"][0]["reason"] == "first start"


def test_health_names_an_open_breaker_and_until_when(make: Make) -> None:
    runner = make()
    runner.switch("global", False, "ann", AT, "tested")
    for number in range(PLAYBOOK.guards.max_failures):
        run_of(runner, number, "failed")
    found = health(runner, AT + 60)
    assert found["ok"] is False
    [breaker] = found["breakers"]
    assert (breaker["playbook"], breaker["since"]) == (NAME, AT)
    assert "the breaker of restart-worker is open since 2023-11-14 22:13:20 UTC" in found["detail"]
    # Half open: one run may try.
    assert health(runner, breaker["until"])["breakers"] == []
    [family] = [one for one in metrics_of(runner, {NAME: PLAYBOOK}, AT + 60) if one.name == "aiops_breakers_open"]
    assert family.lines == ["aiops_breakers_open 1"]


def test_many_stops_are_counted(make: Make) -> None:
    runner = make()
    for number in range(9):
        runner.switch(f"team:{number}", True, "ann", AT, "moved")
    assert "and 5 more" in health(runner)["detail"]
    assert len(health(runner)["stopped"]) == 10
