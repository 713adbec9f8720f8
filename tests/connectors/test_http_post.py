"""One attempt over HTTP: its answer, and no secret in it."""

from __future__ import annotations

import pytest
from aiops_connectors.sinks.http_post import JSON, Post, trace_headers

from aiops.http.client import HttpClient
from aiops.ports import Message
from aiops.records import Incident
from aiops.testing.receiver import Receiver, Reply


def post(receiver: Receiver, *secrets: str) -> Post:
    return Post(HttpClient(allow_private=True), timeout_s=30.0, secrets=secrets, clock=lambda: 1_000.0)


@pytest.mark.parametrize(("status", "result"), [(200, "accepted"), (204, "accepted")])
def test_accepted_body_arrives_as_it_is(receiver: Receiver, status: int, result: str) -> None:
    receiver.replies = [Reply(status)]
    sender = post(receiver)
    answer = sender.send(f"{receiver.url}/hook", b'{"a": 1}', {"content-type": JSON, "x-a": "b"})
    sender.close()
    [request] = receiver.requests
    assert (request.body, request.path, request.headers["x-a"]) == (b'{"a": 1}', "/hook", "b")
    assert answer.status == status
    assert result


def test_answer_shows_no_secret(receiver: Receiver) -> None:
    receiver.replies = [Reply(400, body=b"no such key hunter2-key")]
    sender = post(receiver, "hunter2-key", "")
    answer = sender.send(receiver.url, b"{}", {})
    sender.close()
    assert "hunter2" not in str(answer)
    assert "no such key" in str(answer)


def test_nobody_there_is_an_answer_and_no_error() -> None:
    sender = Post(HttpClient(allow_private=True), timeout_s=5.0)
    answer = sender.send("http://127.0.0.1:9", b"{}", {})
    sender.close()
    assert answer.status in (None, 0)


@pytest.mark.parametrize("parent", ["", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
def test_trace_is_passed_on_where_there_is_one(parent: str) -> None:
    message = Message("k", "topic", Incident(id="i"), "opened", 1, 1.0, traceparent=parent)
    assert trace_headers(message) == ({"traceparent": parent} if parent else {})
