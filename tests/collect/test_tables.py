"""Answers as tables: of each system, in bounds, and of none that is no answer."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.collect.tables import ReadFailed, Row, cell_text, rows_of, table_of
from aiops.respond.collectors import Collect

POD = {
    "metadata": {"name": "cart-1"},
    "spec": {"nodeName": "node-1", "containers": [{"image": "cart:1"}, {"image": "proxy:2"}]},
    "status": {
        "phase": "Running",
        "containerStatuses": [
            {"ready": False, "restartCount": 7, "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}},
            {"ready": True, "restartCount": 0, "state": {"running": {}}},
        ],
    },
}
PROMETHEUS = {"prometheus": {"query": "up"}}
LOKI = {"loki": {"query": '{a="b"}'}}
PODS: dict[str, Any] = {"kubernetes": {"read": "object", "namespace": "a", "object": "b"}}


def read(fields: dict[str, Any], answer: Any) -> list[Row]:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return rows_of(msgspec.convert({"kind": "collect", "name": "load", **fields}, Collect), body)


def data(kind: str, *result: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": kind, "result": list(result)}}


def test_a_vector() -> None:
    answer = data(
        "vector", {"metric": {"__name__": "up", "pod": "a"}, "value": [1, "0.5"]}, {"metric": {}, "value": [1, "NaN"]}
    )
    rows = read(PROMETHEUS, answer)
    assert rows[0] == {"pod": ["a"], "value": [0.5]}
    assert table_of(rows).rows == [["a", "0.5"], ["", "nan"]]


def test_an_answer_that_is_no_success_is_none_though_it_has_data() -> None:
    """Prometheus sends data with some errors, as far as it came."""
    answer = data("vector", {"metric": {}, "value": [1, "5"]}) | {"status": "error", "error": "query timed out"}
    with pytest.raises(ReadFailed, match="query timed out"):
        read(PROMETHEUS, answer)


def test_a_matrix_leaves_out_what_is_no_number() -> None:
    values = [[1, "NaN"], [2, "4"], [3, "+Inf"], [4, "6"], [5, "NaN"]]
    [row] = read(PROMETHEUS, data("matrix", {"metric": {}, "values": values}))
    assert row == {"value": [6.0], "first": [4.0], "min": [4.0], "max": [6.0]}
    assert read(PROMETHEUS, data("matrix", {"metric": {}, "values": [[1, "NaN"]]})) == []


def test_a_matrix_is_summed_up() -> None:
    answer = data(
        "matrix", {"metric": {"pod": "a"}, "values": [[1, "3"], [2, "NaN"], [3, "9"], [4, "4"]]}, {"values": []}
    )
    assert read(PROMETHEUS, answer) == [{"pod": ["a"], "value": [4.0], "first": [3.0], "min": [3.0], "max": [9.0]}]


def test_a_scalar() -> None:
    assert read(PROMETHEUS, {"status": "success", "data": {"resultType": "scalar", "result": [1, "7"]}}) == [
        {"value": [7.0]}
    ]


def test_lines_of_loki_newest_first_over_streams() -> None:
    streams = [
        {"stream": {"pod": "a"}, "values": [["30", "third"], ["9", "first"]]},
        {"stream": {"pod": "b"}, "values": [["20", "second, password=hunter2"]]},
    ]
    rows = read(LOKI, data("streams", *streams))
    assert [row["line"][0] for row in rows] == ["third", "second, password=[redacted]", "first"]
    assert rows[1]["pod"] == ["b"]


def test_numbers_of_loki() -> None:
    assert read(LOKI, data("matrix", {"metric": {"a": "b"}, "values": [[1, "3"]]}))[0]["value"] == [3.0]


def test_a_pod_in_columns() -> None:
    (row,) = read(PODS, POD)
    assert (row["restarts"], row["lastReason"], row["ready"]) == ([7, 0], ["OOMKilled"], [False, True])
    assert (cell_text(row["image"]), cell_text(row["exitCode"]), row["reason"]) == ("cart:1, proxy:2", "137", [])


def test_a_list_and_events_and_other_kinds() -> None:
    of_pods = {"kubernetes": {"read": "list", "namespace": "a"}}
    assert [row["name"] for row in read(of_pods, {"items": [POD, POD]})] == [["cart-1"], ["cart-1"]]
    event = {"type": "Warning", "reason": "BackOff", "involvedObject": {"name": "cart-1"}, "count": 5, "message": "m"}
    older = {**event, "reason": "Pulled", "lastTimestamp": "2026-01-01T00:00:00Z"}
    newest = {**event, "reason": "Killing", "eventTime": "2026-01-02T00:00:00.123456Z", "lastTimestamp": None}
    items = [event, older, newest]
    rows = read({"kubernetes": {"read": "events"}}, {"items": items})
    assert [one["reason"][0] for one in rows] == ["Killing", "Pulled", "BackOff"]
    row = rows[-1]
    assert (row["reason"], row["object"], row["count"]) == (["BackOff"], ["cart-1"], [5])
    of_services = {"kubernetes": {"read": "list", "resource": "services", "namespace": "a"}}
    assert list(read(of_services, {"items": [POD]})[0]) == ["name", "created"]


def test_a_log_is_lines() -> None:
    logs = {"kubernetes": {"read": "logs", "namespace": "a", "object": "b"}}
    assert read(logs, b"one\n\n two \xff\n") == [{"line": ["one"]}, {"line": ["two \ufffd"]}]


def test_http_in_columns_or_as_text() -> None:
    columns = {"state": "status.state", "token": "t"}
    answer = {"items": [{"status": {"state": "up"}, "t": "abc"}, {"status": {}}]}
    rows = read({"http": {"path": ["a"], "rows": "items[]", "columns": columns}}, answer)
    assert rows == [{"state": ["up"], "token": ["[redacted]"]}, {"state": [], "token": ["[redacted]"]}]
    assert read({"http": {"path": ["a"], "rows": "items", "columns": columns}}, answer) == rows
    assert read({"http": {"path": ["a"], "columns": {"n": "n"}}}, {"n": 3}) == [{"n": [3]}]
    assert read({"http": {"path": ["a"]}}, b"up\n") == [{"line": ["up"]}]


@pytest.mark.parametrize(
    ("fields", "answer", "reason"),
    [
        (PROMETHEUS, b"<html>", "expected JSON from Prometheus"),
        (PROMETHEUS, {"status": "error", "error": "bad query"}, "Prometheus answered: bad query"),
        (PROMETHEUS, [], "no data"),
        (PROMETHEUS, data("other"), "expected a vector or a matrix"),
        (LOKI, {"status": "success"}, "Loki answered: no data"),
        (PODS, b'{"items": [', "expected JSON from Kubernetes"),
        (PODS, b"[" * 100_000, "expected JSON from Kubernetes"),
    ],
)
def test_what_is_no_answer(fields: dict[str, Any], answer: Any, reason: str) -> None:
    with pytest.raises(ReadFailed, match=reason):
        read(fields, answer)


def test_a_table_is_bounded() -> None:
    table = table_of([{"line": ["x" * 5_000]}] * 200, more=3)
    assert (len(table.rows), table.more, len(table.rows[0][0])) == (40, 163, 400)
    wide = table_of([{f"c{n}": ["v"] for n in range(20)}])
    assert (len(wide.columns), wide.note) == (12, "8 more columns left out")
    assert (
        sum(len(cell) for row in table_of([{f"c{n}": ["y" * 400] for n in range(12)}] * 40).rows for cell in row)
        <= 16_000
    )
    assert len(read(PROMETHEUS, data("vector", *[{"metric": {}, "value": [1, "1"]}] * 500))) == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "data", "result", "resultType", "metric", "value", "values", "items"]), inner
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(
    JSON,
    st.sampled_from([PROMETHEUS, LOKI, PODS, {"http": {"path": ["a"], "rows": "items", "columns": {"v": "value"}}}]),
)
def test_any_answer_is_rows_or_a_reason(answer: Any, fields: dict[str, Any]) -> None:
    for one in (answer, data("vector", answer), data("matrix", answer), data("streams", answer)):
        with suppress(ReadFailed):
            assert len(table_of(read(fields, one)).rows) <= 40
