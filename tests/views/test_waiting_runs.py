"""A run waits for a person if its approval alone is missing; what guards refuse is told apart."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aiops.engine.events import IncidentChanged
from aiops.errors import AiopsError
from aiops.records import Incident, Suggestion
from aiops.records.model import Rejection
from aiops.respond.calls import Call
from aiops.respond.guards import GuardCheck
from aiops.respond.http_kinds import Http
from aiops.respond.plans import Plan
from aiops.respond.steps import Manual
from aiops.store.store import FrameDecisions, Store
from aiops.views import waiting_runs as module
from aiops.views.waiting_runs import Waiting, waiting_runs

NOW = 1_800_000_000.0
HELD = GuardCheck("age", "passed", "holds")
APPROVAL = GuardCheck("approval", "refused", "0 of 1 approvals")
CALL = Call(method="POST", url="http://a/b", phase="step", place="step 0", name="restart", target="web-1")


class Host:
    """A store with incidents, and plans by incident."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.playbooks = {
            "sends": SimpleNamespace(steps=[Http(name="restart", method="POST", url="http://a/b")]),
            "by-hand": SimpleNamespace(steps=[Manual(name="look")]),
        }
        self.plans: dict[str, Plan | AiopsError] = {}
        self.runs: Any = self
        self.continuations: list[Any] = []
        self.steps = SimpleNamespace(listed=lambda: self.continuations)
        self._number = 0

    def plan(self, incident: str, playbook: str) -> Plan:
        found = self.plans[incident]
        if isinstance(found, AiopsError):
            raise found
        return found

    def add(self, name: str, *playbooks: str, severity: str = "high", **more: Any) -> None:
        suggested = [Suggestion(one) for one in playbooks]
        incident = Incident(
            id=name, opened_at=NOW, status="open", severity=severity, title=name, playbooks=suggested, **more
        )
        event = IncidentChanged(self._number, NOW, "opened", incident, 1, [])
        self.store.apply([FrameDecisions(self._number, NOW, [event])])
        self._number += 1

    def waiting(self) -> Waiting:
        return waiting_runs(self)  # type: ignore[arg-type]


@pytest.fixture
def host(tmp_path: Path) -> Any:
    store = Store(tmp_path)
    yield Host(store)
    store.close()


def planned(incident: str, *checks: GuardCheck, requests: tuple[Call, ...] = (CALL,)) -> Plan:
    plan = Plan("p1", "sends", incident, ["web-1"], [], list(requests), None, "")
    plan.weigh(list(checks))
    return plan


def test_a_plan_that_lacks_its_approval_waits(host: Host) -> None:
    host.add("inc-1", "sends")
    host.plans["inc-1"] = planned("inc-1", HELD, APPROVAL)
    found = host.waiting()
    assert [(one.incident, one.guards, one.stopped) for one in found.runs] == [
        ("inc-1", "1 of 2 guards holds; 1 waits for you", "")
    ]
    assert found.refused == []


def test_a_plan_that_a_guard_refuses_does_not_wait(host: Host) -> None:
    host.add("inc-1", "sends")
    host.add("inc-2", "sends")
    host.plans["inc-1"] = planned("inc-1", GuardCheck("cooldown", "refused", "ran 2 min ago"), APPROVAL)
    host.plans["inc-2"] = planned("inc-2", APPROVAL, requests=())
    found = host.waiting()
    assert found.runs == []
    assert sorted(one.stopped for one in found.refused) == [
        "cooldown: ran 2 min ago",
        "none of its requests could be filled in",
    ]


def test_what_cannot_be_sent_or_was_rejected_is_not_planned(host: Host) -> None:
    host.add("inc-1", "by-hand", "sends")
    host.add("inc-2")
    host.add("inc-3", "sends", rejected=[Rejection("sends", NOW, "alice", "no")])
    host.add("inc-4", "unknown")
    assert host.waiting() == Waiting([], [])


def test_an_engine_that_does_not_answer_is_named(host: Host) -> None:
    host.add("inc-1", "sends")
    host.plans["inc-1"] = AiopsError("incident: the engine did not answer in 5 s; try again")
    assert host.waiting().problems == ["inc-1: incident: the engine did not answer in 5 s; try again"]


def test_the_most_severe_come_first_and_plans_are_bounded(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PLANS", 1)
    for name, severity in (("inc-1", "warning"), ("inc-2", "critical"), ("inc-3", "high")):
        host.add(name, "sends", severity=severity)
        host.plans[name] = planned(name, APPROVAL)
    found = host.waiting()
    assert ([one.incident for one in found.runs], found.more) == (["inc-2"], 2)


def test_without_runs_nothing_waits(host: Host) -> None:
    host.add("inc-1", "sends")
    host.runs = None
    assert host.waiting() == Waiting([], [])


def test_runs_that_wait_in_the_middle_are_listed(host: Host) -> None:
    host.continuations = [object()]
    assert host.waiting().steps == host.continuations
    host.runs = None
    assert host.waiting().steps == []
