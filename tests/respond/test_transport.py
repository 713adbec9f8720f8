"""Steps of playbook runs over the guarded client."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from aiops.respond.runs import Transport
from aiops.respond.secrets import Secrets
from aiops.respond.transport import RunSecret, RunTransport
from aiops.step_kinds.exchange import Request
from aiops.testing.receiver import Receiver, Reply

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
Open = Callable[..., RunTransport]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> Iterator[Open]:
    monkeypatch.setenv("RUN_TOKEN", "tok-123456")
    monkeypatch.setenv("RUN_SECRET", SECRET)
    made: list[RunTransport] = []
    here = [f"127.0.0.1:{receiver.port}"]

    def make(**more: Any) -> RunTransport:
        secrets = {
            "awx": RunSecret(use="bearer", hosts=here, env="RUN_TOKEN"),
            "plain": RunSecret(use="basic", hosts=here, env="RUN_TOKEN"),
            "hook": RunSecret(use="sign", hosts=here, env="RUN_SECRET"),
            "own": RunSecret(use="header", hosts=here, env="RUN_TOKEN", header="X-Rundeck-Auth-Token"),
            "elsewhere": RunSecret(use="bearer", hosts=["awx.example.org"], env="RUN_TOKEN"),
        }
        made.append(RunTransport(secrets, **{"allow_private": True, **more}))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


def test_sends_body_headers_and_key(opened: Open, receiver: Receiver) -> None:
    transport: Transport = opened()
    receiver.replies = [Reply(201, b'{"job": 7}')]
    asked = Request("PUT", f"{receiver.url}/jobs/7", {"X-Team": "platform"}, {"host": "db-1"}, "awx")
    assert transport.send(asked, "key-1", lambda: True).status == 201
    (request,) = receiver.requests
    assert (request.method, request.path, json.loads(request.body)) == ("PUT", "/jobs/7", {"host": "db-1"})
    assert request.headers["idempotency-key"] == "key-1"
    assert request.headers["authorization"] == "Bearer tok-123456"
    assert (request.headers["x-team"], request.headers["content-type"][:16]) == ("platform", "application/json")


def test_a_secret_is_sent_in_the_header_that_its_system_wants(opened: Open, receiver: Receiver) -> None:
    opened().send(Request("POST", receiver.url, {}, {"a": 1}, "own"), "key-1", lambda: True)
    (request,) = receiver.requests
    assert request.headers["x-rundeck-auth-token"] == "tok-123456"
    assert "authorization" not in request.headers


def test_keys_of_aws_need_both_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS", "AKID")
    secret = RunSecret(use="aws", hosts=["ssm.eu-west-1.amazonaws.com"], env="AWS", region="eu-west-1")
    assert "environment variable AWS: expected ACCESS_KEY_ID" in (Secrets({"aws": secret}).problem("aws") or "")


def test_keys_of_aws_need_a_region() -> None:
    with pytest.raises(ValueError, match="region: expected the AWS region"):
        RunSecret(use="aws", hosts=["ssm.eu-west-1.amazonaws.com"], env="AWS")


def test_signs_webhooks(opened: Open, receiver: Receiver) -> None:
    assert opened().send(Request("POST", receiver.url, {}, {"a": 1}, "hook"), "key-1", lambda: True).status == 200
    (request,) = receiver.requests
    assert Webhook(SECRET).verify(request.body, request.headers) == {"a": 1}
    assert request.headers["webhook-id"] == "key-1"


def test_a_secret_goes_to_its_hosts_only(opened: Open, receiver: Receiver) -> None:
    transport = opened()
    for secret, reason in (("elsewhere", "is not for 127.0.0.1:"), ("unknown", "is not configured")):
        reply = transport.send(Request("POST", receiver.url, secret=secret), "k", lambda: True)
        assert (reason in (reply.error or ""), reply.sent) == (True, False)
    assert receiver.requests == []


def test_private_addresses_and_redirects_are_not_followed(opened: Open, receiver: Receiver) -> None:
    reply = opened(allow_private=False).send(Request("GET", f"https://127.0.0.1:{receiver.port}/"), "", lambda: True)
    assert "refused to connect" in (reply.error or "")
    receiver.replies = [Reply(302, headers={"Location": f"{receiver.url}/other"})]
    assert opened().send(Request("GET", receiver.url), "", lambda: True).status == 302
    assert len(receiver.requests) == 1


def test_what_comes_back_holds_no_secret(opened: Open, receiver: Receiver) -> None:
    receiver.replies = [Reply(403, b"no: tok-123456"), Reply(cut="before")]
    transport = opened()
    reply = transport.send(Request("POST", receiver.url, {}, None, "awx"), "k", lambda: True)
    assert (reply.status, reply.excerpt) == (403, "no: [redacted]")
    assert transport.send(Request("POST", f"{receiver.url}/tok-123456", {}, None, "awx"), "k", lambda: True).error
    assert "tok-123456" not in repr(transport)


def test_a_secret_that_is_missing_is_no_request_and_stops_nothing_else(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setenv("RUN_SECRET", "short-secret")
    here = [f"127.0.0.1:{receiver.port}"]
    secrets = {
        "gone": RunSecret(use="bearer", hosts=here, env="NOT_SET_ANYWHERE"),
        "odd": RunSecret(use="sign", hosts=here, env="RUN_SECRET"),
    }
    transport = RunTransport(secrets, allow_private=True)
    for name, reason in (("gone", "NOT_SET_ANYWHERE; not set"), ("odd", "expected whsec_")):
        reply = transport.send(Request("POST", receiver.url, secret=name), "k", lambda: True)
        assert (reason in (reply.error or ""), reply.sent) == (True, False)
        assert "short-secret" not in (reply.error or "")
    assert receiver.requests == []
    assert transport.send(Request("POST", receiver.url), "k", lambda: True).status == 200
    transport.close()


def test_secret_of_a_file_is_read_for_each_request(receiver: Receiver, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("first-token\n", encoding="utf-8")
    secret = RunSecret(use="bearer", hosts=[f"127.0.0.1:{receiver.port}"], file=str(token))
    sending = RunTransport({"cluster": secret}, allow_private=True)
    request = Request("GET", receiver.url, secret="cluster")
    try:
        assert sending.send(request, "", lambda: True).error is None
        token.write_text("second-token", encoding="utf-8")
        assert sending.send(request, "", lambda: True).error is None
        assert [one.headers["authorization"] for one in receiver.requests] == [
            "Bearer first-token",
            "Bearer second-token",
        ]
        for text in ("", "two\nlines", "x" * 20_000, "\u00e4"):
            token.write_text(text, encoding="utf-8")
            assert "expected one line of text" in str(sending.send(request, "", lambda: True).error)
        token.unlink()
        assert "No such file" in str(sending.send(request, "", lambda: True).error)
    finally:
        sending.close()
    assert len(receiver.requests) == 2
    assert "secret 'cluster': expected it in" in (Secrets({"cluster": secret}).problem("cluster") or "")
