"""Slack with a bot token: one thread an incident, edited at its root, against a server that answers as the Web API."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from aiops_connectors.sinks.slack_api import SlackReply, read_reply
from aiops_connectors.sinks.slack_blocks import post
from aiops_connectors.slack import SlackSink

from aiops.errors import UsageError
from aiops.http.client import HttpReply
from aiops.testing.receiver import Receiver, Reply, receiving
from aiops.testing.sinks import CHANGES, hostile
from aiops.testing.sinks import message as kit_message
from tests.connectors.design_incident import ID, LINK, message, resolved

TS = "1503435956.000247"
OK = Reply(200, json.dumps({"ok": True, "channel": "C024BE91L", "ts": TS, "message": {"text": "x"}}).encode())
REFERENCE = f"C024BE91L:{TS}"
Open = Callable[..., SlackSink]


@pytest.fixture
def api() -> Iterator[Receiver]:
    with receiving() as found:
        found.replies = [OK]
        yield found


@pytest.fixture
def sink(api: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackSink]:
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-T0SECRET")
    monkeypatch.setenv("SLACK_SECRET", "8f742231b10e8888abcd99yyyzzz85a5")
    options = {"token_env": "SLACK_TOKEN", "channel": "#oncall", "api_url": f"{api.url}/api", "allow_private": True}
    found = SlackSink("chat", {**options, "callback_secret_env": "SLACK_SECRET"})
    yield found
    found.close()


def error(text: str) -> Reply:
    return Reply(200, json.dumps({"ok": False, "error": text}).encode())


def calls(api: Receiver) -> list[tuple[str, dict[str, Any]]]:
    return [(request.path.removeprefix("/api/"), json.loads(request.body)) for request in api.requests]


def test_the_first_message_begins_a_thread(sink: SlackSink, api: Receiver) -> None:
    answer = sink.send(message())
    assert (answer.ok, answer.reference) == (True, REFERENCE)
    ((method, body),) = calls(api)
    assert (method, body["channel"]) == ("chat.postMessage", "#oncall")
    assert api.requests[0].headers["authorization"] == "Bearer xoxb-T0SECRET"
    assert body["text"].startswith("Critical: payments-api failing since deploy 8.14.6. Hurts payments-gateway")


def test_buttons_acknowledge_open_and_review(sink: SlackSink, api: Receiver) -> None:
    sink.send(message())
    ((_, body),) = calls(api)
    (actions,) = [block for block in body["blocks"] if block["type"] == "actions"]
    assert actions["block_id"] == "aiops"
    assert [(one["action_id"], one.get("value"), one.get("url")) for one in actions["elements"]] == [
        ("aiops_acknowledge", ID, None),
        ("aiops_open", None, LINK),
        ("aiops_review", None, f"{LINK}#playbooks"),
    ]
    assert all(one["text"]["type"] == "plain_text" and not one["text"]["emoji"] for one in actions["elements"])


def test_a_change_edits_the_root_and_replies_with_the_news(sink: SlackSink, api: Receiver) -> None:
    news = ["new: KubeDeploymentRolloutStuck on payments-api (critical)"]
    answer = sink.send(message("updated", 2, news=news, reference=REFERENCE))
    assert (answer.ok, answer.reference) == (True, REFERENCE)
    (first, root), (second, reply) = calls(api)
    assert (first, root["channel"], root["ts"]) == ("chat.update", "C024BE91L", TS)
    assert root["blocks"][0]["text"]["text"] == "Critical: payments-api failing since deploy 8.14.6"
    assert (second, reply["thread_ts"], reply.get("reply_broadcast")) == ("chat.postMessage", TS, None)
    said = reply["blocks"][0]["text"]["text"]
    assert said.startswith("New: KubeDeploymentRolloutStuck on payments-api (critical)\n20 alerts in 1 min, 17 streams")


def test_without_the_apps_secret_no_button_promises_what_it_cannot_do(api: Receiver, sink: SlackSink) -> None:
    plain = SlackSink(
        "chat", {name: getattr(sink.options, name) for name in ("token_env", "channel", "api_url")}, sink.client
    )
    plain.send(message())
    ((_, body),) = calls(api)
    (actions,) = [block for block in body["blocks"] if block["type"] == "actions"]
    assert [one["action_id"] for one in actions["elements"]] == ["aiops_open", "aiops_review"]


def test_what_the_button_sends_is_read_back(sink: SlackSink, api: Receiver) -> None:
    sink.send(message())
    ((_, body),) = calls(api)
    pressed = next(block for block in body["blocks"] if block["type"] == "actions")["elements"][0]
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "alice"},
        "actions": [{**pressed, "action_ts": "10.5"}],
    }
    raw = urlencode({"payload": json.dumps(payload)}).encode()
    mac = hmac.new(b"8f742231b10e8888abcd99yyyzzz85a5", b"v0:10:" + raw, "sha256").hexdigest()
    headers = {"x-slack-request-timestamp": "10", "x-slack-signature": f"v0={mac}"}
    (back,) = sink.read_back(headers, raw, 10.0) or []
    assert (back.verb, back.incident, back.actor) == ("acknowledge", ID, "alice (Slack)")


def test_an_acknowledgement_names_the_person_and_offers_to_resolve(sink: SlackSink, api: Receiver) -> None:
    sink.send(message("acknowledged", 3, status="acknowledged", acknowledged_by="alice", reference=REFERENCE))
    (_, root), (_, reply) = calls(api)
    assert "aiops_acknowledge" not in json.dumps(root)
    assert "aiops_resolve" in json.dumps(root)
    assert "alice is on it" in json.dumps(root)
    assert reply["blocks"][0]["text"]["text"].startswith("alice is on it.\n20 alerts")


def test_the_root_ends_as_resolved(sink: SlackSink, api: Receiver) -> None:
    over = resolved(resolved_by="alice", playbook="rollback-release")
    over.reference = REFERENCE
    sink.send(over)
    (_, root), (_, reply) = calls(api)
    assert root["blocks"][0]["text"]["text"] == "Resolved after 30 min: payments-api, deploy 8.14.6"
    assert root["blocks"][1]["text"]["text"].startswith("Fixed by rollback-release (alice). ")
    assert "aiops_resolve" not in json.dumps(root)
    assert "Was the cause right?" in reply["blocks"][0]["text"]["text"]


@pytest.mark.parametrize(
    ("change", "news", "is_shown"),
    [
        ("reopened", [], True),
        ("reminder", [], True),
        ("updated", ["severity: now critical, was high"], True),
        ("updated", ["new: A on b (high)"], False),
        ("acknowledged", [], False),
    ],
)
def test_what_brings_people_back_is_shown_in_the_channel(
    change: str, news: list[str], is_shown: bool, sink: SlackSink, api: Receiver
) -> None:
    sink.send(message(change, 4, news=news, reference=REFERENCE))
    assert calls(api)[1][1].get("reply_broadcast", False) is is_shown


def test_an_opening_whose_answer_was_lost_is_not_posted_again(sink: SlackSink, api: Receiver) -> None:
    answer = sink.send(message(reference=REFERENCE))
    assert [method for method, _ in calls(api)] == ["chat.update"]
    assert answer.reference == REFERENCE


def test_a_deleted_root_begins_anew(sink: SlackSink, api: Receiver) -> None:
    api.replies = [error("message_not_found"), OK]
    answer = sink.send(message("updated", 2, reference="C0OLD:1.0"))
    assert [method for method, _ in calls(api)] == ["chat.update", "chat.postMessage"]
    assert "thread_ts" not in calls(api)[1][1]
    assert (answer.ok, answer.reference) == (True, REFERENCE)


@pytest.mark.parametrize(
    ("reply", "then"),
    [
        (error("ratelimited"), "again"),
        (error("internal_error"), "again"),
        (Reply(429, b"", {"Retry-After": "30"}), "again"),
        (Reply(503), "again"),
        (Reply(cut="before"), "again"),
        (error("channel_not_found"), "dead"),
        (error("not_in_channel"), "dead"),
        (error("invalid_blocks"), "dead"),
        (error("invalid_auth"), "dead"),
        (error("is_archived"), "disable"),
        (error("token_revoked"), "disable"),
        (Reply(200, b"<html>a proxy</html>"), "dead"),
        (Reply(200, b"[]"), "dead"),
    ],
)
@pytest.mark.parametrize("reference", ["", REFERENCE])
def test_errors_are_classed(reply: Reply, then: str, reference: str, sink: SlackSink, api: Receiver) -> None:
    api.replies = [reply]
    answer = sink.send(message("updated", 2, reference=reference))
    assert not answer.ok
    assert (answer.retry, answer.disable) == {"again": (True, False), "dead": (False, False), "disable": (False, True)}[
        then
    ]
    is_lost = reference and any(word in reply.body for word in (b"channel", b"archived"))
    assert len(api.requests) == (2 if is_lost else 1), "a thread in a channel of before begins anew"


def test_a_reply_that_fails_is_tried_again_after_the_edit(sink: SlackSink, api: Receiver) -> None:
    api.replies = [OK, error("internal_error"), OK]
    assert sink.send(message("updated", 2, reference=REFERENCE)).retry
    assert sink.send(message("updated", 2, reference=REFERENCE)).ok
    assert [method for method, _ in calls(api)] == ["chat.update", "chat.postMessage"] * 2


def test_the_token_is_in_no_answer(sink: SlackSink, api: Receiver) -> None:
    for reply in (error("bad xoxb-T0SECRET"), Reply(400, b"bad xoxb-T0SECRET")):
        api.replies = [reply]
        assert "T0SECRET" not in sink.send(message()).reason


@pytest.mark.parametrize("change", CHANGES)
def test_limits_of_block_kit_are_kept(change: str, sink: SlackSink, api: Receiver) -> None:
    for reference in ("", REFERENCE):
        one = kit_message(change, 1, hostile())
        one.reference, one.news = reference, ["x" * 3_000] * 12
        assert sink.send(one).ok
    for _, body in calls(api):
        assert len(body["blocks"]) <= 50
        assert len(body["text"]) <= 4_000
        for block in body["blocks"]:
            limit = 150 if block["type"] == "header" else 3_000
            assert len(block.get("text", {}).get("text", "")) <= limit
            for element in block.get("elements", []):
                assert len(element.get("value", "")) <= 2_000
                text = element["text"]["text"] if isinstance(element["text"], dict) else element["text"]
                assert len(text) <= (75 if element["type"] == "button" else 2_000)


def test_a_long_answer_is_read_by_its_beginning() -> None:
    long = b'{"ok":true,"channel":"C1","ts":"1.2","message":{"text":"' + b"x" * 16_000
    assert read_reply(HttpReply(200, {}, long)) == SlackReply("C1", "1.2")
    assert read_reply(HttpReply(200, {}, b'{"ok":false,"error":"x')).error == "no_answer_of_slack"
    assert read_reply(HttpReply(200, {}, b"\xff\xfe")).error == "no_answer_of_slack"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "either url_env"),
        ({"url_env": "SLACK_TOKEN", "token_env": "SLACK_TOKEN"}, "either url_env"),
        ({"token_env": "SLACK_TOKEN"}, "channel"),
        ({"url_env": "SLACK_TOKEN", "channel": "#x"}, "not a webhook"),
        ({"token_env": "NOT_SET", "channel": "#x"}, "NOT_SET"),
    ],
)
def test_options_that_contradict_are_refused(
    options: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-T0SECRET")
    with pytest.raises(UsageError, match=r"endpoints\.chat") as caught:
        SlackSink("chat", options)
    assert said in str(caught.value)
    assert "T0SECRET" not in str(caught.value)


def test_a_webhook_has_links_and_no_buttons() -> None:
    assert [block["type"] for block in post(message())["blocks"]] == [
        "header",
        "section",
        "section",
        "context",
    ]
