"""The step kind `prometheus`: fixed queries, rows chosen by value, and every doubt is a failure."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiops_connectors.prometheus_check import PrometheusCheck, PrometheusCheckKind
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.step_kinds.exchange import Prepared, Reply
from aiops.step_kinds.systems import System

SYSTEM = System("prom", "prometheus", "https://prom.example/base", secret="prom-token")
QUERY = "sum by (deployment) (kube_deployment_status_replicas_available)"


def prepared(values: dict[str, Any] | None = None, **fields: Any) -> Prepared:
    step = {"name": "ready", "query": QUERY, "value": 2, "where": {"deployment": "{{ w }}"}, **fields}
    return PrometheusCheckKind().prepare(PrometheusCheck(**step), values or {"w": "cart"}, SYSTEM)


def answer(*rows: tuple[str, Any], **fields: Any) -> Reply:
    result = [{"metric": {"deployment": name}, "value": [0, value]} for name, value in rows]
    body = {"status": "success", "data": {"resultType": "vector", "result": result}, **fields}
    return Reply(200, body=msgspec.json.encode(body))


def judged(reply: Reply, **fields: Any) -> str:
    return PrometheusCheckKind().progress(prepared(**fields), reply).state


def test_the_request_reads_and_names_the_secret_alone() -> None:
    made = prepared()
    assert made.method == "GET"
    assert made.url.startswith("https://prom.example/base/api/v1/query?query=sum")
    assert (made.secret, made.system, made.statuses) == ("prom-token", "prom", [200])
    with pytest.raises(UsageError, match="not configured"):
        PrometheusCheckKind().prepare(PrometheusCheck(name="a", query="up", value=1), {}, None)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_no_value_of_an_alert_is_ever_sent(value: str) -> None:
    assert prepared({"w": value}).url == prepared().url


def test_a_query_with_a_placeholder_is_refused() -> None:
    with pytest.raises(ValueError, match="fixed text"):
        PrometheusCheck(name="a", query='up{job="{{ w }}"}', value=1)


@pytest.mark.parametrize(
    ("op", "value", "state"),
    [
        (">=", "2", "done"),
        (">=", "1.9", "failed"),
        (">", "2", "failed"),
        ("<", "1", "done"),
        ("<", "2", "failed"),
        ("<=", "2", "done"),
        ("=", "2", "done"),
        ("!=", "2", "failed"),
        ("!=", "3", "done"),
        ("!=", "NaN", "failed"),
        ("<", "many", "failed"),
        ("<", 1, "failed"),
        ("<", "+Inf", "failed"),
    ],
)
def test_a_row_compares_as_a_number(op: str, value: Any, state: str) -> None:
    assert judged(answer(("cart", value)), op=op) == state


def test_an_answer_that_may_lack_rows_is_a_doubt() -> None:
    """Thanos and remote reads answer in part, with a warning (`partial_response`)."""
    partial = answer(("cart", "5"), warnings=["No StoreAPIs matched for this query"])
    assert judged(partial) == "failed"
    assert judged(answer(warnings=["store unreachable"]), empty="pass") == "failed"
    assert judged(answer(("cart", "5"), warnings=["PromQL info: metric might not be a counter"])) == "done"
    assert judged(answer(("cart", "5"), warnings=[], infos=["PromQL info: x"])) == "done"


def test_every_row_that_is_meant_must_compare_and_no_other() -> None:
    assert judged(answer(("cart", "5"), ("cart", "1"))) == "failed"
    assert judged(answer(("search", "0"), ("cart", "5"))) == "done"
    assert judged(answer(("search", "9"))) == "failed"
    assert judged(answer(("search", "0")), empty="pass") == "done"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(503),
        Reply(error="timeout"),
        Reply(200, body=b"{"),
        Reply(200, body=b"[]"),
        Reply(200, body=b'{"status": "success", "data": {"resultType": "scalar", "result": [0, "5"]}}'),
        answer(("cart", "5"), status="error"),
        Reply(200, body=b'{"status": "success", "data": {"resultType": "vector", "result": {"a": 1}}}'),
        Reply(200, body=b'{"status": "success", "data": {"resultType": "vector", "result": [null, 7, "x"]}}'),
    ],
)
def test_what_is_no_answer_fails(reply: Reply) -> None:
    found = PrometheusCheckKind().progress(prepared(), reply)
    assert (found.state, bool(found.why)) == ("failed", True)


GOOD = answer(("cart", "5")).body


@pytest.mark.parametrize(
    "reply",
    [
        Reply(503, body=GOOD),
        Reply(206, body=GOOD),
        Reply(200, error="timeout", body=GOOD),
        Reply(200, body=b'{"status": "success", "data": {"resultType": "vector", "result": {}}}'),
        Reply(200, body=b'{"status": "success", "data": {"resultType": "vector", "result": null}}'),
        Reply(200, body=b'{"status": "success", "data": {"resultType": "matrix", "result": []}}'),
        Reply(200, body=b'{"status": "success", "data": {"resultType": "scalar", "result": []}}'),
    ],
)
def test_what_is_no_answer_is_no_answer_without_rows(reply: Reply) -> None:
    assert judged(answer(), empty="pass") == "done"
    assert judged(reply, empty="pass") == "failed"


def test_a_row_is_meant_by_all_of_its_labels() -> None:
    rows = [
        {"metric": {"deployment": "cart", "zone": "a"}, "value": [0, "5"]},
        {"metric": {"deployment": "cart", "zone": "b"}, "value": [0, "0"]},
        {"metric": {"deployment": "search", "zone": "a"}, "value": [0, "0"]},
    ]
    body = {"status": "success", "data": {"resultType": "vector", "result": rows}}
    reply = Reply(200, body=msgspec.json.encode(body))
    assert judged(reply, where={"deployment": "{{ w }}", "zone": "a"}) == "done"
    assert judged(reply, where={"deployment": "{{ w }}", "zone": "c"}) == "failed"


def test_it_is_a_check_and_never_a_step() -> None:
    assert PrometheusCheckKind.places == {"precondition", "verify"}
    assert PrometheusCheckKind().effect(PrometheusCheck(name="a", query="up", value=1)).blast == "none"
