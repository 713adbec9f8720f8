"""What each sink says beside the incident: what is new, what the alert said, and its links."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiops.ports import Message
from aiops.testing.receiver import Receiver
from tests.connectors.test_sink_receivers import KINDS, LINK, TAKEN, Make, make, message, receiver, sent

__all__ = ["make", "receiver"]

NEWS = ["new: PaymentsDown on payments (critical)", "severity: now critical, was high"]


def with_news(change: str = "updated", **more: Any) -> Message:
    found = message(change, 3, **more)
    found.news = NEWS
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_sink_says_what_is_new(kind: str, make: Make, receiver: Receiver) -> None:
    receiver.replies = [TAKEN[kind]]
    make(kind).send(with_news())
    text = json.dumps(sent(receiver), ensure_ascii=False).lower()
    assert "new: paymentsdown on payments (critical)" in text
    assert "now critical, was high" in text


def test_a_pager_is_triggered_anew_with_what_is_new_in_the_summary(make: Make, receiver: Receiver) -> None:
    make("pagerduty").send(with_news(title="ApiErrors on api"))
    event = sent(receiver)
    assert (event["event_action"], event["dedup_key"]) == ("trigger", "aiops/i-1")
    assert event["payload"]["summary"].startswith("Now critical, was high: db-1 failing.")
    assert event["payload"]["severity"] == "critical"


@pytest.mark.parametrize("kind", KINDS)
def test_a_reminder_says_that_it_is_still_open(kind: str, make: Make, receiver: Receiver) -> None:
    receiver.replies = [TAKEN[kind]]
    reminder = message("updated")
    reminder.repeats = 2
    make(kind).send(reminder)
    text = json.dumps(sent(receiver))
    assert "Still open after 1 min: db-1 failing" in text or '"repeats": 2' in text


@pytest.mark.parametrize("kind", KINDS)
def test_every_sink_says_what_the_alert_said_and_links_to_it(kind: str, make: Make, receiver: Receiver) -> None:
    receiver.replies = [TAKEN[kind]]
    said = "SUMMARYMARK /var/lib/postgresql full in 2 h: DESCMARK 94 % used"
    make(kind).send(message(message=said, url="http://prom.example/graph", runbook_url="https://runbooks.example/MARK"))
    text = json.dumps(sent(receiver), ensure_ascii=False)
    for mark in ("SUMMARYMARK", "DESCMARK", "http://prom.example/graph", "https://runbooks.example/MARK"):
        assert mark in text, mark


@pytest.mark.parametrize("kind", ["pagerduty", "jsm", "slack", "teams", "alertmanager"])
@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a.example/x|y>z<", "https://a.example/ two", "//a.example", "x" * 3_000]
)
def test_a_link_that_is_none_is_left_out(kind: str, url: str, make: Make, receiver: Receiver) -> None:
    receiver.replies = [TAKEN[kind]]
    body = message(url=url, runbook_url=url)
    make(kind).send(body)
    text = json.dumps(sent(receiver)).replace(json.dumps(url)[1:-1], "FOUND")
    assert "FOUND" not in text
    assert all(link["href"].startswith(LINK) for link in sent(receiver).get("links", []))


@pytest.mark.parametrize("kind", KINDS)
def test_every_sink_shows_how_often_an_incident_returned(kind: str, make: Make, receiver: Receiver) -> None:
    receiver.replies = [TAKEN[kind]]
    make(kind).send(message("returned", returns=2, returned_at=[1_795_000_000.0, 1_795_000_480.0]))
    text = json.dumps(sent(receiver), ensure_ascii=False)
    assert "came back 2 times, about every 8 min" in text or '"returns": 2' in text


def test_a_return_calls_nobody_by_a_pager_and_what_is_worse_does(make: Make, receiver: Receiver) -> None:
    sink = make("pagerduty")
    sink.send(message("returned"))
    assert (sent(receiver)["event_action"], sent(receiver)["payload"]["severity"]) == ("trigger", "info")
    sink.send(message("reopened"))
    assert sent(receiver)["payload"]["severity"] == "critical"


def test_a_return_is_a_note_at_the_alert(make: Make, receiver: Receiver) -> None:
    receiver.replies = [TAKEN["jsm"]]
    make("jsm").send(message("returned"))
    assert receiver.requests[-1].path.partition("?")[0].endswith("/v2/alerts/aiops-i-1/notes")
