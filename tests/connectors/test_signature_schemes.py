"""Each scheme against what its vendor prints, or against an independent calculation of what its page says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any, get_args
from urllib.parse import urlencode

import pytest
from aiops_connectors.signatures.schemes import SCHEMES, Name
from aiops_connectors.signatures.signed_fields import field_proof
from aiops_connectors.signatures.verifier import Forged, Signature, Verifier

NOW = 1_772_400_000.0
TIME = str(int(NOW))
SECRET = "s3cret-of-the-sender"
BODY = b'{"title": "Disk full"}'


def made(monkeypatch: pytest.MonkeyPatch, scheme: Name, secret: str = SECRET, **more: Any) -> Verifier:
    monkeypatch.setenv("SENDER_SECRET", secret)
    return Verifier(Signature(scheme, "SENDER_SECRET", **more), "connectors.x")


def hexed(text: bytes, digest: str = "sha256") -> str:
    return hmac.new(SECRET.encode(), text, digest).hexdigest()


def test_every_name_has_its_scheme() -> None:
    assert sorted(get_args(Name)) == sorted(SCHEMES)
    for name, scheme in SCHEMES.items():
        assert scheme.header == scheme.header.lower(), name
        assert bool(scheme.header) != bool(scheme.field), name
        assert ("time" in scheme.signed) == bool(scheme.time_header or scheme.time_pair), name
        assert ("id" in scheme.signed) == bool(scheme.id_header), name


SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


@pytest.mark.parametrize(
    ("scheme", "secret", "headers", "body", "now"),
    [
        # docs.github.com, Validating webhook deliveries.
        (
            "github",
            "It's a Secret to Everybody",
            {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
            b"Hello, World!",
            NOW,
        ),
        # developer.atlassian.com, Webhooks, Secure admin webhooks.
        (
            "jira",
            "It's a Secret to Everybody",
            {"x-hub-signature": "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
            b"Hello World!",
            NOW,
        ),
        # docs.slack.dev, Verifying requests from Slack.
        (
            "slack",
            "8f742231b10e8888abcd99yyyzzz85a5",
            {
                "x-slack-request-timestamp": "1531420618",
                "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            },
            SLACK_BODY,
            1_531_420_620.0,
        ),
        # The test vector of the Standard Webhooks specification and of Svix.
        (
            "standard",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            {
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp": "1614265330",
                "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            },
            b'{"test": 2432232314}',
            1_614_265_330.0,
        ),
        (
            "svix",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            {
                "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "svix-timestamp": "1614265330",
                "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            },
            b'{"test": 2432232314}',
            1_614_265_330.0,
        ),
    ],
)
def test_what_the_vendor_prints_is_genuine(
    monkeypatch: pytest.MonkeyPatch, scheme: Name, secret: str, headers: dict[str, str], body: bytes, now: float
) -> None:
    verifier = made(monkeypatch, scheme, secret)
    assert verifier.check(headers, body, now)
    with pytest.raises(Forged):
        verifier.check(headers, body + b" ", now)


def base64ed(digest: str) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), BODY, digest).digest()).decode()


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        ("bitbucket", {"x-hub-signature": "sha256=" + hexed(BODY)}),
        ("buildkite", {"x-buildkite-signature": f"timestamp={TIME},signature={hexed(TIME.encode() + b'.' + BODY)}"}),
        ("checkly", {"x-checkly-signature": hexed(BODY), "x-checkly-timestamp": "1"}),
        ("circleci", {"circleci-signature": f"v1={hexed(BODY)}"}),
        ("circleci", {"circleci-signature": f"v2=zz,v1={hexed(BODY)}"}),
        ("flux", {"x-signature": f"sha256={hexed(BODY)}"}),
        ("gitea", {"x-gitea-signature": hexed(BODY)}),
        ("github", {"x-hub-signature-256": hexed(BODY)}),
        ("hex", {"x-signature": hexed(BODY).upper()}),
        ("launchdarkly", {"x-ld-signature": hexed(BODY)}),
        ("pagerduty", {"x-pagerduty-signature": f"v1={'0' * 64},v1={hexed(BODY)}"}),
        ("sentry", {"sentry-hook-signature": hexed(BODY)}),
        ("signalfx", {"x-sfx-signature": base64ed("sha256")}),
        ("signalfx", {"x-sfx-signature": base64ed("sha1")}),
        ("terraform", {"x-tfe-notification-signature": hexed(BODY, "sha512")}),
        ("vercel", {"x-vercel-signature": hexed(BODY, "sha1")}),
    ],
)
def test_a_signature_by_the_vendors_page_is_genuine(
    monkeypatch: pytest.MonkeyPatch, scheme: Name, headers: dict[str, str]
) -> None:
    verifier = made(monkeypatch, scheme)
    assert verifier.check(headers, BODY, NOW)
    for forged in (BODY + b" ", b""):
        with pytest.raises(Forged):
            verifier.check(headers, forged, NOW)
    with pytest.raises(Forged):
        made(monkeypatch, scheme, "another secret").check(headers, BODY, NOW)
    with pytest.raises(Forged):
        verifier.check(dict.fromkeys(headers, ""), BODY, NOW)


@pytest.mark.parametrize(
    ("scheme", "headers"),
    [
        ("circleci", {"circleci-signature": hexed(BODY)}),
        ("flux", {"x-signature": f"sha1={hexed(BODY, 'sha1')}"}),
        ("flux", {"x-signature": hexed(BODY)}),
        ("terraform", {"x-tfe-notification-signature": hexed(BODY)}),
        ("launchdarkly", {"x-ld-signature": hexed(BODY, "sha1")}),
        ("launchdarkly", {"x-ld-signature": hexed(BODY)[:-2]}),
        ("launchdarkly", {"x-ld-signature": ""}),
        ("signalfx", {"x-sfx-signature": hexed(BODY)}),
        ("buildkite", {"x-buildkite-signature": f"signature={hexed(TIME.encode() + b'.' + BODY)}"}),
        ("buildkite", {"x-buildkite-signature": f"timestamp=1,signature={hexed(b'1.' + BODY)}"}),
        ("buildkite", {"x-buildkite-signature": f"timestamp=,signature={hexed(b'.' + BODY)}"}),
    ],
)
def test_another_spelling_or_an_old_time_is_none(
    monkeypatch: pytest.MonkeyPatch, scheme: Name, headers: dict[str, str]
) -> None:
    with pytest.raises(Forged):
        made(monkeypatch, scheme).check(headers, BODY, NOW)


def test_another_header_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = made(monkeypatch, "hex", header="X-Acme-Signature")
    assert verifier.check({"x-acme-signature": hexed(BODY)}, BODY, NOW)


def mailgun(time: str = TIME, token: str = "a" * 50, secret: str = SECRET) -> dict[str, str]:
    signed = hmac.new(secret.encode(), f"{time}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": time, "token": token, "signature": signed}


def multipart(fields: dict[str, str]) -> bytes:
    parts = [f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields]
    return "".join([*parts, "--b--\r\n"]).encode()


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"signature": mailgun(), "event-data": {"event": "failed"}}).encode(),
        json.dumps({"signature": {**mailgun(), "timestamp": int(NOW)}}).encode(),
        urlencode({**mailgun(), "subject": "PROBLEM: disk", "body-plain": "x"}).encode(),
        multipart({**mailgun(), "subject": "PROBLEM: disk"}),
    ],
)
def test_the_fields_of_mailgun_are_a_proof_for_one_use(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    verifier = made(monkeypatch, "mailgun")
    kind = {"content-type": "multipart/form-data; boundary=b" if body.startswith(b"--b") else ""}
    assert verifier.check(kind, body, NOW) == b"a" * 50
    for later in (301, -301):
        with pytest.raises(Forged, match="within 300 s"):
            verifier.check(kind, body, NOW + later)
    with pytest.raises(Forged):
        made(monkeypatch, "mailgun", "other").check({}, body, NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b'{"signature": "x"}',
        urlencode(mailgun(token="")).encode(),
        urlencode([("token", "b"), *mailgun().items()]).encode(),
        urlencode({**mailgun(), "timestamp": "1"}).encode(),
        urlencode({**mailgun(), "token": "b" * 50}).encode(),
        urlencode({**mailgun(), "token": "a" * 600}).encode(),
        urlencode([*mailgun().items(), ("token", "b")]).encode(),
        urlencode({**mailgun(), "signature": "ä"}).encode(),
        b"&".join(b"a=b" for _ in range(2_000)),
    ],
)
def test_fields_that_prove_nothing_are_refused(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    with pytest.raises(Forged):
        made(monkeypatch, "mailgun").check({}, body, NOW)


def test_a_body_without_the_fields_has_no_proof() -> None:
    assert field_proof(SCHEMES["mailgun"], b"token=a&timestamp=1", "") is None
    assert field_proof(SCHEMES["statuscake"], b"Token=a", "") is not None


def test_the_password_of_statuscake_is_the_md5_of_user_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = made(monkeypatch, "statuscake", "acme" + "k" * 20)
    right = hashlib.md5(b"acme" + b"k" * 20, usedforsecurity=False).hexdigest()
    body = urlencode({"Name": "Shop", "Status": "Down", "Token": right}).encode()
    # Without an identity: down, up and down within the window are three messages.
    assert verifier.check({}, body, NOW) == b""
    verifier.taken(b"", NOW)
    assert not verifier.is_known(b"", NOW)
    for wrong in (b"Status=Down", b"Token=", b"Token=" + b"0" * 32, b"Token=x&Token=" + right.encode()):
        with pytest.raises(Forged):
            verifier.check({}, wrong, NOW)


def test_the_password_of_statuscake_is_not_among_the_dead_letters(
    serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENDER_SECRET", SECRET)
    own = {"cake": {"mapping": "statuscake", "signature": {"scheme": "statuscake", "secret_env": "SENDER_SECRET"}}}
    token = hashlib.md5(SECRET.encode(), usedforsecurity=False).hexdigest()
    with serving(connectors=own) as http:
        for given in (token, token.upper()):
            assert http.post("/ingest/cake", {"Token": given, "Nothing": "else"}).status_code == 400
        letters = [letter.raw.decode() for taken in http.inbox.taken for letter in taken.rejected]
        assert len(letters) == 2
        assert all("[redacted]" in raw and token not in raw.lower() for raw in letters)


def test_a_packed_body_with_its_proof_inside_is_unpacked_first(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    monkeypatch.setenv("SENDER_SECRET", SECRET)
    own = {"mail": {"mapping": "webhook", "signature": {"scheme": "mailgun", "secret_env": "SENDER_SECRET"}}}
    body = gzip.compress(json.dumps({"title": "Disk full", "signature": mailgun()}).encode())
    with serving(connectors=own) as http:
        first = http.post("/ingest/mail", body, headers={"content-encoding": "gzip"})
        again = http.post("/ingest/mail", body, headers={"content-encoding": "gzip"})
        assert (first.status_code, first.json()["accepted"]) == (200, 1)
        assert (again.status_code, again.json()["accepted"]) == (200, 0)
