"""How senders authenticate: by the connector's own settings; what contradicts itself is refused at the start."""

from __future__ import annotations

import asyncio
import base64
from typing import Any, cast

import pytest
from aiops_connectors.http.admission import Admission
from aiops_connectors.http.ingest import Ingest
from aiops_connectors.http.options import ConnectorOptions
from aiops_connectors.http.source import HttpSource

from aiops.errors import UsageError
from aiops.http.auth import Guard, Token, new_token, token_hash
from aiops.testing.inbox import MemoryInbox

SECRETS = {"ingest": new_token(), "reader": new_token()}
TOKENS = [
    {"name": "gitlab", "scopes": ["ingest"], "sha256": token_hash(SECRETS["ingest"])},
    {"name": "reader", "scopes": ["read"], "sha256": token_hash(SECRETS["reader"])},
]
ALERT = {"title": "Disk full"}
OWN = {
    "by_header": {"mapping": "webhook", "token_header": "X-Gitlab-Token"},
    "header_only": {"mapping": "webhook", "token_header": "X-Api-Key", "token_in": []},
    "bearer_only": {"mapping": "webhook", "token_in": ["bearer"]},
    "url_only": {"mapping": "webhook", "token_in": ["url"]},
}


def basic(secret: str) -> str:
    return "Basic " + base64.b64encode(f"aiops:{secret}".encode()).decode()


@pytest.mark.parametrize(
    ("path", "header", "value", "status"),
    [
        ("by_header", "x-gitlab-token", "{ingest}", 200),
        ("by_header", "X-GITLAB-TOKEN", "{ingest}", 200),
        ("by_header", "x-gitlab-token", "{reader}", 403),
        ("by_header", "x-gitlab-token", "wrong", 401),
        ("by_header", "x-gitlab-token", "", 401),
        ("by_header", "x-api-key", "{ingest}", 401),
        ("by_header", "authorization", "Bearer {ingest}", 200),
        ("by_header/{ingest}", "x-gitlab-token", "wrong", 401),
        ("by_header/wrong", "x-gitlab-token", "{ingest}", 200),
        ("webhook", "x-gitlab-token", "{ingest}", 401),
        ("header_only", "x-api-key", "{ingest}", 200),
        ("header_only", "authorization", "Bearer {ingest}", 401),
        ("header_only", "authorization", "{basic}", 401),
        ("header_only/{ingest}", "x-other", "", 401),
        ("header_only", "x-other", "", 401),
        ("bearer_only", "authorization", "Bearer {ingest}", 200),
        ("bearer_only", "authorization", "{basic}", 401),
        ("bearer_only/{ingest}", "x-other", "", 401),
        ("bearer_only?token={ingest}", "x-other", "", 401),
        ("url_only/{ingest}", "x-other", "", 200),
        ("url_only", "authorization", "Bearer {ingest}", 401),
        ("url_only", "authorization", "{basic}", 401),
        ("url_only", "x-other", "", 401),
    ],
)
def test_a_token_counts_where_the_connector_looks(
    serving: Any, path: str, header: str, value: str, status: int
) -> None:
    filled = {**SECRETS, "basic": basic(SECRETS["ingest"])}
    with serving(tokens=TOKENS, connectors=OWN) as http:
        answer = http.post(f"/ingest/{path.format(**filled)}", ALERT, headers={header: value.format(**filled)})
        assert answer.status_code == status, answer.text
        assert len(http.inbox.records) == (status == 200)
        assert not any(secret in answer.text for secret in SECRETS.values())


def test_an_empty_header_of_the_connector_is_no_reason_to_look_elsewhere() -> None:
    guard = Guard([Token("t", ["ingest"], token_hash(SECRETS["ingest"]))], "0.0.0.0")
    admission = Admission(guard, ConnectorOptions(token_header="X-Key"), [], "x")
    bearer = {"authorization": f"Bearer {SECRETS['ingest']}"}
    assert admission.refusal({"method": "POST"}, bearer, []) is None
    assert admission.refusal({"method": "POST"}, {**bearer, "x-key": ""}, []) is not None


def test_a_refusal_names_the_ways(serving: Any) -> None:
    with serving(tokens=TOKENS, connectors=OWN) as http:
        answer = http.post("/ingest/header_only", ALERT, headers={"authorization": f"Bearer {SECRETS['ingest']}"})
        assert answer.json()["error"] == "expected a token by header x-api-key; got it as bearer"


CERTIFICATE = {"verify_header": "X-SSL-Client-Verify"}
SIGNATURE = {"scheme": "github", "secret_env": "SENDER_SECRET"}


@pytest.mark.parametrize(
    ("own", "more", "said"),
    [
        ({"signature": SIGNATURE, "token_header": "X-Key"}, {}, r"connectors\.x: expected one way .*signature and"),
        ({"signature": SIGNATURE, "token_in": ["url"]}, {}, "expected one way"),
        ({"signature": SIGNATURE, "client_certificate": CERTIFICATE}, {}, "signature and client_certificate"),
        ({"client_certificate": CERTIFICATE, "token_in": ["url"]}, {}, "expected one way"),
        ({"client_certificate": CERTIFICATE}, {"trusted_proxies": []}, "expected http.options.trusted_proxies"),
        ({"client_certificate": {}}, {}, "expected verify_header, subject_header or both"),
        ({"client_certificate": {"subject_header": "X-S"}}, {}, "subject_header and subjects together"),
        ({"client_certificate": {**CERTIFICATE, "subjects": ["CN=a"]}}, {}, "subject_header and subjects together"),
        ({"token_in": []}, {}, "a place for tokens in token_in"),
        ({"token_in": ["cookie"]}, {}, "token_in"),
        ({"token_header": "X-Key"}, {"tokens": []}, "expected a token of the scope ingest"),
        ({"token_header": "Authorization"}, {}, r"token_header: expected a header of its own"),
        ({"token_header": "Cookie"}, {}, "header of its own"),
        ({"token_header": "X Key"}, {}, "header of its own"),
        ({"token_header": ""}, {}, "header of its own"),
        ({}, {"trusted_proxies": ["0.0.0.0/0"]}, "everybody's"),
        ({}, {"trusted_proxies": ["::/0"]}, "everybody's"),
        ({}, {"trusted_proxies": ["proxy.example.org"]}, r"trusted_proxies: expected an IP address"),
        ({"signature": {**SIGNATURE, "scheme": "mailgun", "header": "X-S"}}, {}, "has no header"),
        ({"signature": {**SIGNATURE, "timestamp_header": "X-T"}}, {}, "signs no time of a header"),
        ({"signature": {**SIGNATURE, "scheme": "md5"}}, {}, "scheme"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(
    monkeypatch: pytest.MonkeyPatch, own: dict[str, Any], more: dict[str, Any], said: str
) -> None:
    monkeypatch.setenv("SENDER_SECRET", "s" * 32)
    options = {
        "tokens": TOKENS,
        "trusted_proxies": ["10.0.0.1"],
        "connectors": {"x": {"mapping": "webhook", **own}},
        **more,
    }
    with pytest.raises(UsageError, match=said):
        HttpSource("http", options)


def test_a_signed_connector_takes_no_token_and_no_query(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDER_SECRET", "s" * 32)
    own = {"x": {"mapping": "webhook", "signature": SIGNATURE}}
    with serving(tokens=TOKENS, connectors=own) as http:
        for path in (f"/ingest/x/{SECRETS['ingest']}", f"/ingest/x?token={SECRETS['ingest']}"):
            answer = http.post(path, ALERT)
            assert answer.status_code == 401
            assert "no token in the address" in answer.text
        bearer = {"authorization": f"Bearer {SECRETS['ingest']}"}
        assert http.post("/ingest/x", ALERT, headers=bearer).status_code == 401


@pytest.mark.parametrize(("connector", "query"), [("signed", b""), ("webhook", b"host=web-1")])
def test_the_query_of_a_signed_request_is_not_read(
    monkeypatch: pytest.MonkeyPatch, connector: str, query: bytes
) -> None:
    monkeypatch.setenv("SENDER_SECRET", "s" * 32)
    seen: list[Any] = []

    async def handle(ingest: Any, name: str, scope: Any, receive: Any, send: Any, tokens: Any = ()) -> None:
        seen.append(scope["query_string"])

    monkeypatch.setattr(Ingest, "handle", handle)
    source = HttpSource("http", {"connectors": {"signed": {"mapping": "webhook", "signature": SIGNATURE}}})
    endpoint = cast(Any, source.routes(MemoryInbox())[0]).app
    scope = {"query_string": b"host=web-1", "path": "/", "path_params": {"connector": connector}}
    asyncio.run(endpoint(scope, None, None))
    assert seen == [query]
