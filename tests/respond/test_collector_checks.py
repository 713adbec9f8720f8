"""Collectors that can never be read, or look for what can never be there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from aiops.respond.collector_checks import check_collector
from aiops.respond.collectors import Collect

LOOK = {"field": "value", "value": 1, "says": "it is"}


def problems(**fields: Any) -> list[str]:
    collector = msgspec.convert({"kind": "collect", "name": "load", **fields}, Collect)
    return [f"{field}: {text}" for field, text in check_collector(collector, ["pod"])]


@pytest.mark.parametrize(
    "fields",
    [
        {"prometheus": {"query": "up{$selector}", "selector": [{"label": "pod", "value": "{{ pod }}"}]}},
        {"kubernetes": {"read": "events"}},
        {"kubernetes": {"read": "list", "resource": "nodes"}},
        {"kubernetes": {"read": "logs", "namespace": "a", "object": "b"}, "lookFor": [{**LOOK, "field": "line"}]},
        {"sql": {"statement": "WITH a as (select 1) select * from a"}},
        {
            "http": {"path": ["a"], "columns": {"value": "v"}},
            "lookFor": [{**LOOK, "says": "{{ row.value }} {{ pod }}"}],
        },
        {"prometheus": {"query": "up"}, "lookFor": [{**LOOK, "op": ">"}, {**LOOK, "supports": "pod"}]},
        {"prometheus": {"query": "up"}, "lookFor": [{**LOOK, "supports": "row.pod"}]},
    ],
)
def test_collectors_that_can_be_read(fields: dict[str, Any]) -> None:
    assert problems(**fields) == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, ": expected exactly one source"),
        ({"prometheus": {"query": "up"}, "sql": {"statement": "select 1"}}, "got prometheus, sql"),
        ({"prometheus": {"query": 'up{a="{{ pod }}"}'}}, ".prometheus: query: expected fixed text"),
        ({"loki": {"query": "$selector", "selector": [{"label": "a", "value": "b"}]}}, ".loki: query"),
        ({"sql": {"statement": "delete from a"}}, ".sql: statement"),
        ({"sql": {"statement": "select {{ pod }}"}}, ".sql: statement"),
        ({"sql": {"statement": "with a as (select 1) insert into t select 1"}}, "got the word INSERT"),
        ({"http": {"path": ["a", ".."]}}, ".http: path: expected a path segment; got '..'"),
        ({"kubernetes": {"read": "object", "namespace": "..", "object": "b"}}, ".kubernetes: path: expected a path"),
        ({"kubernetes": {"read": "logs", "object": "b"}}, ".kubernetes: namespace"),
        ({"kubernetes": {"read": "logs", "resource": "jobs", "namespace": "a", "object": "b"}}, "expected pods"),
        ({"kubernetes": {"read": "object", "namespace": "a"}}, ".kubernetes: object"),
        ({"kubernetes": {"read": "list", "object": "a{{ pod }}", "namespace": "a"}}, "to be the whole of a value"),
        ({"http": {"path": ["a{{ pod }}"]}}, ".http: expected"),
        ({"http": {"path": ["a"]}, "lookFor": [LOOK]}, ".lookFor: expected a column of the answer; got 'value'"),
        (
            {"prometheus": {"query": "up"}, "lookFor": [{**LOOK, "op": ">", "value": "x"}]},
            ".lookFor[0].value: expected a",
        ),
        ({"prometheus": {"query": "up"}, "lookFor": [{**LOOK, "op": "=~", "value": "("}]}, ".lookFor[0].value: "),
        ({"prometheus": {"query": "up"}, "lookFor": [{**LOOK, "says": "{{ a.b }}"}]}, ".lookFor[0].says: expected"),
        ({"prometheus": {"query": "up"}, "lookFor": [{**LOOK, "supports": "host"}]}, ".lookFor[0].supports: expected"),
    ],
)
def test_collectors_that_cannot(fields: dict[str, Any], problem: str) -> None:
    assert problem in "\n".join(problems(**fields))
