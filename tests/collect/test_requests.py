"""What a collector reads: one GET or one statement."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from aiops.collect.requests import Read, read_of
from aiops.errors import UsageError
from aiops.respond.collectors import Collect

NOW = 1_700_000_000.9


def made(values: dict[str, Any] | None = None, allowed: tuple[str, ...] = (), **fields: Any) -> Read:
    collector = msgspec.convert({"kind": "collect", "name": "load", **fields}, Collect)
    return read_of(collector, values or {}, NOW, allowed)


def asked(read: Read) -> tuple[str, dict[str, str]]:
    parts = urlsplit(read.path)
    return parts.path, {name: one[0] for name, one in parse_qs(parts.query).items()}


def test_an_instant_query() -> None:
    read = made(
        {"pod": 'a"}'}, prometheus={"query": "up{$selector}", "selector": [{"label": "p", "value": "{{ pod }}"}]}
    )
    assert asked(read) == ("/api/v1/query", {"query": 'up{p="a\\"}"}', "time": "1700000000", "timeout": "10s"})
    assert read.text.startswith("GET /api/v1/query?query=")


def test_a_range_query_has_thirty_points_or_its_own_step() -> None:
    path, query = asked(made(prometheus={"query": "up", "range": "30m"}))
    times = {"start": "1699998200", "end": "1700000000", "step": "60"}
    assert (path, query) == ("/api/v1/query_range", {"query": "up", "timeout": "10s", **times})
    assert asked(made(prometheus={"query": "up", "range": "30m", "step": "5m"}))[1]["step"] == "300"
    assert asked(made(prometheus={"query": "up", "range": "10s"}))[1]["step"] == "1", "a step of 0 is refused"


def test_loki_has_nanoseconds() -> None:
    selector = [{"label": "app", "value": "{{ app }}"}]
    path, query = asked(made({"app": "cart"}, loki={"query": '{$selector} |= "error"', "selector": selector}))
    assert path == "/loki/api/v1/query_range"
    assert query == {
        "query": '{app="cart"} |= "error"',
        "start": "1699999100000000000",
        "end": "1700000001000000000",
        "limit": "50",
        "direction": "backward",
    }


def test_kubernetes_by_its_paths() -> None:
    read = made(
        {"ns": "shop", "pod": "cart-1"}, kubernetes={"read": "object", "namespace": "{{ ns }}", "object": "{{ pod }}"}
    )
    assert (read.path, read.accept) == ("/api/v1/namespaces/shop/pods/cart-1", "application/json")
    logs = {"read": "logs", "namespace": "shop", "object": "a", "container": "b"}
    assert made(kubernetes=logs).accept == "*/*"


def test_http_reads_only_listed_paths() -> None:
    http = {"path": ["api", "hosts", "{{ host }}"], "query": {"full": True}}
    assert made({"host": "a b"}, ("/api/hosts/*",), http=http).path == "/api/hosts/a%20b?full=true"
    for allowed in ((), ("/api/*",), ("/api/hosts/b",), ("/api/hosts/*/more",), ("*",)):
        with pytest.raises(UsageError, match="expected one of the system's read_paths"):
            made({"host": "a"}, allowed, http=http)


@pytest.mark.parametrize("host", ["", ".", ".."])
def test_no_segment_leads_up(host: str) -> None:
    with pytest.raises(UsageError, match="expected a path segment"):
        made({"host": host}, ("/*/*",), http={"path": ["a", "{{ host }}"]})


def test_a_slash_in_a_value_stays_in_its_segment() -> None:
    read = made({"host": "a/../../admin"}, ("/hosts/*",), http={"path": ["hosts", "{{ host }}"]})
    assert read.path == "/hosts/a%2F..%2F..%2Fadmin"


def test_values_are_bound_to_a_statement() -> None:
    sql = {"statement": "select * from t where db = :db", "parameters": {"db": "{{ db }}", "n": 3}, "limit": 5}
    read = made({"db": "'; drop table t"}, sql=sql)
    assert (read.text, read.parameters, read.limit) == (sql["statement"], {"db": "'; drop table t", "n": 3}, 5)
    for wrong in ("delete from t", "select '{{ db }}'", "pragma user_version"):
        with pytest.raises(UsageError, match=r"sql\.statement"):
            made({"db": "a"}, sql={"statement": wrong})


def test_a_read_takes_thirty_seconds_at_most() -> None:
    assert made(prometheus={"query": "up"}).timeout_s == 10.0
    assert made(prometheus={"query": "up"}, timeout="5m").timeout_s == 30.0
    with pytest.raises(UsageError, match="1s to 24h"):
        made(prometheus={"query": "up", "range": "3d"})


@pytest.mark.parametrize("fields", [{}, {"prometheus": {"query": "up"}, "sql": {"statement": "select 1"}}])
def test_exactly_one_source(fields: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="expected exactly one source"):
        made(**fields)
