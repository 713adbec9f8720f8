"""Whatever is posted: an answer that says what was taken, never a 500, and no good alert lost beside a bad one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import msgspec
from aiops_connectors.http.source import HttpSource
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from aiops.journal.frame import decode_lines, encode_lines
from aiops.records import Alert
from aiops.testing.inbox import MemoryInbox

NOW = 1_772_400_000.0
INBOX = MemoryInbox()
APP = Starlette(routes=list(HttpSource("http", {"port": 0}, clock=lambda: NOW).routes(INBOX)))
CHARSETS = ["", "utf-8", "utf-16", "utf-32", "iso-8859-1", "cp1252", "ascii", "zip", "x\x00"]
PATHS = [
    "/ingest/webhook",
    "/ingest/alertmanager",
    "/ingest/grafana",
    "/ingest/aws_cloudwatch_sns",
    "/ingest/datadog",
    "/ingest/pagerduty",
    "/ingest/archive",
    "/ingest/cloudevents",
    "/api/v2/alerts",
]
GOOD = "The good one"


def post(
    path: str, body: bytes, headers: Mapping[str, str], method: str = "POST", query: bytes = b""
) -> tuple[int, dict[str, Any]]:
    """Send to the application itself, and return its answer."""
    sent: list[dict[str, Any]] = []
    inputs = [{"type": "http.request", "body": body, "more_body": False}]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        return inputs.pop(0)

    async def send(message: Any) -> None:
        sent.append(dict(message))

    INBOX.taken.clear()
    asyncio.run(APP(scope, receive, send))
    return sent[0]["status"], json.loads(b"".join(one.get("body", b"") for one in sent[1:]))


def check(status: int, answer: dict[str, Any]) -> None:
    """What holds for every answer."""
    assert status in (200, 400, 413, 415), answer
    assert answer["accepted"] == len(INBOX.records)
    assert answer["rejected"] <= len(INBOX.letters)
    assert (status == 400) == (answer["rejected"] > 0)
    # What was taken can be written and read again.
    if INBOX.records:
        assert len(decode_lines(encode_lines(INBOX.records))) == len(INBOX.records)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -1, 0, 1, 5, 2**63, 2**64])
    | st.floats()
    | st.text(st.characters(), max_size=12)
    | st.sampled_from(["\ud83d", "a\udc00b", "\ufeff", "\x00", "firing", "breached", "P1 - Critical", "x" * 3_000])
)
FIELDS = (
    *("status", "state", "labels", "annotations", "alertname", "severity", "name", "title", "host", "startsAt"),
    *("endsAt", "fingerprint", "dedup_key", "kind", "ts", "id", "event_action", "payload", "summary", "alerts"),
    *("Message", "Type", "AlarmName", "NewStateValue", "specversion", "data", "source", "type", "key"),
)
NAMES = st.sampled_from(FIELDS) | st.text(max_size=6)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
DEEP = st.integers(1, 3_000).map(lambda levels: b"[" * levels + b"]" * levels) | st.integers(1, 3_000).map(
    lambda levels: b'{"alerts":' * levels + b"1" + b"}" * levels
)


def written(value: Any) -> bytes:
    """JSON as careless senders write it: NaN, infinities and lone surrogates included."""
    return json.dumps(value).encode()


@settings(max_examples=400, deadline=None)
@given(
    path=st.sampled_from(PATHS),
    body=st.binary(max_size=300) | JSON.map(written) | DEEP,
    charset=st.sampled_from(CHARSETS),
)
def test_any_body_is_answered(path: str, body: bytes, charset: str) -> None:
    kind = "application/json" + (f"; charset={charset}" if charset else "")
    check(*post(path, body, {"host": "127.0.0.1", "content-type": kind}))


def beside(path: str, bad: Any, before: bool) -> Any:
    """A request that holds a good alert and something else."""
    good: Any = {"status": "firing", "labels": {"alertname": GOOD, "host": "h", "severity": "critical"}}
    if path == "/ingest/archive":
        good = {"kind": "alert", "ts": NOW, "name": GOOD, "entity": "h", "severity": "critical"}
    elif path == "/ingest/cloudevents":
        good = {"specversion": "1.0", "id": "1", "source": "s", "type": GOOD, "data": {"severity": "critical"}}
    elif path == "/ingest/webhook":
        good = {"title": GOOD, "host": "h", "severity": "critical"}
    elif path == "/ingest/datadog":
        good = {"title": f"[Triggered] {GOOD}", "alert_type": "error"}
    elif path == "/ingest/pagerduty":
        good = {"event_action": "trigger", "payload": {"summary": GOOD, "source": "h", "severity": "critical"}}
    elif path == "/ingest/aws_cloudwatch_sns":
        good = {"AlarmName": GOOD, "NewStateValue": "ALARM"}
    items = [bad, good] if before else [good, bad]
    return {"status": "firing", "alerts": items} if path in ("/ingest/alertmanager", "/ingest/grafana") else items


@settings(max_examples=500, deadline=None)
@given(path=st.sampled_from(PATHS), bad=JSON, before=st.booleans())
def test_a_good_alert_beside_anything_is_kept(path: str, bad: Any, before: bool) -> None:
    status, answer = post(path, written(beside(path, bad, before)), {"host": "127.0.0.1"})
    check(status, answer)
    assert GOOD in [record.name for record in INBOX.records if isinstance(record, Alert)], (status, answer)
    assert status in (200, 400)


@settings(max_examples=150, deadline=None)
@given(bad=st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b"").replace(b"\r", b"")), before=st.booleans())
def test_a_good_line_beside_any_bytes_is_kept(bad: bytes, before: bool) -> None:
    good = msgspec.json.encode(beside("/ingest/archive", None, False)[0])
    lines = [bad, good, good] if before else [good, good, bad]
    status, answer = post("/ingest/archive", b"\n".join(lines), {"content-type": "application/x-ndjson"})
    check(status, answer)
    assert [record.name for record in INBOX.records if isinstance(record, Alert)].count(GOOD) == 2


KINDS = st.sampled_from(
    [
        *("application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/xml", "text/xml"),
        *("text/plain", "text/html", "message/rfc822", "application/x-ndjson", "application/soap+xml", "nonsense"),
    ]
)
TEXTS = st.sampled_from(
    [
        *(
            b"title=Down&state=down&host=a",
            b"title=Down&title=Up",
            b"=&=&=",
            b"a[b]=1",
            b"payload={}",
            b"payload=%7B%7D",
        ),
        *(
            b"<alert><title>Down</title></alert>",
            b"<a><a><a>",
            b"<!DOCTYPE a><a/>",
            b"<a>&x;</a>",
            b"CRITICAL: disk full",
        ),
        *(b"--b\r\nContent-Disposition: form-data; name=title\r\n\r\nDown\r\n--b--", b"--b\r\n\r\n--b--", b"--b"),
        *(b"Subject: [DOWN] web-1\r\nFrom: a@example.org\r\n\r\ntext", b"Subject: =?utf-8?b?x?=\r\n\r\n", b"\x00\xff"),
        *(b'{"title": "Down"}\n{"title": "Up"}', b"[FIRING] x", b"{", b"[", b"<", b" ", b"\xef\xbb\xbf<a/>"),
    ]
)


@settings(max_examples=400, deadline=None)
@given(
    path=st.sampled_from(PATHS),
    body=TEXTS | st.lists(TEXTS, max_size=3).map(b"".join) | st.binary(max_size=100),
    kind=KINDS,
    charset=st.sampled_from(CHARSETS),
)
def test_any_body_of_any_type_is_answered(path: str, body: bytes, kind: str, charset: str) -> None:
    stated = kind + (f"; charset={charset}" if charset else "")
    check(*post(path, body, {"host": "127.0.0.1", "content-type": stated}))


@settings(max_examples=200, deadline=None)
@given(
    query=st.binary(min_size=1, max_size=100) | TEXTS, body=TEXTS | st.just(b""), method=st.sampled_from(["GET", "PUT"])
)
def test_any_query_is_answered(query: bytes, body: bytes, method: str) -> None:
    check(*post("/ingest/webhook", body, {"host": "127.0.0.1"}, method, query))
