"""Senders that know only basic authentication, or only an address, give the token as its password; for ingest only."""

from __future__ import annotations

import base64
import http.client
import subprocess
from typing import Any

import httpx2
import pytest

from aiops.http.auth import Guard, Refusal, Token, new_token, token_hash

GROUP = {"alerts": [{"labels": {"alertname": "Down", "host": "w1"}}]}
TOKEN, READER = new_token(), new_token()
TOKENS = [
    {"name": "sns", "scopes": ["ingest"], "sha256": token_hash(TOKEN)},
    {"name": "reader", "scopes": ["read", "write"], "sha256": token_hash(READER)},
]


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (basic(f"aiops:{TOKEN}"), 200),
        (basic(f"anyone:{TOKEN}"), 200),
        (basic(f":{TOKEN}"), 200),
        (basic(f"{TOKEN}:"), 200),
        (basic(TOKEN), 200),
        (basic(f"aiops:{TOKEN}").replace("Basic", "bAsIc"), 200),
        (basic(f"aiops:{READER}"), 403),
        (basic("aiops:wrong"), 401),
        (basic(":"), 401),
        (basic(f"{TOKEN}:wrong"), 401),
        (basic(f"aiops:{token_hash(TOKEN)}"), 401),
        ("Basic", 401),
        ("Basic !!!", 401),
        ("Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(), 401),
        (f"Basic {TOKEN}", 401),
        (f"Digest {TOKEN}", 401),
        ("Basic " + "A" * 4_000, 401),
    ],
    # Tokens are drawn anew in each process; names of tests must not be.
    ids=map(str, range(17)),
)
def test_the_password_is_looked_up_as_a_token(serving: Any, header: str, status: int) -> None:
    with serving(tokens=TOKENS) as found:
        for path, body in (("/ingest/alertmanager", GROUP), ("/api/v2/alerts", GROUP["alerts"])):
            answer = found.post(path, body, headers={"authorization": header})
            assert answer.status_code == status


def test_a_401_offers_both_ways(serving: Any) -> None:
    with serving(tokens=TOKENS) as found:
        for method, path in (("POST", "/ingest/webhook"), ("POST", "/api/v2/alerts")):
            connection = http.client.HTTPConnection("127.0.0.1", found.port, timeout=300)
            connection.request(method, path)
            answer = connection.getresponse()
            offered = [value for name, value in answer.getheaders() if name.lower() == "www-authenticate"]
            connection.close()
            assert answer.status == 401
            assert [one.split(" ")[0] for one in offered] == ["Bearer", "Basic"], (method, path)


def test_an_address_with_the_token_is_enough(serving: Any) -> None:
    with serving(tokens=TOKENS) as found:
        url = f"http://aiops:{TOKEN}@127.0.0.1:{found.port}/ingest/webhook"
        assert httpx2.post(url, json={"title": "A", "host": "h"}, timeout=300).status_code == 200
        done = subprocess.run(
            ["curl", "-s", "-o", "-", "-w", "%{http_code}", "-d", '{"title": "A"}', url],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        assert done.stdout.endswith("200")


def test_basic_authentication_opens_nothing_else() -> None:
    secret = new_token()
    guard = Guard([Token("all", ["ingest", "read", "write"], sha256=token_hash(secret))], "127.0.0.1")
    headers = {"authorization": basic(f"x:{secret}")}
    assert isinstance(guard.check(headers, "ingest"), Token)
    for scope in ("read", "write"):
        found = guard.check(headers, scope)
        assert isinstance(found, Refusal)
        assert found.status == 401
    # A page of another site may not use what a browser remembers of it.
    assert isinstance(guard.check({**headers, "origin": "https://evil.example"}, "ingest"), Refusal)
