"""The sender's own key is the identity; without one, what distinguishes alerts stays in name, entity and labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from aiops_connectors.mapping.mapping import load_mapping, names

from aiops.engine.config import DedupConfig
from aiops.engine.dedup.deduplicator import Dedup
from aiops.engine.engine import Engine
from aiops.engine.events import IncidentChanged
from aiops.records import Alert, Record, Tick
from aiops.records.decode import format_time
from tests.engine.arrivals import observe

NOW = 1_795_010_000.0


def alerts(tool: str, *payloads: Any, at: float = NOW) -> list[Alert]:
    mapping = load_mapping(tool)
    found: list[Alert] = []
    for number, payload in enumerate(payloads):
        records, problems = mapping.apply(payload, {}, None, at + 60 * number)
        assert not problems, problems
        found += [record for record in records if isinstance(record, Alert)]
    return found


def firing(found: Iterable[Alert]) -> list[str]:
    """The names of what still fires after all of it."""
    dedup = Dedup(DedupConfig())
    for alert in found:
        observe(dedup, alert)
    return [stream.name for stream in dedup.streams.values() if stream.firing]


def datadog(title: str, kind: str, at: int, **more: Any) -> dict[str, Any]:
    return {"title": title, "alert_type": kind, "last_updated": str(at * 1000), **more}


START = 1_795_000_000
SCOPED = [
    datadog("[P1] [Triggered on {availability-zone:a}] Free disk", "error", START),
    datadog("[P1] [Triggered on {availability-zone:b}] Free disk", "error", START + 100),
    datadog("[P1] [Recovered on {availability-zone:b}] Free disk", "success", START + 200),
]


def test_datadog_a_priority_in_front_hides_no_recovery() -> None:
    triggered = datadog("[P2] [Triggered] Queue depth on orders", "error", START, aggreg_key="k1")
    recovered = datadog("[P2] [Recovered] Queue depth on orders", "success", START + 600, aggreg_key="k1")
    found = alerts("datadog", triggered, recovered)
    assert [(alert.name, alert.status, alert.severity) for alert in found] == [
        ("Queue depth on orders", "firing", "high"),
        ("Queue depth on orders", "resolved", "high"),
    ]
    assert firing(found) == []


def test_datadog_groups_of_a_monitor_are_told_apart() -> None:
    found = alerts("datadog", *SCOPED)
    assert [alert.labels["scope"][-1] for alert in found] == ["a", "b", "b"]
    assert firing(found) == ["Free disk"]
    # The same with the key, which is the monitor's.
    assert firing(alerts("datadog", *({**one, "aggreg_key": "m"} for one in SCOPED))) == ["Free disk"]


@pytest.mark.parametrize("key", [{"aggreg_key": "m1"}, {}])
def test_datadog_two_monitors_of_one_scope_are_two(key: dict[str, str]) -> None:
    other = datadog(
        "[P1] [Triggered on {availability-zone:a}] CPU", "error", START, **({"aggreg_key": "m2"} if key else {})
    )
    assert firing(alerts("datadog", {**SCOPED[0], **key}, other)) == ["Free disk", "CPU"]


RECOVERING: dict[str, dict[str, Any]] = {
    "datadog": SCOPED[0],
    "cronitor": {"id": "m1", "monitor": "A", "type": "ALERT"},
    "healthchecks": {"name": "Backup", "code": "c1", "status": "down"},
    "pulsetic": {"alert_type": "monitor_offline", "monitor": {"id": 1, "name": "A"}},
    "sixty_six_uptime": {"monitor_id": 1, "name": "A", "type": "ping", "is_ok": 0},
    "kapacitor": {"id": "cpu:h", "level": "CRITICAL", "message": "m"},
    "newrelic": {"condition_name": "A", "current_state": "open", "incident_id": 4},
    "pagerduty": {"event_action": "trigger", "dedup_key": "k", "payload": {"summary": "A", "source": "h"}},
    "honeybadger": {"event": "down", "site": {"id": "1", "name": "A"}},
}


@pytest.mark.parametrize("tool", RECOVERING)
def test_silence_of_a_tool_that_says_when_it_is_over_is_no_end(tool: str) -> None:
    engine = Engine()
    [alert] = alerts(tool, RECOVERING[tool])
    changes = [
        event.change
        for event in engine.step([alert, Tick(ts=NOW), Tick(ts=alert.ts + 7_200)])
        if isinstance(event, IncidentChanged)
    ]
    assert "resolved" not in changes


def test_datadog_brackets_of_the_monitor_s_name_distinguish() -> None:
    prod, staging = (
        datadog("[Triggered] [prod] CPU", "error", START),
        datadog("[Triggered] [staging] CPU", "error", START),
    )
    assert firing(alerts("datadog", prod, staging)) == ["[prod] CPU", "[staging] CPU"]


def test_a_resolve_that_names_only_the_key_ends_what_it_began() -> None:
    trigger = {
        "event_action": "trigger",
        "dedup_key": "db9-disk",
        "payload": {"summary": "Disk 91 % on db9", "source": "db9", "severity": "critical"},
    }
    again = {**trigger, "payload": {**trigger["payload"], "summary": "Disk 97 % on db9"}}  # type: ignore[dict-item]
    found = alerts("pagerduty", trigger, again, {"event_action": "resolve", "dedup_key": "db9-disk"})
    assert firing(found) == []
    engine = Engine()
    records: list[Record] = [*found, Tick(ts=NOW + 3_600)]
    changes = [event.change for event in engine.step(records) if isinstance(event, IncidentChanged)]
    assert changes.count("opened") == 1
    assert "resolved" in changes


def test_a_resolve_that_comes_first_gives_the_stream_no_name() -> None:
    resolve = {"event_action": "resolve", "dedup_key": "k"}
    trigger = {"event_action": "trigger", "dedup_key": "k", "payload": {"summary": "Disk", "source": "db9"}}
    assert firing(alerts("pagerduty", resolve, trigger)) == ["Disk"]


def alertmanager(status: str, annotations: dict[str, str], **more: Any) -> dict[str, Any]:
    labels = {"alertname": "Edited", "severity": "critical", "instance": "a"}
    alert = {"status": status, "labels": labels, "annotations": annotations, "startsAt": "2026-11-18T10:00:00Z", **more}
    return {"version": "4", "status": status, "alerts": [alert]}


@pytest.mark.parametrize("key", [{"fingerprint": "f1"}, {}])
@pytest.mark.parametrize("tool", ["alertmanager", "grafana"])
def test_annotations_take_no_part_in_the_identity(tool: str, key: dict[str, str]) -> None:
    begun = alertmanager("firing", {"runbook_url": "https://rb.example/old", "summary": "x"}, **key)
    ended = alertmanager("resolved", {}, **key, endsAt=format_time(NOW + 30), generatorURL="https://other.example")
    assert firing(alerts(tool, begun, ended)) == []


# One alert as each tool names it, twice: the second with another wording, another time, another link.
KEYED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "webhook": ({"title": "A", "host": "h", "dedup_key": "k", "status": "firing"}, {"dedup_key": "k", "status": "ok"}),
    "cloudevents": (
        {
            "specversion": "1.0",
            "type": "t",
            "source": "s",
            "id": "1",
            "data": {"title": "A", "alias": "k", "status": "open"},
        },
        {"specversion": "1.0", "type": "u", "source": "s", "id": "2", "data": {"alias": "k", "status": "closed"}},
    ),
    "gcp_monitoring": (
        {"incident": {"incident_id": "i1", "state": "open", "condition_name": "A", "resource_id": "r"}},
        {"incident": {"incident_id": "i1", "state": "closed", "condition_name": "A (edited)"}},
    ),
    "azure_monitor": (
        {"data": {"essentials": {"alertId": "a1", "alertRule": "A", "monitorCondition": "Fired"}}},
        {
            "data": {
                "essentials": {"alertId": "a1", "alertRule": "A", "monitorCondition": "Resolved", "description": "d"}
            }
        },
    ),
    "newrelic": (
        {"state": "ACTIVATED", "issueId": "n1", "title": "A", "priority": "CRITICAL"},
        {"state": "CLOSED", "issueId": "n1", "title": "A is closed"},
    ),
    "sentry": (
        {
            "action": "triggered",
            "data": {"event": {"issue_id": "7", "title": "A", "level": "error"}, "triggered_rule": "r"},
        },
        {"action": "resolved", "data": {"issue": {"id": "7", "title": "A"}}},
    ),
    "healthchecks": (
        {"name": "Backup", "code": "c1", "status": "down"},
        {"name": "Backup (nightly)", "code": "c1", "status": "up"},
    ),
    "cronitor": (
        {"id": "m1", "monitor": "A", "type": "ALERT", "environment": "prod"},
        {"id": "m1", "monitor": "A renamed", "type": "RECOVERY", "environment": "prod"},
    ),
    "thousandeyes": (
        {"eventType": "ALERT_NOTIFICATION_TRIGGER", "alert": {"alertId": 5, "ruleName": "A", "agentName": "x"}},
        {"eventType": "ALERT_NOTIFICATION_CLEAR", "alert": {"alertId": 5, "ruleName": "A", "agentName": "y"}},
    ),
    "vmware_vrops": (
        {"alertId": "v1", "alertName": "A", "status": "ACTIVE", "resourceName": "vm"},
        {"alertId": "v1", "alertName": "A", "status": "CANCELED", "info": "gone"},
    ),
    "scom": (
        {"alertId": "s1", "alertName": "A", "resolutionState": "New"},
        {"alertId": "s1", "alertName": "A", "resolutionState": "Closed", "category": "edited"},
    ),
    "riemann": (
        {"host": "h", "service": "s", "state": "critical", "tags": ["a"]},
        {"host": "h", "service": "s", "state": "ok", "tags": ["b"], "attributes": {"x": "y"}},
    ),
}


@pytest.mark.parametrize("tool", KEYED)
def test_the_tool_s_own_key_pairs_a_recovery_with_its_alert(tool: str) -> None:
    begun, ended = KEYED[tool]
    assert len(firing(alerts(tool, begun))) == 1
    assert firing(alerts(tool, begun, ended)) == []


@pytest.mark.parametrize("value", ["", " ", "null", "None", "0", "undefined", "$AGGREG_KEY", None, [], {}])
def test_a_key_that_means_none_makes_no_two_alerts_one(value: Any) -> None:
    first = {"title": "A", "host": "a", "status": "down", "dedup_key": value}
    if value == "$AGGREG_KEY":
        found = alerts("datadog", *(datadog(f"[Triggered] {name}", "error", START, AGGREG_KEY=value) for name in "AB"))
    else:
        found = alerts("webhook", first, {**first, "title": "B", "host": "b"})
    assert len(firing(found)) == 2


def test_a_long_key_is_not_cut() -> None:
    keys = ["k" * 5_000 + end for end in "ab"]
    found = alerts("webhook", *({"title": "A", "host": "h", "state": "down", "dedup_key": key} for key in keys))
    assert len(firing(found)) == 2
    assert all(alert.key is not None and len(alert.key) <= 1_024 for alert in found)


def test_a_certificate_that_expires_is_not_ended_by_a_site_that_is_up() -> None:
    site = {"id": "1", "name": "Shop", "url": "https://shop.example"}
    found = alerts(
        "honeybadger",
        {"event": "cert_will_expire", "site": site},
        {"event": "down", "site": site},
        {"event": "up", "site": site},
    )
    assert len(firing(found)) == 1


def test_keys_of_two_sources_are_two() -> None:
    one, other = (Alert(ts=1.0, name="A", source=source, key="k") for source in ("a", "b"))
    assert len(firing([one, other])) == 2


def test_a_key_is_never_taken_for_a_name() -> None:
    assert len(firing([Alert(ts=1.0, name="k", source="a"), Alert(ts=1.0, name="x", source="a", key="k")])) == 2


def test_shipped_mappings_copy_no_address_into_labels() -> None:
    links = ("http://x.example/1", "https://x.example/2")
    for tool in names():
        for payload in KEYED.get(tool, ()):
            for link in links:
                for alert in alerts(tool, {**payload, "url": link, "link": link}):
                    assert link not in alert.labels.values()


def test_a_restored_engine_keeps_what_a_keyed_stream_is_called() -> None:
    trigger = {"event_action": "trigger", "dedup_key": "k", "payload": {"summary": "Disk", "source": "db9"}}
    begun, again, ended = alerts("pagerduty", trigger, trigger, {"event_action": "resolve", "dedup_key": "k"})
    whole, first, second = Engine(), Engine(), Engine()
    expected = whole.step([begun, again, ended, Tick(ts=NOW + 4_000)])
    events = first.step([begun])
    second.restore(first.snapshot())
    events += second.step([again, ended, Tick(ts=NOW + 4_000)])
    assert events == expected
    assert second.snapshot() == whole.snapshot()
