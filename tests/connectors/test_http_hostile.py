"""Bodies and clients that mean harm, or behave as if they did."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from aiops_connectors.http import ingest as http_ingest
from aiops_connectors.mapping.mapping import names
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiops.ports import Received
from aiops.testing.inbox import MemoryInbox
from tests.waiting import eventually

DEADLINE_S = 120.0
GROUP = {"alerts": [{"labels": {"alertname": "Down", "host": "w1"}}]}
BODY = json.dumps(GROUP).encode()


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


def squeezed(body: bytes) -> bytes:
    """Gzip without the time of day, which would make the names of tests differ from process to process."""
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", squeezed(BODY)),
        ("gzip", squeezed(BODY[:20]) + squeezed(BODY[20:])),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("identity", BODY),
    ],
)
def test_compressed_bodies(http: Any, encoding: str, body: bytes) -> None:
    assert http.post("/ingest/alertmanager", body, headers={"content-encoding": encoding}).status_code == 200


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        ("gzip", squeezed(b" " * 50_000_000), 413),
        ("deflate", zlib.compress(b" " * 50_000_000), 413),
        ("gzip", squeezed(squeezed(b"x" * 99)) * 40, 400),
        ("gzip", squeezed(b"") * 4_000, 400),
        ("gzip", squeezed(BODY)[:-9], 400),
        ("gzip", b"nothing of the kind", 400),
        ("br", BODY, 415),
    ],
)
def test_bombs_and_broken_encodings(http: Any, encoding: str, body: bytes, status: int) -> None:
    answer = http.post("/ingest/alertmanager", body, headers={"content-encoding": encoding})
    assert answer.status_code == status
    assert http.inbox.records == []
    assert http.source.health()["held_bytes"] == 0


@pytest.mark.parametrize("kind", ["image/png", "audio/ogg", "video/mp4", "font/woff"])
def test_content_types_that_hold_no_text(http: Any, kind: str) -> None:
    assert http.post("/ingest/alertmanager", BODY, headers={"content-type": kind}).status_code == 415


@pytest.mark.parametrize(
    "kind",
    ["text/plain; charset=UTF-8", "application/octet-stream", "", "text/xml", "multipart/form-data", "text/html"],
)
def test_content_types_that_may_be_json(http: Any, kind: str) -> None:
    assert http.post("/ingest/alertmanager", BODY, headers={"content-type": kind}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"\xff\xfe",
        b'"\\ud800"',
        b"[" * 90_000,
        b'{"a":' * 15_000,
        b'{"alerts":' + b"[" * 40_000 + b"]" * 40_000 + b"}",
        b'{"alerts":[{"labels":{"alertname":' + b"9" * 5_000 + b"}}]}",
        b"1e999",
        b'[{"specversion":"1.0","id":"1","source":"s","type":"t","data":' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}]",
        b'{"alerts":[{"labels":{"alertname":"x"},"startsAt":-' + b"9" * 500 + b',"endsAt":' + b"9" * 500 + b"}]}",
    ],
)
@pytest.mark.parametrize("connector", ["alertmanager", "archive", "cloudevents", "prometheus"])
def test_bodies_that_are_no_payload(http: Any, connector: str, body: bytes) -> None:
    answer = http.post(f"/ingest/{connector}", body)
    assert answer.status_code in (200, 400)
    assert answer.json()["rejected"] > 0 or http.inbox.records


def test_a_body_over_the_limit_by_its_header(http: Any) -> None:
    with connect(http) as sock:
        sock.sendall(b"POST /ingest/archive HTTP/1.1\r\nhost: localhost\r\ncontent-length: 999999999999\r\n\r\n")
        assert b" 413 " in answer_of(sock)


def test_a_body_over_the_limit_as_it_comes(http: Any) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * 1_000

    assert http.client.post("/ingest/archive", content=chunks()).status_code == 413
    assert http.source.health()["held_bytes"] == 0


def test_a_slow_body_is_given_up(serving: Any) -> None:
    with serving(body_timeout_s=0.2) as http, connect(http) as sock:
        sock.sendall(b"POST /ingest/archive HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
        assert b" 408 " in answer_of(sock)
        assert http.source.health()["held_bytes"] == 0


@pytest.mark.parametrize("head", [b"", b"POST /ingest/archive HTTP/1.1\r\nhost: local"])
def test_a_slow_head_is_given_up(serving: Any, head: bytes) -> None:
    with serving(head_timeout_s=0.2) as http, connect(http) as sock:
        sock.sendall(head)
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(100) == b""


def test_a_head_that_drips_is_given_up(serving: Any) -> None:
    with serving(head_timeout_s=0.2) as http, connect(http) as sock:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < DEADLINE_S:
                sock.sendall(b"x")
                time.sleep(0.05)
        assert time.monotonic() - began < DEADLINE_S


def test_connections_over_the_limit_are_told_to_come_again(serving: Any) -> None:
    """All places are taken by requests whose bodies do not come."""
    with serving(max_connections=4, body_timeout_s=600) as http:
        held = [connect(http) for _ in range(4)]

        def answer() -> bytes:
            with connect(http) as sock:
                sock.sendall(b"GET /ingest/archive HTTP/1.1\r\nhost: localhost\r\n\r\n")
                return answer_of(sock)

        try:
            for sock in held:
                sock.sendall(b"POST /ingest/archive HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n")
            # Until the server has read all four heads, there is room.
            told = eventually(lambda: found if b" 503 " in (found := answer()) else b"")
            assert b"retry-after" in told.lower()
        finally:
            for sock in held:
                sock.close()


def test_bytes_held_over_all_requests_are_bounded(serving: Any) -> None:
    with serving(max_held_bytes=5_000, body_timeout_s=600) as http, connect(http) as sock:
        sock.sendall(b"POST /ingest/archive HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4001\r\n\r\n" + b" " * 4_000)
        deadline = time.monotonic() + DEADLINE_S
        while http.source.health()["held_bytes"] < 4_000 and time.monotonic() < deadline:
            time.sleep(0.01)
        answer = http.post("/ingest/archive", b" " * 2_000)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]


class Hanging(MemoryInbox):
    """A disk that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[Received, Future[bool]]] = []
        self.is_free = True

    def submit(self, received: Received) -> Future[bool] | None:
        if self.is_free:
            return super().submit(received)
        self.waiting.append((received, Future()))
        return self.waiting[-1][1]

    def let_go(self) -> None:
        self.is_free = True
        for received, done in self.waiting:
            done.set_result(self.put(received, 0.0))


def test_requests_that_wait_are_bounded(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two wait for a disk that hangs; the third is told to come again, and is taken then."""
    monkeypatch.setattr(http_ingest, "MAX_WAITING", 2)
    inbox = Hanging()
    with serving(inbox=inbox, put_timeout_s=DEADLINE_S) as http, ThreadPoolExecutor(2) as pool:
        # The mapping is loaded with the first request.
        assert http.post("/ingest/alertmanager", GROUP).status_code == 200
        inbox.is_free = False
        waiting = [pool.submit(http.post, "/ingest/alertmanager", GROUP) for _ in range(2)]
        deadline = time.monotonic() + DEADLINE_S
        while len(inbox.waiting) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        answer = http.post("/ingest/alertmanager", GROUP)
        inbox.let_go()
        assert [one.result(DEADLINE_S).status_code for one in waiting] == [200, 200]
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert http.post("/ingest/alertmanager", GROUP).status_code == 200
        assert len(inbox.records) == 4
        assert http.source.health()["held_bytes"] == 0


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"POST /ingest/archive HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nZZZ\r\n",
        b"POST /ingest/archive HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"POST /ingest/../../etc/passwd HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}",
        b"POST /ingest/" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ],
)
def test_requests_that_are_not_http(http: Any, request_: bytes) -> None:
    with connect(http) as sock:
        sock.sendall(request_)
        assert answer_of(sock).split(b" ", 2)[1] in (b"400", b"404", b"431")
    assert http.post("/ingest/alertmanager", GROUP).status_code == 200


FIELDS = (
    "alerts labels annotations status startsAt endsAt kind ts name entity value specversion id source type data event "
    "incident Message Records messages check monitor service host state severity title alert tags project fault"
)
FIELD = st.sampled_from(FIELDS.split())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELD | st.text(max_size=6), inner, max_size=5),
    max_leaves=15,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(connector=st.sampled_from([*names(), "archive", "prometheus"]), value=JSON)
def test_any_json_is_taken_or_refused(http: Any, connector: str, value: Any) -> None:
    answer = http.post(f"/ingest/{connector}", json.dumps(value).encode())
    found = answer.json()
    assert answer.status_code == (400 if found["rejected"] else 200)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300), encoding=st.sampled_from(["", "gzip", "deflate"]))
def test_any_bytes_are_refused_with_an_answer(http: Any, body: bytes, encoding: str) -> None:
    assert http.post("/ingest/archive", body, headers={"content-encoding": encoding}).status_code in (200, 400, 413)


def connect(http: Any) -> socket.socket:
    return socket.create_connection(("127.0.0.1", http.port), timeout=DEADLINE_S)


def answer_of(sock: socket.socket) -> bytes:
    """What comes until the server closes, or the head of an answer is whole."""
    found = b""
    while b"\r\n\r\n" not in found:
        part = sock.recv(4_096)
        if not part:
            break
        found += part
    return found


@pytest.mark.parametrize("body", [squeezed(b"[" + b"{}," * 100_000 + b"{}]"), b"[" + b"{}," * 20_000 + b"{}]"])
def test_a_short_body_that_takes_long_leaves_the_event_loop_free(
    http: Any, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    """6 kB that unpack to 8 MB, under no content encoding, held up all other requests for seconds."""
    assert len(body) <= http_ingest.SMALL_BYTES
    monkeypatch.setattr(http_ingest.Ingest, "_quickly", None)
    assert http.post("/ingest/webhook", body).status_code == 400
