"""The generic webhook: recoveries as tools commonly state them, and a warning where nothing states anything."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.workbench.samples import NOW, identity

from aiops.records import Alert

PAIRS: list[tuple[Any, Any]] = [
    ({"title": "[FIRING] Disk full", "host": "db-1"}, {"title": "[RESOLVED] Disk full", "host": "db-1"}),
    ({"title": "PROBLEM: Disk full", "host": "db-1"}, {"title": "OK: Disk full", "host": "db-1"}),
    ({"title": "Triggered: Disk full"}, {"title": "Recovered: Disk full"}),
    ({"subject": "web-1 is DOWN"}, {"subject": "web-1 is back up"}),
    ({"name": "Disk", "resolved": False}, {"name": "Disk", "resolved": True}),
    ({"name": "Disk", "is_up": 0}, {"name": "Disk", "is_up": 1}),
    ({"name": "Shop", "success": False}, {"name": "Shop", "success": True}),
    ({"name": "Shop", "healthy": "false"}, {"name": "Shop", "healthy": "true"}),
    ({"name": "Shop", "isDown": True}, {"name": "Shop", "isDown": False}),
    ({"name": "Disk", "status": "down"}, {"name": "Disk", "status": "UP"}),
    ({"name": "Disk", "alertStatus": "ALARM"}, {"name": "Disk", "alertStatus": "Cleared"}),
    ({"name": "Disk", "status": "open"}, {"name": "Disk", "ended_at": NOW - 60}),
    ({"name": "Disk", "state": "open"}, {"name": "Disk", "endsAt": "2026-03-01T21:00:00Z"}),
    ({"event": "alert.triggered", "data": {"title": "Disk"}}, {"event": "alert.resolved", "data": {"title": "Disk"}}),
    ({"type": "monitor.down", "monitor": {"name": "Shop"}}, {"type": "monitor.up", "monitor": {"name": "Shop"}}),
    ({"alert": {"name": "Disk", "state": "open"}}, {"alert": {"name": "Disk", "state": "closed"}}),
    ({"incident": {"title": "Disk", "status": "open"}}, {"incident": {"title": "Disk", "status": "resolved"}}),
    ({"alerts": [{"title": "Disk", "status": "firing"}]}, {"alerts": [{"title": "Disk", "status": "resolved"}]}),
    ({"text": "\U0001f534 Down: Shop\nno answer"}, {"text": "\U0001f7e2 Up: Shop\nagain"}),
    (
        {"attachments": [{"title": "Disk", "color": "danger"}]},
        {"attachments": [{"title": "Disk", "color": "good"}]},
    ),
    ({"title": "Disk full", "description": "Alert: 97 %"}, {"title": "Disk full", "description": "Resolved: 20 %"}),
    ({"title": "Disk full", "severity": "critical", "status": "x"}, {"title": "Disk full", "severity": "OK"}),
]


def only(payload: Any) -> tuple[Alert, list[str]]:
    records, problems = load_mapping("webhook").apply(payload, {}, None, NOW)
    [alert] = records
    assert isinstance(alert, Alert)
    return alert, [problem.reason for problem in problems]


@pytest.mark.parametrize(("firing", "ended"), PAIRS)
def test_a_recovery_ends_what_fired(firing: Any, ended: Any) -> None:
    first, _ = only(firing)
    second, problems = only(ended)
    assert (first.status, second.status) == ("firing", "resolved")
    assert identity(first) == identity(second)
    assert problems == []


@pytest.mark.parametrize(
    "payload",
    [
        {"title": "Disk full"},
        {"title": "Backup failed", "host": "db-1"},
        {"title": "x is not resolved"},
        {"title": "Lunch", "is_up": "perhaps"},
        {"title": "Disk", "resolved_at": None},
        {"text": "something"},
    ],
)
def test_a_payload_without_a_state_fires_with_a_warning(payload: Any) -> None:
    alert, [reason] = only(payload)
    assert alert.status == "firing"
    assert reason.endswith("got nothing: taken as firing")


def test_an_end_ahead_is_a_lease_and_no_state() -> None:
    alert, _ = only({"title": "Disk", "ends_at": NOW + 300})
    assert (alert.status, alert.ends_at) == ("firing", NOW + 300)


def test_the_whole_title_stays_in_the_message() -> None:
    alert, _ = only({"title": "web-1 is DOWN"})
    assert (alert.name, alert.message) == ("web-1", "web-1 is DOWN")


def test_brackets_that_are_no_state_stay_in_the_name() -> None:
    names = {only({"title": f"[{one}] api latency", "status": "down"})[0].name for one in ("prod", "staging")}
    assert names == {"[prod] api latency", "[staging] api latency"}


def test_an_acknowledgement_neither_fires_nor_resolves() -> None:
    records, [note] = load_mapping("webhook").apply({"title": "Disk", "status": "acknowledged"}, {}, None, NOW)
    assert not records
    assert note.note
