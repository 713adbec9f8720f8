"""Tokens in addresses open ingest and nothing else, and leave no trace."""

from __future__ import annotations

import logging
import subprocess
from typing import Any

import pytest
from aiops_connectors.http.address_token import taken_out

from aiops.http.auth import new_token, token_hash
from aiops.telemetry.trace import NO_SPAN, Span

SECRETS = {name: new_token() for name in ("ingest", "write", "all")}
SCOPES = {"ingest": ["ingest"], "write": ["write"], "all": ["ingest", "read", "write"]}
TOKENS = [{"name": name, "scopes": SCOPES[name], "sha256": token_hash(secret)} for name, secret in SECRETS.items()]
ALERT = {"title": "Disk full", "host": "web-1", "severity": "critical", "status": "firing"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ingest/webhook/{ingest}", 200),
        ("/ingest/webhook?token={ingest}", 200),
        ("/ingest/webhook?a=b&token={ingest}&c=d", 200),
        ("/ingest/webhook?%74oken={ingest}", 200),
        ("/ingest/webhook/{all}", 403),
        ("/ingest/webhook?token={all}", 403),
        ("/ingest/webhook/{write}", 403),
        ("/ingest/webhook/wrong", 401),
        ("/ingest/webhook?token=wrong", 401),
        ("/ingest/webhook?token=", 401),
        ("/ingest/webhook?Token={ingest}", 401),
        ("/ingest/webhook/{ingest}?token={ingest}", 401),
        ("/ingest/webhook?token={ingest}&token=wrong", 401),
        ("/ingest/webhook/{ingest}/", 404),
        ("/ingest/webhook/{ingest}/more", 404),
        ("/ingest/nothing/{ingest}", 404),
        ("/ingest/{ingest}", 401),
        ("/api/v2/alerts?token={ingest}", 401),
        ("/api/v2/alerts/{ingest}", 404),
        ("/{ingest}", 404),
    ],
)
def test_an_address_opens_ingest_alone(serving: Any, path: str, status: int) -> None:
    with serving(tokens=TOKENS) as http:
        answer = http.post(path.format(**SECRETS), ALERT)
        assert answer.status_code == status
        assert len(http.inbox.records) == (status == 200)
        assert not any(secret in answer.text for secret in SECRETS.values())


def test_a_token_in_the_address_stands_before_the_header(serving: Any) -> None:
    """A proxy in front adds its own `Authorization`; the token in the address is the sender's."""
    with serving(tokens=TOKENS) as http:
        other = {"authorization": "Basic cHJveHk6cGFzcw=="}
        assert http.post(f"/ingest/webhook/{SECRETS['ingest']}", ALERT, headers=other).status_code == 200
        good = {"authorization": f"Bearer {SECRETS['ingest']}"}
        assert http.post("/ingest/webhook/wrong", ALERT, headers=good).status_code == 401


def test_a_page_of_another_site_gains_nothing_by_an_address(serving: Any) -> None:
    with serving(tokens=TOKENS) as http:
        foreign = {"origin": "https://evil.example"}
        assert http.post(f"/ingest/webhook/{SECRETS['ingest']}", ALERT, headers=foreign).status_code == 403


def test_curl_sends_with_nothing_but_an_address(serving: Any) -> None:
    with serving(tokens=TOKENS) as http:
        url = f"http://127.0.0.1:{http.port}/ingest/webhook/{SECRETS['ingest']}"
        command = ["curl", "-s", "-w", "%{http_code}", "-d", '{"title": "A"}', url]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        assert done.stdout.endswith("200")


class Recorder:
    """A tracer that keeps the arguments of each span."""

    def __init__(self) -> None:
        self.begun: list[Any] = []

    def begin(self, *names: Any, **more: Any) -> Span:
        self.begun.append((names, more))
        return NO_SPAN


@pytest.mark.parametrize("path", ["/ingest/webhook/{}", "/ingest/webhook?token={}&x=1"])
def test_a_token_of_an_address_is_written_nowhere(serving: Any, caplog: pytest.LogCaptureFixture, path: str) -> None:
    secret, tracer = SECRETS["ingest"], Recorder()
    caplog.set_level(logging.DEBUG)
    with serving(tokens=TOKENS) as http:
        http.source.trace(tracer)
        # One that is taken, one that becomes a dead letter, one that the journal refuses, one that no span sees.
        answers = [http.post(path.format(secret), ALERT), http.post(path.format(secret), b'{"title": ')]
        http.inbox.broken = True
        answers.append(http.post(path.format(secret), ALERT))
        answers.append(http.post(path.format(secret).replace("webhook", "nothing"), ALERT))
        assert [answer.status_code for answer in answers] == [200, 400, 503, 404]
        letters = [letter for taken in http.inbox.taken for letter in taken.rejected]
        assert letters
        # httpx itself logs the address that it sends to.
        logged = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
        written = [*logged, tracer.begun, http.source.health(), letters, *(answer.text for answer in answers)]
        assert tracer.begun
        assert secret not in repr(written)


def test_the_rest_of_a_query_stays() -> None:
    scope: dict[str, Any] = {
        "path": "/ingest/x",
        "query_string": b"a=1&token=t&b=%20&tok%65n=u",
        "path_params": {"connector": "x"},
    }
    clean, tokens = taken_out(scope)
    assert clean["query_string"] == b"a=1&b=%20"
    assert tokens == ["t", "u"]
    assert scope["query_string"].startswith(b"a=1&token")


def test_without_tokens_everything_is_open_on_loopback(serving: Any) -> None:
    with serving() as http:
        assert http.post("/ingest/webhook/anything", ALERT).status_code == 200


def test_a_token_in_a_refused_body_is_hidden_in_the_dead_letter(serving: Any) -> None:
    """Templates of some senders put it into a field as well."""
    secret = SECRETS["ingest"]
    with serving(tokens=TOKENS) as http:
        answer = http.post(f"/ingest/webhook/{secret}", f'{{"title": "a" "key": "{secret}"}}')
        assert answer.status_code == 400
        [letter] = http.inbox.taken[0].rejected
        assert secret.encode() not in letter.raw
        assert letter.raw.endswith(b'"key": "aiops_[redacted]"}')
