"""Collectors against a real Prometheus: its answers, and its own parser for hostile values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import msgspec
import pytest
import re2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiops.collect.evidence import hits_of
from aiops.collect.http_reader import HttpReader, HttpSystem
from aiops.collect.requests import read_of
from aiops.collect.tables import ReadFailed, Row, rows_of, table_of
from aiops.respond.collectors import Collect, LabelMatch
from aiops.respond.selectors import quoted, with_selector
from aiops.respond.transport import RunTransport

RESTARTS = {
    "kind": "collect",
    "name": "restarts",
    "prometheus": {
        "query": "sum by (pod) (increase(restarts_total{$selector}[20m]))",
        "selector": [
            {"label": "namespace", "value": "{{ namespace }}"},
            {"label": "pod", "op": "=~", "value": "{{ workload }}", "then": "-.*"},
        ],
    },
    "lookFor": [{"field": "value", "op": ">", "value": 3, "says": "{{ row.pod }} restarted", "supports": "row.pod"}],
}
VALUES = {"namespace": "shop", "workload": "cart"}
Ask = Callable[..., list[Row]]


@pytest.fixture
def ask(prometheus: str, at: int) -> Iterator[Ask]:
    transport = RunTransport({}, allow_private=True)
    reader = HttpReader(HttpSystem("prometheus", "prometheus", prometheus), transport)

    def answered(values: dict[str, Any] = VALUES, **changes: Any) -> list[Row]:
        collector = msgspec.convert({**RESTARTS, **changes}, Collect)
        read = read_of(collector, values, at + 60)
        return rows_of(collector, reader.read(read, lambda: True))

    yield answered
    reader.close()


def test_an_instant_query_and_what_it_is_evidence_for(ask: Ask) -> None:
    rows = ask()
    values = {row["pod"][0]: row["value"][0] for row in rows}
    assert values.keys() == {"cart-1", "cart-2"}
    assert 5 < float(values["cart-1"]) < 12
    assert values["cart-2"] == 0.0
    looks = msgspec.convert(RESTARTS, Collect).rules
    assert [(one.entity, one.sentence) for one in hits_of(looks, rows, VALUES, "")] == [("cart-1", "cart-1 restarted")]


def test_a_range_is_summed_up(ask: Ask) -> None:
    query = {"query": "restarts_total{$selector}", "selector": [{"label": "pod", "value": "cart-1"}], "range": "15m"}
    rows = ask(prometheus={**query, "step": "1m"})
    by_namespace = {row["namespace"][0]: row for row in rows}
    assert (by_namespace["shop"]["min"], by_namespace["shop"]["max"], by_namespace["shop"]["value"]) == (
        [1.0],
        [9.0],
        [9.0],
    )
    assert set(table_of(rows).columns) == {"namespace", "pod", "value", "first", "min", "max"}


def test_nothing_that_matches_is_no_row(ask: Ask) -> None:
    assert ask({"namespace": "nowhere", "workload": "cart"}) == []
    assert ask({"namespace": 'shop"} or restarts_total{pod="cart-1', "workload": "cart"}) == []
    assert ask({"namespace": "shop", "workload": "ca.*|cart"}) == [], "a value is no expression"


def test_an_error_of_its_parser_is_the_reason(ask: Ask) -> None:
    with pytest.raises(ReadFailed, match=r"answered with status 400: .*parse error"):
        ask(prometheus={"query": "sum(("})


PARTS = ['"', "\\", "'", "`", "{", "}", "$selector", "\n", "\x00", ",", "=~", " or ", "#", "\\u0022", "é", "😀", "."]
HOSTILE = st.text(min_size=1, max_size=30) | st.lists(st.sampled_from(PARTS), min_size=1, max_size=8).map("".join)


@pytest.fixture(scope="module")
def client(prometheus: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=prometheus) as made:
        yield made


@settings(max_examples=40, deadline=None)
@example('x"} or up{a="')
@example("\\")
@example("$selector")
@given(value=HOSTILE)
def test_its_parser_reads_a_hostile_value_as_one_literal(client: httpx2.Client, value: str) -> None:
    """`absent` answers with the labels of the matchers that it was given: the value as Prometheus read it."""
    query = with_selector("absent(nothing{$selector})", [LabelMatch(label="pod", value="{{ pod }}")], {"pod": value})
    answer = client.get("/api/v1/query", params={"query": query}).json()
    assert answer["status"] == "success", query
    assert [one["metric"] for one in answer["data"]["result"]] == [{"pod": value}]


@settings(max_examples=20, deadline=None)
@given(value=HOSTILE)
def test_its_parser_reads_a_hostile_value_in_an_expression(client: httpx2.Client, value: str) -> None:
    match = LabelMatch(label="pod", op="=~", value="{{ pod }}", then="-.*")
    query = with_selector('count(nothing{job="a",$selector})', [match], {"pod": value})
    answer = client.get("/api/v1/format_query", params={"query": query}).json()
    assert answer["status"] == "success", query
    # Formatted, it is still one selector of two matchers: what Prometheus prints is a Go string.
    found = re.fullmatch(r'count\(\s*nothing\{job="a",pod=~("(?:[^"\\]|\\.)*")\}\s*\)', answer["data"], re.DOTALL)
    assert found is not None, answer["data"]
    assert re2.fullmatch(quoted(value).encode(), value.encode()) is not None
    assert re2.fullmatch(quoted(value).encode(), value.encode() + b"x") is None
