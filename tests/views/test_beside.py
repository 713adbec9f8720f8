"""What a daemon knows beside the store: plans with their reason, runs, and the measure of causes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from aiops.errors import AiopsError
from aiops.records import Incident
from aiops.respond.filled import Filled
from aiops.respond.format import Playbook
from aiops.respond.history import Run
from aiops.respond.plans import Plan
from aiops.views.beside import beside_of
from tests.playbook_site import playbook
from tests.views.sample import AT, GRAPH, incident

RUN = Run("r-1", "restart-worker", "1.0.0", "inc-1", ["worker-1"], AT)


class Runs:
    """Runs of one incident, whose plan may be refused."""

    def __init__(self, problem: str = "") -> None:
        self.problem = problem

    def plan(self, incident: str, playbook: str) -> Plan:
        if self.problem:
            raise AiopsError(self.problem)
        return Plan("p-1", playbook, incident, [], [], [], None, "")

    def of(self, incident: str) -> list[Run]:
        return [RUN]


class Host:
    """A daemon with one playbook that may run, and one for people."""

    def __init__(self, runs: Runs | None = None, busy: bool = False) -> None:
        self.runs, self.busy, self.services = runs, busy, GRAPH
        runnable = msgspec.convert(playbook("https://ops.example"), Playbook)
        by_hand = msgspec.structs.replace(runnable, steps=[msgspec.convert({"kind": "manual", "name": "do"}, Any)])
        self.playbooks: Mapping[str, Playbook] = {"restart-worker": runnable, "by-hand": by_hand}

    def filled(self, incident: Incident, playbook: str) -> Filled | None:
        return None

    def calibration(self) -> Mapping[str, Any] | None:
        if self.busy:
            raise AiopsError("calibration: the engine did not answer in 5 s; try again")
        return {"outcomes": 3, "needed": 10}


def planned(host: Host, name: str = "restart-worker", **changes: Any) -> Plan | str | None:
    return beside_of(host, incident(**changes)).playbooks.plan(name)


def test_plan_and_runs_are_those_of_the_daemon() -> None:
    found = beside_of(Host(Runs()), incident())
    assert found.playbooks.runs == [RUN]
    assert isinstance(planned(Host(Runs())), Plan)
    assert found.calibration == {"outcomes": 3, "needed": 10}


@pytest.mark.parametrize(
    ("host", "name", "changes", "answer"),
    [
        (Host(Runs("the engine did not answer")), "restart-worker", {}, "the engine did not answer"),
        (Host(Runs()), "by-hand", {}, None),
        (Host(Runs()), "unknown", {}, None),
        (Host(Runs()), "restart-worker", {"status": "resolved"}, None),
    ],
)
def test_plan_that_there_is_not_has_its_reason(
    host: Host, name: str, changes: dict[str, Any], answer: str | None
) -> None:
    assert planned(host, name, **changes) == answer


def test_disabled_runs_are_named() -> None:
    assert str(planned(Host())).startswith("Runs are unavailable: respond.enabled is false")


def test_busy_engine_costs_the_measure_alone() -> None:
    assert beside_of(Host(Runs(), busy=True), incident()).calibration is None
