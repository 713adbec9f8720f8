"""What people do at PagerDuty, JSM and Slack is read from their genuine webhooks; everything else is no reply."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from aiops_connectors.callbacks.callback import Callback
from aiops_connectors.callbacks.jsm import jsm
from aiops_connectors.callbacks.pagerduty import pagerduty
from aiops_connectors.callbacks.slack import slack
from aiops_connectors.jsm import JsmSink, alias
from aiops_connectors.pagerduty import PagerDutySink, dedup_key

from aiops.errors import RecordError, UsageError
from aiops.ports import CallsBack, NotGenuine, Reply

NOW = 1_772_400_000.0
SECRET = "the-secret-of-the-receiver"
PERSON = {"type": "user_reference", "id": "PU1", "summary": "Ann Lee"}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACK", SECRET)
    monkeypatch.setenv("KEY", "k" * 32)


def signed(text: bytes) -> str:
    return hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()


def pager_event(kind: str = "incident.acknowledged", **more: Any) -> dict[str, Any]:
    event = {
        "id": "01EV1",
        "event_type": kind,
        "resource_type": "incident",
        "occurred_at": "2026-03-01T21:20:00.000Z",
        "agent": PERSON,
        "client": {"name": "iOS"},
        "data": {"id": "Q1", "type": "incident", "status": "acknowledged", "incident_key": dedup_key("i-7")},
    }
    return {"event": {**event, **more}}


def read_pager(payload: Any) -> Any:
    body = json.dumps(payload).encode()
    return pagerduty("BACK", "endpoints.pager").read({"x-pagerduty-signature": f"v1={signed(body)}"}, body, NOW)


def test_a_person_acknowledges_and_resolves_in_pagerduty() -> None:
    at = 1_772_400_000.0
    assert read_pager(pager_event()) == [Reply("pagerduty:01EV1", "acknowledge", "i-7", "Ann Lee (PagerDuty)", at)]
    (found,) = read_pager(pager_event("incident.resolved", id="01EV2"))
    assert (found.verb, found.id) == ("resolve", "pagerduty:01EV2")


DATA = pager_event()["event"]["data"]


@pytest.mark.parametrize(
    "event",
    [
        # Our own events, and what PagerDuty does by itself.
        {"agent": {"type": "integration_reference", "summary": "Events API V2"}},
        {"agent": {"type": "service_reference", "summary": "Checkout"}},
        {"agent": None},
        {"agent": {}},
        {"event_type": "incident.triggered"},
        {"event_type": "incident.unacknowledged"},
        {"event_type": "incident.reopened"},
        {"event_type": "pagey.ping", "data": {"type": "ping", "message": "Hello"}},
        {"event_type": ["incident.acknowledged"]},
        # Incidents of others.
        {"data": {**DATA, "incident_key": "d3640fbd41094207"}},
        {"data": {**DATA, "incident_key": None}},
        {"data": {**DATA, "incident_key": 7}},
        {"data": None},
        {"id": None},
    ],
)
def test_what_no_person_did_with_ours_in_pagerduty_is_no_reply(event: dict[str, Any]) -> None:
    assert read_pager(pager_event(**event)) == []


@pytest.mark.parametrize("payload", [[], "x", 7, None])
def test_a_genuine_body_of_another_form_is_refused(payload: Any) -> None:
    with pytest.raises(RecordError):
        read_pager(payload)


@pytest.mark.parametrize("headers", [{}, {"x-pagerduty-signature": f"v1={signed(b'x')}"}])
def test_a_forged_report_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NotGenuine):
        pagerduty("BACK", "endpoints.pager").read(headers, json.dumps(pager_event()).encode(), NOW)


def test_a_hostile_name_is_one_short_line() -> None:
    (found,) = read_pager(pager_event(agent={**PERSON, "summary": "A\nB\x1b[31m\u202e" + "x" * 500}))
    assert found.actor.isprintable()
    assert len(found.actor) < 120


def jsm_action(action: str = "Acknowledge", **more: Any) -> dict[str, Any]:
    alert = {
        "updatedAt": 1_772_400_000_166_002_000,
        "username": "ann@example.org",
        "alertId": "a-1",
        "alias": alias("i-7"),
        "message": "disk full",
    }
    found = {"action": action, "source": {"name": "web", "type": "API"}, "integrationName": "aiops back"}
    return {**found, "alert": {**alert, **more.pop("alert", {})}, **more}


def read_jsm(payload: Any, token: str = f"Bearer {SECRET}") -> Any:
    return jsm("BACK", "endpoints.jsm").read({"authorization": token}, json.dumps(payload).encode(), NOW)


def test_a_person_acknowledges_and_closes_in_jsm() -> None:
    (found,) = read_jsm(jsm_action())
    assert (found.verb, found.incident, found.actor) == ("acknowledge", "i-7", "ann@example.org (JSM)")
    assert found.at == pytest.approx(1_772_400_000.166)
    (again,) = read_jsm(jsm_action())
    assert again.id == found.id
    (closed,) = read_jsm(jsm_action("Close"))
    assert closed.verb == "resolve"
    assert closed.id != found.id


@pytest.mark.parametrize(
    "payload",
    [
        # Our own requests state the source `aiops`; other integrations have a name and no address.
        jsm_action("Close", source={"name": "aiops", "type": "api"}),
        jsm_action("Close", alert={"username": "Alert API"}),
        jsm_action("Close", alert={"username": "System"}),
        jsm_action("Close", alert={"username": None}),
        jsm_action("Create"),
        jsm_action("AddNote"),
        jsm_action("UnAcknowledge"),
        jsm_action("Delete"),
        jsm_action(alert={"alias": "a-1"}),
        jsm_action(alert={"alias": None}),
        jsm_action(alert={"updatedAt": "now"}),
        {"action": "Close"},
        {},
    ],
)
def test_what_no_person_did_with_ours_in_jsm_is_no_reply(payload: dict[str, Any]) -> None:
    assert read_jsm(payload) == []


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", SECRET, f"Basic {SECRET}", f"Bearer {SECRET} "])
def test_jsm_shows_the_secret_in_its_header(token: str) -> None:
    with pytest.raises(NotGenuine):
        read_jsm(jsm_action(), token)


def slack_press(action: str = "aiops_acknowledge", **more: Any) -> dict[str, Any]:
    pressed = {
        "action_id": action,
        "block_id": "aiops",
        "type": "button",
        "value": "i-7",
        "action_ts": "1772399990.250000",
    }
    user = {"id": "U1", "username": "ann", "name": "ann", "team_id": "T1"}
    return {"type": "block_actions", "user": user, "trigger_id": "1.2.3", "actions": [{**pressed, **more}]}


def read_slack(payload: Any, at: float = NOW) -> Any:
    body = urlencode({"payload": payload if isinstance(payload, str) else json.dumps(payload)}).encode()
    stamp = str(int(at))
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={signed(f'v0:{stamp}:'.encode() + body)}"}
    return slack("BACK", "endpoints.chat").read(headers, body, NOW)


def test_a_person_presses_a_button_in_slack() -> None:
    (found,) = read_slack(slack_press())
    assert (found.verb, found.incident, found.actor, found.at) == (
        "acknowledge",
        "i-7",
        "ann (Slack)",
        1_772_399_990.25,
    )
    assert read_slack(slack_press()) == [found]
    (later,) = read_slack(slack_press(action_ts="1772399995.1"))
    assert later.id != found.id
    assert read_slack(slack_press("aiops_resolve"))[0].verb == "resolve"


@pytest.mark.parametrize(
    "payload",
    [
        slack_press("aiops_open"),
        slack_press("aiops_review"),
        slack_press(value=""),
        slack_press(value=None),
        slack_press(value=["i-7"]),
        {**slack_press(), "type": "view_submission"},
        {**slack_press(), "actions": "x"},
        {**slack_press(), "actions": ["x", None]},
        {"type": "shortcut"},
    ],
)
def test_other_interactions_in_slack_are_no_reply(payload: dict[str, Any]) -> None:
    assert read_slack(payload) == []


@pytest.mark.parametrize("payload", ["", "{", "[]", "x"])
def test_a_broken_payload_of_slack_is_refused(payload: str) -> None:
    with pytest.raises(RecordError):
        read_slack(payload)


@pytest.mark.parametrize("at", [NOW - 301, NOW + 301])
def test_an_old_report_of_slack_is_refused(at: float) -> None:
    with pytest.raises(NotGenuine, match="within 300 s"):
        read_slack(slack_press(), at)


@pytest.mark.parametrize("make", [pagerduty, jsm, slack])
def test_an_unset_secret_is_an_error_at_the_start(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    monkeypatch.delenv("BACK")
    with pytest.raises(UsageError, match=r"endpoints\.x\.callback_secret_env: expected the shared secret"):
        make("BACK", "endpoints.x")
    monkeypatch.setenv("BACK", SECRET)
    assert isinstance(make("BACK", "endpoints.x"), Callback)


def test_the_sinks_read_back_where_a_secret_is_named() -> None:
    body = json.dumps(pager_event()).encode()
    headers = {"x-pagerduty-signature": f"v1={signed(body)}"}
    plain = PagerDutySink("pager", {"routing_key_env": "KEY"})
    assert isinstance(plain, CallsBack)
    assert plain.read_back(headers, body, NOW) is None
    back = PagerDutySink("pager", {"routing_key_env": "KEY", "callback_secret_env": "BACK"})
    assert len(back.read_back(headers, body, NOW) or ()) == 1
    close = json.dumps(jsm_action("Close")).encode()
    desk = JsmSink("jsm", {"api_key_env": "KEY", "callback_secret_env": "BACK"})
    assert len(desk.read_back({"authorization": f"Bearer {SECRET}"}, close, NOW) or ()) == 1
    assert JsmSink("jsm", {"api_key_env": "KEY"}).read_back({}, close, NOW) is None
