"""Each sink against a real server that answers as its receiver documents."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiops_connectors.alertmanager import AlertmanagerSink
from aiops_connectors.jsm import JsmSink
from aiops_connectors.pagerduty import PagerDutySink, dedup_key
from aiops_connectors.slack import SlackSink
from aiops_connectors.teams import TeamsSink
from aiops_connectors.webhook import MAX_BODY_BYTES, WebhookSink
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from aiops import registry
from aiops.errors import UsageError
from aiops.ports import Answer, Message
from aiops.records import Cause, Evidence, Incident, Member, Suggestion
from aiops.testing.receiver import Receiver, Reply, receiving

SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()
OLD_SECRET = "whsec_" + base64.b64encode(b"o" * 32).decode()
NOW = 1_790_000_000.0
LINK = "https://aiops.example.org/incidents/i-1"
KINDS = ("webhook", "pagerduty", "jsm", "slack", "teams", "alertmanager")
Make = Callable[..., Any]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def make(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A sink of a kind that tells the receiver; its secrets are in the environment."""
    monkeypatch.setenv("HOOK_URL", f"{receiver.url}/services/T0SECRET/B0SECRET")
    monkeypatch.setenv("HOOK_KEY", "k3y-0123456789abcdef0123456789ab")
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("HOOK_OLD_SECRET", OLD_SECRET)
    opened: list[Any] = []

    def one(kind: str, **more: Any) -> Any:
        options: dict[str, Any] = {
            "webhook": {
                "url": f"{receiver.url}/hook",
                "secret_env": "HOOK_SECRET",
                "old_secret_env": "HOOK_OLD_SECRET",
            },
            "pagerduty": {"base_url": receiver.url, "routing_key_env": "HOOK_KEY"},
            "jsm": {"base_url": f"{receiver.url}/jsm/ops/integration", "api_key_env": "HOOK_KEY"},
            "slack": {"url_env": "HOOK_URL"},
            "teams": {"url_env": "HOOK_URL"},
            "alertmanager": {"url_env": "HOOK_URL", "token_env": "HOOK_KEY"},
        }[kind]
        sink = registry.load("aiops.sinks", kind)("oncall", {**options, "allow_private": True, **more})
        opened.append(sink)
        return sink

    yield one
    for sink in opened:
        sink.close()


def incident(**more: Any) -> Incident:
    base: dict[str, Any] = {
        "id": "i-1",
        "opened_at": NOW - 60,
        "status": "open",
        "severity": "critical",
        "title": "checkout: 12 alerts after db-1 ran out of disk",
        "alert_count": 12,
        "entities": ["db-1", "checkout-7f"],
        "services": ["checkout", "db"],
        "causes": [Cause("db-1", 2.5, 0.8, "high", [Evidence("first", 2.5, "first anomaly, 38 s before the next")])],
        "playbooks": [Suggestion("disk-full-rotate-logs", 1.0)],
        "explanation": ["joined by topology: checkout calls db"],
    }
    return Incident(**{**base, **more})


def message(change: str = "opened", version: int = 1, link: str | None = LINK, **more: Any) -> Message:
    return Message("msg_0123456789abcdef", "oncall", incident(**more), change, version, NOW, link)


def huge() -> dict[str, Any]:
    """An incident in which everything is too long, and full of what markup and terminals understand."""
    nasty = "<!channel> & [x](http://evil.example) *b* \x1b[31m\u202e\r\n\ud83d\ude00".encode(
        "utf-16", "surrogatepass"
    ).decode("utf-16")
    text = (nasty * 80)[:1024]
    member = Member(text, text, text, "critical", "firing", 9, NOW, NOW, [Evidence("a", 1.0, text)] * 5, [text])
    return {
        "title": text * 3,
        "alerts": [f"{text[:100]}-{number}" for number in range(5_000)],
        "entities": [f"{text[:200]}{number}" for number in range(500)],
        "services": [f"{text[:200]}{number}" for number in range(200)],
        "members": [member] * 300,
        "causes": [Cause(text, 1.0, 0.5, "low", [Evidence("e", float(n), text) for n in range(20)])] * 10,
        "playbooks": [Suggestion(text, 1.0, None, text, [Evidence("p", 1.0, text)] * 5)] * 5,
        "similar": [Evidence(text, 0.5, text)] * 3,
        "explanation": [text] * 50,
    }


def sent(receiver: Receiver, index: int = -1) -> Any:
    return json.loads(receiver.requests[index].body)


def test_all_are_registered_and_keep_the_port() -> None:
    assert set(KINDS) <= set(registry.names("aiops.sinks"))
    classes = (WebhookSink, PagerDutySink, JsmSink, SlackSink, TeamsSink, AlertmanagerSink)
    assert [registry.load("aiops.sinks", kind) for kind in KINDS] == list(classes)


# What each receiver says when it takes a message.
TAKEN = {
    "webhook": Reply(204),
    "pagerduty": Reply(202, b'{"status":"success","message":"Event processed","dedup_key":"aiops/i-1"}'),
    "jsm": Reply(202, b'{"result":"Request will be processed","took":0.1,"requestId":"43a29c5c"}'),
    "slack": Reply(200, b"ok"),
    "teams": Reply(202),
    "alertmanager": Reply(200),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", ["opened", "updated", "reopened", "acknowledged", "merged", "resolved"])
def test_every_change_is_taken(kind: str, change: str, make: Make, receiver: Receiver) -> None:
    receiver.replies = [TAKEN[kind]]
    answer = make(kind).send(message(change, resolved_at=NOW, merged_into="i-0"))
    assert answer == Answer(ok=True, status=TAKEN[kind].status)
    (request,) = receiver.requests
    assert request.method == "POST"
    assert "json" in request.headers["content-type"]
    assert json.loads(request.body)


# Status and body as documented; then what the outbox must do: again, give up, or disable.
REFUSALS = [
    ("pagerduty", Reply(400, b'{"status":"invalid event","errors":["\'routing_key\' is missing"]}'), "dead"),
    ("pagerduty", Reply(429, b'{"status":"throttle exceeded"}'), "again"),
    ("pagerduty", Reply(500), "again"),
    ("jsm", Reply(422, b'{"message":"Request body is not processable","took":0.0}'), "dead"),
    ("jsm", Reply(401, b'{"message":"Could not authenticate"}'), "dead"),
    ("jsm", Reply(429, b'{"message":"throttled"}', {"X-RateLimit-Period-In-Sec": "60"}), "again"),
    ("jsm", Reply(503), "again"),
    ("slack", Reply(400, b"invalid_payload"), "dead"),
    ("slack", Reply(403, b"action_prohibited"), "dead"),
    ("slack", Reply(404, b"channel_not_found"), "dead"),
    ("slack", Reply(410, b"channel_is_archived"), "disable"),
    ("slack", Reply(429, b"rate_limited", {"Retry-After": "30"}), "again"),
    ("slack", Reply(500, b"rollup_error"), "again"),
    ("teams", Reply(413, b"too large"), "dead"),
    ("teams", Reply(429, b"", {"Retry-After": "20"}), "again"),
    ("teams", Reply(502, b"BadGateway"), "again"),
    ("alertmanager", Reply(422, b"bad"), "dead"),
    ("alertmanager", Reply(503, b"busy", {"Retry-After": "5"}), "again"),
    ("webhook", Reply(410), "disable"),
    ("webhook", Reply(415), "dead"),
    ("webhook", Reply(504), "again"),
    ("webhook", Reply(308, headers={"Location": "https://elsewhere.example/"}), "dead"),
    ("webhook", Reply(cut="before"), "again"),
]


@pytest.mark.parametrize(("kind", "reply", "then"), REFUSALS)
def test_refusals_are_classed_as_documented(kind: str, reply: Reply, then: str, make: Make, receiver: Receiver) -> None:
    receiver.replies = [reply]
    answer = make(kind).send(message())
    assert not answer.ok
    assert (answer.retry, answer.disable) == {"again": (True, False), "dead": (False, False), "disable": (False, True)}[
        then
    ]
    asked = reply.headers.get("Retry-After") or reply.headers.get("X-RateLimit-Period-In-Sec")
    assert answer.retry_after_s == (float(asked) if asked else None)


@pytest.mark.parametrize("kind", KINDS)
def test_secrets_are_in_no_text(
    kind: str, make: Make, receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    url, key = f"{receiver.url}/services/T0SECRET/B0SECRET", "k3y-0123456789abcdef0123456789ab"
    own = {"webhook": [SECRET, OLD_SECRET], "pagerduty": [key], "jsm": [key], "slack": [url], "teams": [url]}
    told = own.get(kind, [url, key])
    secrets = [part for part in ("T0SECRET", "k3y-0123", SECRET, OLD_SECRET) if any(part in one for one in told)]
    echo = f"bad request: {' and '.join(told)}".encode()
    sink = make(kind)
    receiver.replies = [Reply(400, echo), Reply(500, echo), Reply(cut="before")]
    answers = [sink.send(message()) for _ in range(3)]
    texts = [answer.reason for answer in answers] + [
        caplog.text,
        repr(sink),
        repr(sink.options),
        str(vars(sink).keys()),
    ]
    for text in texts:
        assert not any(secret in text for secret in secrets)
    monkeypatch.setenv("HOOK_URL", "http://hooks.example.org:99999/T0SECRET")
    monkeypatch.setenv("HOOK_SECRET", "T0SECRET")
    monkeypatch.setenv("HOOK_KEY", "T0SECRET\nx")
    with pytest.raises(UsageError) as caught:
        make(kind)
    assert "T0SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("webhook", {}, "url"),
        ("webhook", {"url": "https://h.example/", "url_env": "X"}, "either url or url_env"),
        ("webhook", {"url": "https://u:p@h.example/"}, "no user or password"),
        ("webhook", {"url": "http://h.example/"}, "allow_private"),
        ("webhook", {"url": "https://127.0.0.1/"}, "this host"),
        ("webhook", {"url": "https://h.example/", "secret_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        ("webhook", {"url": "https://h.example/", "secret": "x"}, "unknown option 'secret'"),
        ("pagerduty", {"routing_key_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        ("pagerduty", {}, "routing_key_env"),
        ("jsm", {"api_key_env": "HOME", "base_url": "https://x.example/?a=b"}, "without a query"),
        ("slack", {"url_env": ""}, "url_env"),
        ("teams", {"url_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        ("alertmanager", {"url": "ftp://h.example"}, "https"),
    ],
)
def test_options_that_do_not_fit_name_their_place(kind: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=r"endpoints\.oncall") as caught:
        registry.load("aiops.sinks", kind)("oncall", options)
    assert said in str(caught.value)


@pytest.mark.usefixtures("make")
def test_webhook_signs_with_every_secret_and_keeps_the_id(receiver: Receiver) -> None:
    now = datetime.now(UTC).timestamp()
    sink = WebhookSink("oncall", _webhook_options(receiver), clock=lambda: now)
    receiver.replies = [Reply(503), Reply(200)]
    assert sink.send(message()).retry
    assert sink.send(message()).ok
    sink.close()
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "msg_0123456789abcdef"
    for request in (first, second):
        for secret in (SECRET, OLD_SECRET):
            event = Webhook(secret).verify(request.body, request.headers)
            assert event["id"] == "msg_0123456789abcdef"
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + base64.b64encode(b"x" * 32).decode()).verify(request.body, request.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(request.body + b" ", request.headers)


def _webhook_options(receiver: Receiver) -> dict[str, Any]:
    return {
        "url": f"{receiver.url}/hook",
        "secret_env": "HOOK_SECRET",
        "old_secret_env": "HOOK_OLD_SECRET",
        "allow_private": True,
    }


def test_webhook_body_is_a_cloud_event_and_a_standard_webhook(make: Make, receiver: Receiver) -> None:
    make("webhook", token_env="HOOK_KEY").send(message("reopened", 7))
    event = sent(receiver)
    assert receiver.requests[0].headers["content-type"].startswith("application/cloudevents+json")
    assert receiver.requests[0].headers["authorization"].startswith("Bearer k3y-")
    assert {key: event[key] for key in ("specversion", "id", "source", "type", "subject")} == {
        "specversion": "1.0",
        "id": "msg_0123456789abcdef",
        "source": "aiops",
        "type": "aiops.incident.reopened",
        "subject": "i-1",
    }
    assert event["timestamp"] == event["time"]
    assert (event["data"]["version"], event["data"]["link"]) == (7, LINK)
    assert event["data"]["incident"]["causes"][0]["entity"] == "db-1"
    assert "cut" not in event["data"]


def test_webhook_body_stays_below_its_limit_and_says_what_it_left_out(make: Make, receiver: Receiver) -> None:
    make("webhook").send(message(**huge()))
    assert len(receiver.requests[0].body) < MAX_BODY_BYTES
    event = sent(receiver)
    assert {"alerts", "members"} <= set(event["data"]["cut"])
    assert event["data"]["incident"]["id"] == "i-1"


def test_pagerduty_keeps_one_key_for_an_incident(make: Make, receiver: Receiver) -> None:
    sink = make("pagerduty")
    for change in ("opened", "updated", "acknowledged", "resolved", "reopened", "merged"):
        sink.send(message(change))
    events = [sent(receiver, number) for number in range(6)]
    actions = [event["event_action"] for event in events]
    assert actions == ["trigger", "trigger", "acknowledge", "resolve", "trigger", "resolve"]
    assert {event["dedup_key"] for event in events} == {"aiops/i-1"}
    assert {event["routing_key"] for event in events} == {"k3y-0123456789abcdef0123456789ab"}
    payload = events[0]["payload"]
    assert payload["summary"].startswith("Critical: db-1 failing. Hurts checkout-7f. Likely cause: 80 %.")
    assert (payload["source"], payload["severity"], payload["group"]) == ("db-1", "critical", "checkout")
    assert payload["custom_details"]["2 likely cause"] == "db-1 (80 %)"
    assert events[0]["links"][0] == {"href": LINK, "text": "Open incident"}
    assert receiver.requests[0].path == "/v2/enqueue"


@pytest.mark.parametrize(
    ("ours", "theirs"), [("critical", "critical"), ("high", "error"), ("info", "info"), (None, "warning")]
)
def test_pagerduty_severities(ours: str | None, theirs: str, make: Make, receiver: Receiver) -> None:
    make("pagerduty").send(message(severity=ours))
    assert sent(receiver)["payload"]["severity"] == theirs


def test_pagerduty_limits(make: Make, receiver: Receiver) -> None:
    make("pagerduty").send(message(**huge()))
    event = sent(receiver)
    assert len(receiver.requests[0].body) < 16_000
    assert len(json.dumps(event["payload"]["custom_details"], ensure_ascii=False).encode()) <= 4_100
    assert len(event["payload"]["summary"]) <= 1_024
    assert len(dedup_key("x" * 1_000)) <= 255
    assert dedup_key("x" * 1_000) != dedup_key("x" * 999)


def test_jsm_creates_notes_acknowledges_and_closes_by_alias(make: Make, receiver: Receiver) -> None:
    receiver.replies = [TAKEN["jsm"]]
    sink = make("jsm", tags=["aiops"], responders=[{"type": "team", "name": "platform"}])
    for change in ("opened", "updated", "acknowledged", "resolved", "reopened", "merged"):
        sink.send(message(change, id="i/1 é"))
    root = "/jsm/ops/integration/v2/alerts"
    named = f"{root}/aiops-i%2F1%20%C3%A9"
    assert [request.path for request in receiver.requests] == [
        root,
        f"{named}/notes?identifierType=alias",
        f"{named}/acknowledge?identifierType=alias",
        f"{named}/close?identifierType=alias",
        root,
        f"{named}/close?identifierType=alias",
    ]
    assert {request.headers["authorization"] for request in receiver.requests} == {
        "GenieKey k3y-0123456789abcdef0123456789ab"
    }
    alert = sent(receiver, 0)
    assert (alert["priority"], alert["alias"], alert["tags"]) == ("P1", "aiops-i/1 é", ["aiops"])
    assert alert["responders"] == [{"type": "team", "name": "platform"}]
    assert alert["description"].startswith(LINK)
    assert "Severity: critical" in sent(receiver, 1)["note"]


def test_jsm_limits(make: Make, receiver: Receiver) -> None:
    receiver.replies = [TAKEN["jsm"]]
    sink = make("jsm")
    sink.send(message(**huge()))
    sink.send(message("updated", **huge()))
    alert = sent(receiver, 0)
    assert _units(alert["message"]) <= 130
    assert _units(alert["description"]) <= 15_000
    assert _units(alert["entity"]) <= 512
    assert sum(len(key) + len(value) for key, value in alert["details"].items()) <= 8_000
    assert _units(sent(receiver, 1)["note"]) <= 25_000


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def test_slack_limits_and_escaping(make: Make, receiver: Receiver) -> None:
    sink = make("slack")
    sink.send(message(**huge()))
    body = sent(receiver)
    assert 0 < len(body["text"]) <= 3_000
    assert len(body["blocks"]) <= 50
    assert body["mrkdwn"] is False
    header, what, ways, state = body["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert ways["text"]["text"] == f"<{LINK}|Open incident> · <{LINK}#playbooks|Review playbook>"
    assert ways["text"]["verbatim"]
    for text in [header["text"], what["text"], state["elements"][0]]:
        assert (text["type"], text["emoji"]) == ("plain_text", False)
        assert len(text["text"]) <= 3_000
        assert "\x1b" not in text["text"]
        assert "\u202e" not in text["text"]
    for part in body["text"].split("&")[1:]:
        assert part.startswith(("amp;", "lt;", "gt;")), "no entity is cut in half"
    assert receiver.requests[0].path == "/services/T0SECRET/B0SECRET"


def test_slack_shows_names_as_they_are(make: Make, receiver: Receiver) -> None:
    """`:fire:` is no picture, and neither a backtick nor `_` or `*` of a name formats anything."""
    name = ":fire: `rm -rf` *bold* job on wk-*0*_x_`y`"
    make("slack").send(message(title=name, message=name, explanation=[name], causes=[]))
    body = sent(receiver)
    shown = list(texts(body["blocks"]))
    with_name = [text for text in shown if "rm -rf" in text["text"] or "wk-" in text["text"]]
    assert len(with_name) >= 2
    assert {(text["type"], text["emoji"]) for text in with_name} == {("plain_text", False)}
    assert not any("`" in text["text"] or "*" in text["text"] for text in shown if text["type"] == "mrkdwn")
    assert ":fire:" not in body["text"], "the text of notifications knows no plain text: the name is taken apart"
    assert body["text"].replace("\u2060", "").startswith(f"Critical: {name}")


def texts(value: Any) -> Iterator[dict[str, Any]]:
    """All texts in blocks, however deep."""
    if isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, dict):
        if value.get("type") in ("plain_text", "mrkdwn"):
            yield value
        for one in value.values():
            yield from texts(one)


def test_slack_without_a_link(make: Make, receiver: Receiver) -> None:
    make("slack").send(message(link=None))
    assert [block["type"] for block in sent(receiver)["blocks"]] == ["header", "section", "context"]


def test_teams_card(make: Make, receiver: Receiver) -> None:
    sink = make("teams")
    sink.send(message())
    (attachment,) = sent(receiver)["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["actions"][0] == {"type": "Action.OpenUrl", "title": "Open incident", "url": LINK}
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}, "text runs know no markup"
    assert sent(receiver)["summary"].startswith("Critical: db-1 failing. Hurts checkout-7f.")
    sink.send(message(**huge()))
    assert len(receiver.requests[1].body) <= 28_000
    assert sent(receiver, 1)["attachments"][0]["content"]["actions"]


def test_alertmanager_body(make: Make, receiver: Receiver) -> None:
    sink = make("alertmanager")
    sink.send(message())
    sink.send(message("resolved", resolved_at=NOW))
    firing, resolved = sent(receiver, 0), sent(receiver, 1)
    assert (firing["version"], firing["status"], firing["receiver"]) == ("4", "firing", "oncall")
    assert firing["groupKey"] == resolved["groupKey"] == '{}:{incident="i-1"}'
    (alert,), (ended,) = firing["alerts"], resolved["alerts"]
    assert alert["labels"] == {
        "alertname": "Incident",
        "incident": "i-1",
        "severity": "critical",
        "service": "checkout",
    }
    assert alert["endsAt"] == "0001-01-01T00:00:00Z"
    assert (resolved["status"], ended["status"], ended["endsAt"][:4]) == ("resolved", "resolved", "2026")
    assert alert["fingerprint"] == ended["fingerprint"]
    assert alert["annotations"]["link"] == LINK
    sink.send(message(**huge()))
    assert len(receiver.requests[2].body) < 64_000
