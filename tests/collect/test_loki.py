"""Reads of Loki against its published API: parameters, escapes of LogQL, answers and errors as documented.

There is no Loki to test with here, so the other side is this module, written from
https://grafana.com/docs/loki/latest/reference/loki-http-api/ and https://grafana.com/docs/loki/latest/query/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from aiops.collect.http_reader import HttpReader, HttpSystem
from aiops.collect.requests import read_of
from aiops.collect.tables import ReadFailed, rows_of
from aiops.respond.catalogue import read_catalogue, shipped
from aiops.respond.collectors import Collect
from aiops.respond.config import RunSecret
from aiops.respond.transport import RunTransport
from aiops.testing.receiver import Receiver, Reply

NOW = 1_700_000_000.25
PARAMETERS = {"query", "limit", "start", "end", "since", "step", "interval", "direction"}
# A stream selector: matchers with strings as Go writes them.
_STRING = r'"(?:[^"\\\n]|\\(?:[abfnrtv\\"]|x[0-9a-f]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}))*"'
_MATCHER = rf"\s*[A-Za-z_][A-Za-z0-9_]*\s*(?:=~|!~|!=|=)\s*{_STRING}\s*"
SELECTOR = re.compile(rf"\{{{_MATCHER}(?:,{_MATCHER})*\}}")
HOSTILE = ("cart", 'a"} |= "x', "a\\", "a\nb", '"', "`", "{{ x }}", "ü\u202e", "\x00")
SHIPPED = [
    one
    for playbook in read_catalogue([shipped()]).playbooks.values()
    for one in playbook.diagnosis
    if isinstance(one, Collect) and one.loki is not None
]


@pytest.fixture
def reader(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpReader]:
    monkeypatch.setenv("TENANT", "team-a|team-b")
    secrets = {
        "loki": RunSecret(use="header", header="X-Scope-OrgID", hosts=[f"127.0.0.1:{receiver.port}"], env="TENANT")
    }
    made = HttpReader(HttpSystem("loki", "loki", receiver.url, "loki"), RunTransport(secrets, allow_private=True))
    yield made
    made.close()


def collector(query: str = '{app="a"} |= "error"', **fields: Any) -> Collect:
    return msgspec.convert({"kind": "collect", "name": "log", "loki": {"query": query, **fields}}, Collect)


def send(reader: HttpReader, receiver: Receiver, one: Collect, answer: Any, value: str = "cart") -> Any:
    receiver.replies = [Reply(200, json.dumps(answer).encode())]
    values = dict.fromkeys(("namespace", "service", "pod", "app"), value)
    return rows_of(one, reader.read(read_of(one, values, NOW), lambda: True))


def documented(target: str) -> dict[str, str]:
    """Return the parameters of a request; fail for one that the API does not document."""
    parts = urlsplit(target)
    assert parts.path == "/loki/api/v1/query_range"
    pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)
    found = dict(pairs)
    assert len(found) == len(pairs), "a parameter stands twice"
    assert set(found) <= PARAMETERS
    assert found["direction"] in ("forward", "backward")
    assert 1 <= int(found["limit"]) <= 5_000, "more than the server's own limit, which refuses it"
    # An integer is nanoseconds; a shorter one would be a time in 1970.
    assert all(re.fullmatch(r"\d{19}", found[name]) for name in ("start", "end"))
    assert int(found["start"]) < int(found["end"])
    return found


def streams(*result: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "streams", "result": list(result), "stats": {"summary": {}}}}


@pytest.mark.parametrize("value", HOSTILE)
def test_every_shipped_query_is_one_that_is_documented(reader: HttpReader, receiver: Receiver, value: str) -> None:
    assert SHIPPED
    for one in SHIPPED:
        assert one.loki is not None
        send(reader, receiver, one, streams(), value)
        query = documented(receiver.requests[-1].path)["query"]
        before, _, after = one.loki.query.partition("$selector")
        selector = SELECTOR.match(query)
        assert selector is not None, f"no stream selector: {query}"
        assert (before, query[selector.end() :]) == ("{", after.removeprefix("}")), "a value is a part of the query"
        assert receiver.requests[-1].headers["x-scope-orgid"] == "team-a|team-b"
        assert receiver.requests[-1].headers["accept"] == "application/json"


def test_the_newest_lines_are_within_the_range(reader: HttpReader, receiver: Receiver) -> None:
    """The API leaves out a line at `end`, so the end lies after this moment."""
    send(reader, receiver, collector(range="15m"), streams())
    found = documented(receiver.requests[-1].path)
    assert int(found["start"]) <= int((NOW - 900) * 1e9)
    assert NOW * 1e9 < int(found["end"]) <= (NOW + 1) * 1e9


def test_documented_answers_are_rows(reader: HttpReader, receiver: Receiver) -> None:
    stream = {"filename": "/var/log/myproject.log", "job": "varlogs", "level": "info"}
    entries: list[list[Any]] = [["1569266497240578000", "foo"], ["1569266492548155000", "bar"]]
    found = send(reader, receiver, collector(), streams({"stream": stream, "values": entries}))
    assert [one["line"] for one in found] == [["foo"], ["bar"]]
    assert found[0]["job"] == ["varlogs"]
    structured = [[*entries[0], {"structuredMetadata": {"trace_id": "0242ac120002"}}]]
    assert send(reader, receiver, collector(), streams({"stream": stream, "values": structured}))[0]["line"] == ["foo"]
    values = [[1588889221, "137.27833333333334"], [1588889521, "467.69"]]
    matrix = {"resultType": "matrix", "result": [{"metric": {"level": "warn"}, "values": values}], "stats": {}}
    counted = collector('sum(rate({a="b"}[10m])) by (level)')
    (row,) = send(reader, receiver, counted, {"status": "success", "data": matrix})
    assert (row["level"], row["value"], row["max"]) == (["warn"], [467.69], [467.69])
    assert send(reader, receiver, collector(), streams()) == []


@pytest.mark.parametrize(
    ("status", "body", "headers", "reason"),
    [
        (400, "parse error at line 1, col 8: syntax error", {}, "status 400: parse error at line 1"),
        (400, "queries require at least one regexp or equality matcher", {}, "status 400: queries require"),
        (400, "max entries limit per query exceeded (50 > 10)", {}, "status 400: max entries limit"),
        (401, "no org id", {}, "status 401: no org id"),
        (404, "404 page not found", {}, "status 404"),
        (429, "too many outstanding requests", {"retry-after": "1"}, "status 429: too many outstanding"),
        (500, "context canceled", {}, "status 500: context canceled"),
        (503, "empty ring", {}, "status 503: empty ring"),
        (504, "the query time range exceeds the limit", {}, "status 504"),
        (302, "", {"location": "http://127.0.0.1:1/login"}, "status 302"),
        (200, '{"status": "error", "errorType": "timeout", "error": "too slow"}', {}, "Loki answered: too slow"),
        (200, "<html>login</html>", {}, "expected JSON from Loki"),
    ],
)
def test_an_error_is_its_own_reason_and_is_not_repeated(
    reader: HttpReader, receiver: Receiver, status: int, body: str, headers: dict[str, str], reason: str
) -> None:
    receiver.replies = [Reply(status, body.encode(), headers)]
    with pytest.raises(ReadFailed, match=re.escape(reason)):
        rows_of(collector(), reader.read(read_of(collector(), {}, NOW), lambda: True))
    assert len(receiver.requests) == 1
