"""Lives of alerts through the engine: what opens an incident, what ends it, and what leaves it alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from aiops_connectors.mapping.mapping import load_mapping

from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.records import Alert, Change, Record, Tick

NOW = 1_795_010_000.0


def records(tool: str, payloads: Iterable[Any], at: float = NOW, step_s: float = 60) -> list[Record]:
    """What a tool's messages become, one a minute."""
    mapping = load_mapping(tool)
    found: list[Record] = []
    for number, payload in enumerate(payloads):
        mapped, problems = mapping.apply(payload, {}, None, at + step_s * number)
        assert not [problem for problem in problems if not problem.warning], problems
        found += mapped
    return found


def changes(found: list[Record], until_s: float) -> list[str]:
    """The changes of incidents by these records and the time after them."""
    engine = Engine()
    events = engine.step([Tick(ts=NOW), *found])
    for passed in range(60, int(until_s) + 1, 60):
        events += engine.step([Tick(ts=NOW + passed)])
    return [event.change for event in events if isinstance(event, IncidentChanged)]


def opsgenie(action: str, **more: Any) -> dict[str, Any]:
    alert = {"alias": "orders", "alertId": "a1", "message": "Queue", "priority": "P1", "createdAt": NOW * 1000}
    return {"action": action, "alert": {**alert, **more}}


def jira(event: str, category: str, **more: Any) -> dict[str, Any]:
    fields = {
        "summary": "Shop is slow",
        "priority": {"name": "Highest"},
        "status": {"statusCategory": {"key": category}},
    }
    return {"webhookEvent": event, "issue": {"key": "OPS-1", "fields": {**fields, **more}}}


def servicenow(state: str, **more: Any) -> dict[str, Any]:
    return {"number": "INC1", "short_description": "Mail is down", "state": state, "priority": "1", **more}


def pagerduty(event: str, **more: Any) -> dict[str, Any]:
    data = {"id": "P1", "title": "Disk full", "urgency": "high", "service": {"summary": "Storage"}, **more}
    return {"event": {"id": event, "event_type": event, "data": data}}


def node(reason: str) -> dict[str, Any]:
    return {"kind": "Event", "type": "Normal", "reason": reason, "involvedObject": {"kind": "Node", "name": "node-1"}}


LIVES: dict[str, list[Any]] = {
    "opsgenie": [
        opsgenie("Create"),
        opsgenie("Acknowledge"),
        opsgenie("AddNote", note="looking"),
        opsgenie("Snooze"),
        opsgenie("Close", message="Queue is empty"),
    ],
    "jira": [
        jira("jira:issue_created", "new"),
        jira("comment_created", "new"),
        jira("jira:issue_updated", "indeterminate", summary="Shop is very slow"),
        jira("jira:issue_updated", "done", summary="Shop was slow"),
        jira("comment_created", "done"),
    ],
    "servicenow": [
        servicenow("1"),
        servicenow("2", short_description="Mail is slow"),
        servicenow("6"),
        servicenow("7"),
    ],
    "pagerduty": [
        pagerduty("incident.triggered"),
        pagerduty("incident.acknowledged"),
        pagerduty("incident.annotated", id="N1", content="looking"),
        pagerduty("incident.resolved", title="Disk was full"),
    ],
    "kubernetes_events": [node("NodeNotReady"), node("NodeNotReady"), node("NodeReady")],
}


@pytest.mark.parametrize("tool", LIVES)
def test_one_problem_is_one_incident_from_its_start_to_its_end(tool: str) -> None:
    found = changes(records(tool, LIVES[tool]), 3_600)
    assert (found[0], found[-1]) == ("opened", "resolved")
    assert found.count("opened") == found.count("resolved") == 1
    assert "reopened" not in found


@pytest.mark.parametrize("tool", LIVES)
def test_what_comes_between_opens_nothing_and_ends_nothing(tool: str) -> None:
    """Notes and acknowledgements alone, of a problem whose start was never received."""
    between = {
        "opsgenie": LIVES["opsgenie"][1:4],
        "jira": [LIVES["jira"][1]],
        "servicenow": [],
        "pagerduty": LIVES["pagerduty"][1:3],
        "kubernetes_events": [node("RegisteredNode"), node("Starting")],
    }
    assert changes(records(tool, between[tool]), 3_600) == []


def warning(number: int, reason: str = "Unhealthy") -> dict[str, Any]:
    pod = {"kind": "Pod", "namespace": "shop", "name": "cart-0"}
    return {"kind": "Event", "type": "Warning", "reason": reason, "message": f"try {number}", "involvedObject": pod}


def test_a_warning_of_kubernetes_that_passes_opens_nothing() -> None:
    assert changes(records("kubernetes_events", [warning(1), warning(2)]), 7_200) == []


def test_a_warning_of_kubernetes_that_lasts_is_one_incident() -> None:
    found = changes(records("kubernetes_events", map(warning, range(12)), step_s=300), 7_200)
    assert found.count("opened") == 1
    assert found[-1] == "resolved"


def line(number: int, level: int, text: str) -> dict[str, Any]:
    service = {"attributes": [{"key": "service.name", "value": {"stringValue": "pay"}}]}
    record = {"severityNumber": level, "body": {"stringValue": f"{text} {number}"}}
    return {"resourceLogs": [{"resource": service, "scopeLogs": [{"logRecords": [record]}]}]}


def test_lines_below_error_open_nothing() -> None:
    quiet = [line(number, level, "slow") for number in range(5) for level in (1, 5, 9, 13)]
    assert changes(records("otlp_logs", quiet, step_s=10), 7_200) == []


def test_an_error_that_is_logged_again_and_again_is_one_incident_until_it_stops() -> None:
    found = changes(records("otlp_logs", (line(number, 17, "card refused") for number in range(30))), 7_200)
    assert found.count("opened") == found.count("resolved") == 1


def test_a_finding_ends_when_nobody_reports_it_again() -> None:
    finding = {"detail-type": "GuardDuty Finding", "detail": {"id": "f1", "type": "Recon:EC2/Portscan", "severity": 8}}
    found = changes(records("aws_guardduty", [finding]), 8 * 3_600)
    assert (found[0], found[-1]) == ("opened", "resolved")
    assert "resolved" not in changes(records("aws_guardduty", [finding]), 6 * 3_600)


def test_changes_of_every_tool_are_changes_of_something() -> None:
    payloads: dict[str, Any] = {
        "github": {"deployment_status": {"state": "success"}, "deployment": {"id": 1}, "repository": {"name": "cart"}},
        "gitlab": {"object_kind": "deployment", "status": "success", "project": {"name": "cart"}},
        "argocd": {"app": "cart", "syncStatus": "Synced"},
        "flux": {"involvedObject": {"name": "cart"}, "severity": "info", "reason": "UpgradeSucceeded"},
        "jenkins": {"name": "cart", "build": {"number": 1, "phase": "FINALIZED", "status": "SUCCESS"}},
        "terraform_cloud": {"workspace_name": "cart", "run_id": "r", "notifications": [{"run_status": "applied"}]},
        "launchdarkly": {
            "kind": "flag",
            "titleVerb": "turned on",
            "accesses": [{"resource": "proj/p:env/e:flag/cart"}],
        },
        "change": {"service": "cart", "change": "deploy"},
    }
    for tool, payload in payloads.items():
        [change] = records(tool, [payload])
        assert isinstance(change, Change), tool
        assert (change.entity, change.ts) == ("cart", NOW), tool


def test_alerts_of_these_tools_name_their_key() -> None:
    for tool, life in LIVES.items():
        found = [record for record in records(tool, life) if isinstance(record, Alert)]
        assert len({alert.key for alert in found}) == 1, tool
