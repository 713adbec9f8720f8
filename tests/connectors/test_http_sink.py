"""The bases of sinks over HTTP: one attempt, headers, secrets in no text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiops_connectors.sinks.http_sink import ChatOptions, ChatSink, UrlOptions, UrlSink

from aiops.errors import UsageError
from aiops.ports import Message
from aiops.records import Incident
from aiops.testing.receiver import Receiver, Reply

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Chat(ChatSink[ChatOptions]):
    """Posts the title."""

    Options = ChatOptions

    def body(self, message: Message) -> Any:
        return {"text": message.incident.title}


class Hook(UrlSink[UrlOptions]):
    """Posts bytes."""

    Options = UrlOptions

    def body(self, message: Message) -> Any:
        return b"raw"


def message(**more: Any) -> Message:
    return Message("k", "topic", Incident(id="i", title="disk full"), "opened", 1, 1.0, **more)


def test_chat_posts_to_the_address_of_its_variable(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_URL", f"{receiver.url}/T0/secret-path")
    sink = Chat("chat", {"url_env": "CHAT_URL", "allow_private": True})
    answer = sink.send(message())
    sink.close()
    [request] = receiver.requests
    assert (request.path, json.loads(request.body)) == ("/T0/secret-path", {"text": "disk full"})
    assert request.headers["content-type"].startswith("application/json")
    assert answer.status == 200


def test_secret_address_is_in_no_answer(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{receiver.url}/T0/secret-path"
    monkeypatch.setenv("CHAT_URL", url)
    receiver.replies = [Reply(404, body=f"no hook {url}".encode())]
    sink = Chat("chat", {"url_env": "CHAT_URL", "allow_private": True})
    answer = sink.send(message())
    sink.close()
    assert "secret-path" not in str(answer)


def test_hook_carries_its_token_and_the_trace(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "hunter2-token")
    sink = Hook("hook", {"url": receiver.url, "token_env": "HOOK_TOKEN", "allow_private": True})
    sink.send(message(traceparent=PARENT))
    sink.send(message())
    sink.close()
    first, second = receiver.requests
    assert (first.body, first.headers["authorization"]) == (b"raw", "Bearer hunter2-token")
    assert first.headers["traceparent"] == PARENT
    assert "traceparent" not in second.headers


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        (Chat, {}, r"endpoints\.x"),
        (Chat, {"url_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        (Hook, {}, "either url or url_env"),
        (Hook, {"url": "http://127.0.0.1"}, r"endpoints\.x\.url"),
        (Hook, {"url": "https://a.example", "token_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        (Hook, {"url": "https://a.example", "colour": 1}, "colour"),
        (Hook, {"url": "https://a.example", "timeout_s": 0}, "timeout_s"),
    ],
)
def test_options_that_do_not_fit_are_named(kind: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        kind("x", options)
