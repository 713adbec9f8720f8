"""Files of one request: a body alone, or a request as it was logged, and samples of every transport."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from aiops_connectors.mapping.mapping import load_mapping
from aiops_connectors.workbench.recorded_request import request
from aiops_connectors.workbench.samples import check_samples, read_samples

from aiops.errors import UsageError

HEAD = b"POST /ingest/webhook?env=a%20b#x HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n\r\ntitle=Down\r\n"
SAMPLES = """
- pair: form
  body: title=Disk+full&host=db-1&status=firing&alias=7
  content_type: application/x-www-form-urlencoded
  alerts: [{name: Disk full, entity: db-1, status: firing, key: '7'}]
- pair: form
  query: title=Disk+full&host=db-1&status=resolved&alias=7
  method: GET
  alerts: [{status: resolved}]
- request: |
    GET /ingest/webhook?title=Down&host=web-1&state=down HTTP/1.1
    Host: aiops.example.org
  alerts: [{name: Down, entity: web-1}]
- body: "<a>"
  content_type: application/xml
  problem: expected XML
"""


def test_a_request_with_its_head_is_read() -> None:
    found = request(HEAD)
    assert (found.method, found.query, found.body) == ("POST", "env=a%20b", b"title=Down\r\n")
    assert found.headers == {"host": "a", "content-type": "text/plain"}
    assert request(HEAD.replace(b"\r\n", b"\n")).headers == found.headers
    body, origin = found.opened()
    assert (body, origin.method, origin.query) == (b"title=Down\r\n", "POST", {"env": "a b"})


def test_what_is_given_wins_over_the_head() -> None:
    found = request(HEAD, {"content-type": "text/xml"}, "PUT", "a=1")
    assert (found.method, found.query, found.headers["content-type"]) == ("PUT", "a=1", "text/xml")


@pytest.mark.parametrize("raw", [b'{"a": 1}', b"GET lost", b"", b"DELETE / HTTP/1.1\r\n\r\n"])
def test_anything_else_is_a_body(raw: bytes) -> None:
    assert request(raw).body == raw
    assert request(raw).method == "POST"


def test_a_head_without_headers_or_body() -> None:
    assert request(b"GET /?a=1 HTTP/1.0\n\n").query == "a=1"
    assert request(b"PUT / HTTP/1.1\n\nx").body == b"x"


def test_a_body_that_the_source_would_refuse_is_an_error() -> None:
    with pytest.raises(UsageError, match="body: expected a whole compressed body"):
        request(b"x", {"content-encoding": "gzip"}).opened()
    with pytest.raises(UsageError, match="charset"):
        request(b"x", {"content-type": "text/plain; charset=zip"}).opened()
    assert request(gzip.compress(b"x"), {"content-encoding": "gzip"}).opened()[0] == b"x"


def test_samples_of_every_transport_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "samples.yaml"
    path.write_text(SAMPLES)
    assert check_samples("webhook", path) == []
    path.write_text(SAMPLES.replace("entity: web-1", "entity: web-2"))
    assert check_samples("webhook", path) == ["sample 2: entity of 'Down': 'web-2' expected, got 'web-1'"]


@pytest.mark.parametrize("sample", ["{alerts: []}", "{payload: {}, body: a}", "{request: a, body: b}"])
def test_a_sample_states_one_request(tmp_path: Path, sample: str) -> None:
    path = tmp_path / "samples.yaml"
    path.write_text(f"- {sample}")
    with pytest.raises(UsageError, match="sample 0: expected one of payload, body, request or a query"):
        read_samples(path)


def test_a_sample_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "samples.yaml"
    path.write_text(SAMPLES)
    records, problems = read_samples(path)[3].apply(load_mapping("webhook"))
    assert not records
    assert problems[0].reason.startswith("expected XML")
