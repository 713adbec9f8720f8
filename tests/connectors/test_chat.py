"""Chats through apprise, against a receiver on this host that answers as the services do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from aiops_connectors.chat import MAX_BODY, ChatServiceSink

from aiops.errors import UsageError
from aiops.ports import Message
from aiops.testing.receiver import Receiver, Reply, receiving
from aiops.testing.sinks import CHANGES, hostile
from tests.connectors.design_incident import AT, LINK, message, resolved

pytest.importorskip("apprise", reason="the extra chat is not installed")
Open = Callable[[str], ChatServiceSink]


@pytest.fixture
def service() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def open_sink(service: Receiver, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a sink for an apprise URL in which PORT is that of the receiver."""

    def one(url: str) -> ChatServiceSink:
        monkeypatch.setenv("CHAT_URL", url.replace("PORT", str(service.port)))
        return ChatServiceSink("chat", {"url_env": "CHAT_URL"})

    return one


def test_a_message_has_a_title_and_sentences(open_sink: Open, service: Receiver) -> None:
    assert open_sink("json://127.0.0.1:PORT/hook").send(message()).ok
    body = json.loads(service.requests[0].body)
    assert body["title"] == "Critical: payments-api failing since deploy 8.14.6."
    assert body["type"] == "failure"
    assert body["message"].splitlines() == [
        "Deploy 8.14.6 went out 24 s before the first alert. Errors of its callers lead to it.",
        "Affected: payments-gateway, payments-sync, payments-api: 10 entities. 20 alerts in 1 min.",
        "BlackboxProbeFailed: Probe failed: 502",
        "Playbook: rollback-release, or bad-deploy-rollback",
        f"Open incident: {LINK}",
        f"Review rollback-release: {LINK}#playbooks",
        "Alert in its tool: https://prom.example/graph",
        "Runbook: https://runbooks.example/probe",
    ]


def test_the_end_is_a_success(open_sink: Open, service: Receiver) -> None:
    open_sink("json://127.0.0.1:PORT/hook").send(resolved(resolved_by="alice"))
    body = json.loads(service.requests[0].body)
    assert (body["type"], body["title"]) == ("success", "Resolved after 30 min: payments-api, deploy 8.14.6.")
    assert body["message"].splitlines()[0] == "Resolved by alice. 604 alerts."


def test_mattermost_gets_names_that_its_markdown_shows_as_they_are(open_sink: Open, service: Receiver) -> None:
    name = ":fire: `rm -rf` *bold* @channel wk_a_b"
    one = message(title=name, message=name, members=[], causes=[], workloads=[])
    assert open_sink("mmost://127.0.0.1:PORT/0123456789abcdef0123456789").send(one).ok
    text = json.dumps(json.loads(service.requests[0].body), ensure_ascii=False).replace("\\\\", "\\")
    assert r"\`rm -rf\` \*bold\*" in text
    assert "wk\\_a\\_b" in text
    assert ":fire:" not in text
    assert "@channel" not in text


def test_a_text_service_gets_no_backslashes(open_sink: Open, service: Receiver) -> None:
    one = message(title="db_1 *x*", members=[], causes=[])
    open_sink("ntfy://127.0.0.1:PORT/alerts").send(one)
    assert "\\" not in json.loads(service.requests[0].body)["message"]


@pytest.mark.parametrize(
    ("reply", "retry", "status", "disable"),
    [
        (Reply(500), True, 500, False),
        (Reply(429), True, 429, False),
        (Reply(400), False, 400, False),
        (Reply(401), False, 401, False),
        (Reply(404), False, 404, False),
        (Reply(410), False, 410, True),
        (Reply(cut="before"), True, None, False),
    ],
)
def test_answers_are_classed_by_their_status(
    reply: Reply, retry: bool, status: int | None, disable: bool, open_sink: Open, service: Receiver
) -> None:
    service.replies = [reply]
    answer = open_sink("json://127.0.0.1:PORT/hook").send(message())
    assert (answer.ok, answer.retry, answer.status, answer.disable) == (False, retry, status, disable)
    assert answer.reason
    assert len(service.requests) == 1, "one attempt a call"


def test_no_secret_of_the_url_is_in_an_answer(
    open_sink: Open, service: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    service.replies = [Reply(400, b"bad token T0SECRET-token for u5er-T0SECRET"), Reply(cut="before")]
    sink = open_sink("json://u5er-T0SECRET:pa55-T0SECRET@127.0.0.1:PORT/T0SECRET-token/hook?x=T0SECRET-arg")
    for _ in range(2):
        assert "T0SECRET" not in sink.send(message()).reason
    assert "T0SECRET" not in repr(sink.options)
    assert "T0SECRET" not in caplog.text


@pytest.mark.parametrize("change", CHANGES)
def test_hostile_text_is_bounded(change: str, open_sink: Open, service: Receiver) -> None:
    one = Message("k", "e", hostile(), change, 1, AT, LINK, news=["@everyone <@1> *x*"] * 10)
    assert open_sink("json://127.0.0.1:PORT/hook").send(one).ok
    body = json.loads(service.requests[0].body)
    assert len(body["message"]) <= MAX_BODY
    assert "@everyone" not in body["message"]
    assert "\x1b" not in body["message"]


@pytest.mark.parametrize("url", ["nonsense", "nosuchservice://token", "discord://"])
def test_a_url_that_apprise_cannot_use_is_refused_at_the_start(url: str, open_sink: Open) -> None:
    with pytest.raises(UsageError, match=r"endpoints\.chat: environment variable CHAT_URL"):
        open_sink(url)


def test_the_url_must_be_set() -> None:
    with pytest.raises(UsageError, match="NOT_SET"):
        ChatServiceSink("chat", {"url_env": "NOT_SET"})
    with pytest.raises(UsageError, match="url_env"):
        ChatServiceSink("chat", {})
