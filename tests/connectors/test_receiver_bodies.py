"""Bodies for programs and pagers on one incident: Alertmanager's alerts, the webhook's data, PagerDuty's details."""

from __future__ import annotations

import json
from typing import Any

from aiops.ports import Message
from aiops.testing.receiver import Receiver
from tests.connectors.design_incident import AT, LINK, incident, member, message, resolved
from tests.connectors.test_sink_receivers import Make, make, receiver, sent

__all__ = ["make", "receiver"]


def test_alertmanager_carries_the_alerts_with_their_own_labels(make: Make, receiver: Receiver) -> None:
    make("alertmanager").send(message())
    body = sent(receiver)
    assert (body["version"], body["status"], body["truncatedAlerts"]) == ("4", "firing", 14)
    assert body["groupLabels"] == {"incident": "inc-e89d562371f2"}
    first = body["alerts"][0]
    assert first["labels"] == {
        "alertname": "BlackboxProbeFailed",
        "severity": "page",
        "namespace": "payments",
        "cluster": "eu-1",
        "instance": "payments-gateway",
        "service": "payments-gateway",
        "incident": "inc-e89d562371f2",
    }
    assert first["annotations"] == {
        "summary": "BlackboxProbeFailed on payments-gateway",
        "description": "Probe failed: 502",
    }
    assert (first["status"], first["endsAt"]) == ("firing", "0001-01-01T00:00:00Z")
    assert first["startsAt"] == "2026-11-28T13:52:40.000Z"
    assert first["generatorURL"] == "https://prom.example/graph"
    assert len({one["fingerprint"] for one in body["alerts"]}) == 3


def test_alertmanager_shares_what_all_alerts_have(make: Make, receiver: Receiver) -> None:
    make("alertmanager").send(message())
    body = sent(receiver)
    assert body["commonLabels"] == {
        "severity": "page",
        "namespace": "payments",
        "cluster": "eu-1",
        "incident": "inc-e89d562371f2",
    }
    common = body["commonAnnotations"]
    assert common["summary"].startswith("Critical: payments-api failing since deploy 8.14.6.")
    assert (common["link"], common["runbook_url"]) == (LINK, "https://runbooks.example/probe")
    assert body["externalURL"] == LINK


def test_alertmanager_alerts_end_one_by_one_and_with_the_incident(make: Make, receiver: Receiver) -> None:
    over = member("Slow", "cart")
    over.status, over.last_at = "resolved", AT - 10
    sink = make("alertmanager")
    sink.send(message("updated", 2, members=[member("Down", "api"), over]))
    states = [(one["labels"]["alertname"], one["status"], one["endsAt"][:19]) for one in sent(receiver)["alerts"]]
    assert states == [("Down", "firing", "0001-01-01T00:00:00"), ("Slow", "resolved", "2026-11-28T13:53:33")]
    sink.send(resolved(members=[member("Down", "api"), over]))
    ended = sent(receiver)
    assert {one["status"] for one in ended["alerts"]} == {ended["status"]} == {"resolved"}
    assert ended["alerts"][0]["fingerprint"] == sent(receiver, 0)["alerts"][0]["fingerprint"]


def test_alertmanager_cuts_alerts_and_counts_them(make: Make, receiver: Receiver) -> None:
    many = [member(f"A{number}", "api", annotations={"text": "x" * 4_000}) for number in range(25)]
    make("alertmanager").send(message(members=many, stream_count=25))
    body = sent(receiver)
    assert len(receiver.requests[0].body) < 64_000
    assert body["truncatedAlerts"] == 25 - len(body["alerts"]) > 0


def test_alertmanager_may_send_one_alert_for_the_incident(make: Make, receiver: Receiver) -> None:
    make("alertmanager", one_alert=True).send(message())
    (alert,) = sent(receiver)["alerts"]
    assert alert["labels"]["alertname"] == "Incident"
    assert alert["annotations"] == sent(receiver)["commonAnnotations"]


def test_webhook_has_text_and_facts_before_the_incident(make: Make, receiver: Receiver) -> None:
    make("webhook").send(message())
    data = sent(receiver)["data"]
    assert next(iter(data)) == "text"
    assert list(data)[-1] == "incident"
    assert data["text"].startswith("Critical: payments-api failing since deploy 8.14.6. Hurts payments-gateway")
    assert (data["severity"], data["status"], data["version"], data["change"]) == ("critical", "open", 1, "opened")
    assert data["cause"] == {"entity": "payments-api", "confidence": "high", "because": ["change", "blame"]}
    assert data["counts"] == {"alerts": 20, "streams": 17, "entities": 10}
    assert data["services"] == ["payments-gateway", "payments-sync", "payments-api"]
    assert data["playbook"] == {"name": "rollback-release", "target": None}


def test_webhook_names_what_changed_and_how_it_ended(make: Make, receiver: Receiver) -> None:
    sink = make("webhook")
    sink.send(message("updated", 2, news=["suspected cause: payments-api", "new: A on b (high)"]))
    assert sent(receiver)["data"]["changed"] == ["cause", "alerts"]
    sink.send(resolved(resolved_by="alice"))
    ended = sent(receiver)["data"]
    assert (ended["resolved_by"], ended["duration_s"]) == ("alice", 1_800.0)
    assert ended["text"].startswith("Resolved after 30 min: payments-api, deploy 8.14.6.")


def test_pagerduty_details_are_few_and_sorted(make: Make, receiver: Receiver) -> None:
    make("pagerduty").send(message())
    event = sent(receiver)
    details = event["payload"]["custom_details"]
    assert list(details) == [
        "1 open",
        "2 likely cause",
        "3 why",
        "4 hurts",
        "5 alert",
        "6 alerts",
        "7 playbook",
        "8 seen before",
        "9 labels",
    ]
    assert details["1 open"] == LINK
    assert len(receiver.requests[0].body) < 3_000
    payload = event["payload"]
    assert (payload["component"], payload["group"], payload["class"]) == (
        "payments-api",
        "payments-gateway",
        "BlackboxProbeFailed",
    )
    assert [one["text"] for one in event["links"]] == [
        "Open incident",
        "Review rollback-release",
        "Alert in its tool",
        "Runbook",
    ]


def test_pagerduty_shows_pictures_of_https_alone(make: Make, receiver: Receiver) -> None:
    with_pictures = incident().members
    pictures = ["https://grafana.example/a.png", "http://grafana.example/b.png", "javascript:alert(1)"]
    for one, url in zip(with_pictures, pictures, strict=True):
        one.annotations = {"image_url": url}
    make("pagerduty").send(message(members=with_pictures))
    assert sent(receiver)["images"] == [{"src": pictures[0], "href": pictures[0], "alt": "Picture of the alert"}]


def test_teams_card_has_the_reason_the_facts_and_buttons(make: Make, receiver: Receiver) -> None:
    sink = make("teams")
    sink.send(message())
    body = sent(receiver)
    card = body["attachments"][0]["content"]
    lines = ["".join(run["text"] for run in block["inlines"]) for block in card["body"]]
    assert lines[:3] == [
        "Critical: payments-api failing since deploy 8.14.6",
        "Deploy 8.14.6 went out 24 s before the first alert. Errors of its callers lead to it.",
        "Likely cause: payments-api (clear lead, not yet checked here)",
    ]
    assert [action["title"] for action in card["actions"]][:2] == ["Open incident", "Review rollback-release"]
    assert card["body"][0]["inlines"][0]["color"] == "attention"
    sink.send(resolved())
    assert sent(receiver)["attachments"][0]["content"]["body"][0]["inlines"][0]["color"] == "good"


def test_jsm_message_fits_and_describes(make: Make, receiver: Receiver) -> None:
    make("jsm").send(message())
    alert = sent(receiver)
    assert alert["message"].startswith("Critical: payments-api failing since deploy 8.14.6. Hurts payments-gateway")
    assert len(alert["message"]) <= 130
    assert alert["entity"] == "payments-api"
    assert alert["description"].splitlines()[0] == LINK
    assert "Why: Deploy 8.14.6 went out 24 s before the first alert." in alert["description"]


def test_what_the_alert_carried_is_in_every_body(make: Make, receiver: Receiver) -> None:
    for kind in ("slack", "teams", "pagerduty", "jsm", "webhook", "alertmanager"):
        make(kind).send(_disk())
        text = json.dumps(sent(receiver), ensure_ascii=False)
        for mark in ("SUMMARYMARK", "DESCMARK", "https://runbooks.example/MARK", "http://prom.example/graph", "shop"):
            assert mark in text, (kind, mark)


def _disk() -> Message:
    carried: dict[str, Any] = {
        "labels": {"instance": "db9", "namespace": "shop"},
        "message": "SUMMARYMARK full in 2 h: DESCMARK 94 % used",
        "url": "http://prom.example/graph",
        "annotations": {"runbook_url": "https://runbooks.example/MARK"},
    }
    return message(
        members=[member("DiskWillFill", "db9", **carried)],
        message=carried["message"],
        url=carried["url"],
        runbook_url="https://runbooks.example/MARK",
        causes=[],
    )
