"""Signatures: right ones are taken, forged, replayed and rotated ones are known for what they are."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import standardwebhooks
from aiops_connectors.signatures import verifier as signatures
from aiops_connectors.signatures.verifier import Forged, Signature, Verifier

from aiops.errors import UsageError

NOW = 1_772_400_000.0
SECRET, OLD = "s3cret-of-the-sender", "the-secret-before"
KEY = b"0123456789abcdef0123456789abcdef"
BODY = json.dumps({"alerts": [{"labels": {"alertname": "Down"}}], "labels": {}, "name": "n"}).encode()
TIME = str(int(NOW))


def signed(text: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def standard(time: str = TIME, key: bytes = KEY, name: str = "msg_1") -> dict[str, str]:
    code = hmac.new(key, f"{name}.{time}.".encode() + BODY, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(code).decode()
    return {"webhook-id": name, "webhook-timestamp": time, "webhook-signature": signature}


def grafana(time: str = TIME, secret: str = SECRET) -> dict[str, str]:
    signature = signed(time.encode() + b":" + BODY, secret)
    return {"x-grafana-alerting-signature": signature, "x-grafana-alerting-signature-timestamp": time}


def slack(time: str = TIME) -> dict[str, str]:
    return {
        "x-slack-signature": "v0=" + signed(b"v0:" + time.encode() + b":" + BODY),
        "x-slack-request-timestamp": time,
    }


@pytest.fixture(scope="module")
def senders(serving: Any) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENDER_SECRET", SECRET)
        patch.setenv("SENDER_OLD", OLD)
        patch.setenv("SENDER_KEY", "whsec_" + base64.b64encode(KEY).decode())
        connectors = {
            name: {
                "mapping": "alertmanager",
                "signature": {
                    "scheme": name,
                    "secret_env": "SENDER_KEY" if name == "standard" else "SENDER_SECRET",
                    **({} if name == "standard" else {"old_secret_env": "SENDER_OLD"}),
                },
            }
            for name in ("github", "pagerduty", "grafana", "slack", "standard")
        }
        with serving(connectors=connectors) as found:
            yield found


def post(senders: Any, name: str, headers: dict[str, str], body: bytes = BODY) -> tuple[int, int]:
    answer = senders.post(f"/ingest/{name}", body, headers=headers)
    assert SECRET not in answer.text
    return answer.status_code, answer.json()["accepted"]


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("github", {"x-hub-signature-256": "sha256=" + signed(BODY)}),
        ("pagerduty", {"x-pagerduty-signature": "v1=" + signed(BODY, "other") + ",v1=" + signed(BODY)}),
    ],
)
def test_the_same_text_without_a_signed_time_counts_again(senders: Any, name: str, headers: dict[str, str]) -> None:
    """An alert that ends and fires again within minutes is sent in the same words."""
    assert post(senders, name, headers) == (200, 1)
    assert post(senders, name, headers) == (200, 1)
    assert post(senders, name, headers, BODY + b" ")[0] == 401


@pytest.mark.parametrize(
    ("name", "headers"), [("grafana", grafana(secret=OLD)), ("slack", slack()), ("standard", standard())]
)
def test_a_right_signature_counts_once(senders: Any, name: str, headers: dict[str, str]) -> None:
    assert post(senders, name, headers) == (200, 1)
    assert post(senders, name, headers) == (200, 0)
    assert post(senders, name, headers, BODY + b" ")[0] == 401


def test_a_retry_with_a_new_time_is_known_by_its_id(senders: Any) -> None:
    assert post(senders, "standard", standard(name="msg_2")) == (200, 1)
    assert post(senders, "standard", standard(str(int(NOW) + 5), name="msg_2")) == (200, 0)


def test_what_was_not_taken_may_come_again(senders: Any) -> None:
    senders.inbox.full = True
    assert post(senders, "standard", standard(name="msg_3"))[0] == 503
    senders.inbox.full = False
    assert post(senders, "standard", standard(name="msg_3")) == (200, 1)


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("github", {}),
        ("github", {"x-hub-signature-256": "sha256="}),
        ("github", {"x-hub-signature-256": "sha256=zz"}),
        ("github", {"x-hub-signature-256": "sha256=" + "0" * 64}),
        ("pagerduty", {"x-pagerduty-signature": "v2=" + signed(BODY)}),
        ("grafana", grafana(str(int(NOW) - 301))),
        ("grafana", grafana(str(int(NOW) + 301))),
        ("grafana", {**grafana(), "x-grafana-alerting-signature-timestamp": str(int(NOW) + 1)}),
        ("grafana", {"x-grafana-alerting-signature": signed(BODY)}),
        ("slack", {**slack(), "x-slack-request-timestamp": "-1"}),
        ("standard", standard(key=b"f" * 32, name="msg_4")),
        ("standard", {**standard(name="msg_5"), "webhook-id": "msg_6"}),
        ("standard", {**standard(name="msg_7"), "webhook-signature": "v1a,AAAA"}),
    ],
)
def test_forged_and_replayed_requests_are_refused(senders: Any, name: str, headers: dict[str, str]) -> None:
    before = len(senders.inbox.records)
    assert post(senders, name, headers) == (401, 0)
    assert len(senders.inbox.records) == before


def test_the_library_of_the_standard_signs_as_we_read_it(senders: Any) -> None:
    """Our reading of the specification against its authors' own."""
    webhook = standardwebhooks.Webhook("whsec_" + base64.b64encode(KEY).decode())
    signature = webhook.sign(msg_id="msg_8", timestamp=datetime.fromtimestamp(NOW, UTC), data=BODY.decode())
    headers = {"webhook-id": "msg_8", "webhook-timestamp": TIME, "webhook-signature": signature}
    assert post(senders, "standard", headers) == (200, 1)


@pytest.fixture
def verifier(monkeypatch: pytest.MonkeyPatch) -> Verifier:
    monkeypatch.setenv("SENDER_SECRET", SECRET)
    return Verifier(Signature("slack", "SENDER_SECRET", window_s=300.0), "connectors.x")


def test_what_is_remembered_of_requests_is_bounded(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "MAX_SEEN", 3)
    for number in range(5):
        verifier.taken(f"r-{number}".encode(), NOW)
    known = [number for number in range(5) if verifier.is_known(f"r-{number}".encode(), NOW)]
    assert known == [2, 3, 4], "the newest are known"


def test_a_request_is_remembered_for_as_long_as_it_could_be_replayed(verifier: Verifier) -> None:
    """A time up to one window ahead of ours is taken, and stays good for one window after it."""
    verifier.taken(b"r", NOW)
    assert verifier.is_known(b"r", NOW + 599)
    assert not verifier.is_known(b"r", NOW + 601)


def test_signatures_of_one_request_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends thousands of them has us compare eight."""
    monkeypatch.setenv("SENDER_SECRET", SECRET)
    verifier = Verifier(Signature("github", "SENDER_SECRET"), "connectors.x")
    wrong = "sha256=" + "0" * 64
    right = "sha256=" + signed(BODY)
    assert verifier.check({"x-hub-signature-256": ",".join([wrong] * 7 + [right])}, BODY, NOW)
    with pytest.raises(Forged):
        verifier.check({"x-hub-signature-256": ",".join([wrong] * 8 + [right])}, BODY, NOW)


@pytest.mark.parametrize(("offset", "is_taken"), [(-301, False), (-300, True), (300, True), (301, False)])
def test_the_window_holds_both_ways(monkeypatch: pytest.MonkeyPatch, offset: int, is_taken: bool) -> None:
    monkeypatch.setenv("SENDER_SECRET", SECRET)
    verifier = Verifier(Signature("slack", "SENDER_SECRET", window_s=300.0), "connectors.x")
    headers = slack(str(int(NOW) + offset))
    if is_taken:
        assert verifier.check(headers, BODY, NOW)
    else:
        with pytest.raises(Forged, match="within 300 s"):
            verifier.check(headers, BODY, NOW)


@pytest.mark.parametrize(("count", "is_good"), [(15, False), (16, True), (128, True), (129, False)])
def test_a_key_of_the_standard_has_a_length(monkeypatch: pytest.MonkeyPatch, count: int, is_good: bool) -> None:
    key = bytes(range(count))
    monkeypatch.setenv("SENDER_KEY", "whsec_" + base64.b64encode(key).decode())
    if is_good:
        verifier = Verifier(Signature("standard", "SENDER_KEY"), "connectors.x")
        assert verifier.check(standard(key=key), BODY, NOW) == b"msg_1"
    else:
        with pytest.raises(UsageError, match=r"connectors\.x: expected whsec_"):
            Verifier(Signature("standard", "SENDER_KEY"), "connectors.x")


def test_an_unset_secret_is_an_error_and_no_open_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDER_SECRET", "")
    with pytest.raises(UsageError, match="it is not set"):
        Verifier(Signature("github", "SENDER_SECRET"), "connectors.x")
