"""Whatever a value holds, decoding gives records or says why not; it never raises."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiops_connectors.mapping.mapping import load_mapping, names
from aiops_connectors.payloads.archive_records import KINDS
from aiops_connectors.payloads.values import ValueDecoder
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.records import Alert, Record

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "kind",
    "ts",
    "name",
    "id",
    "specversion",
    "source",
    "type",
    "data",
    "data_base64",
    "labels",
    "time",
    "entity",
)
SHAPED = st.dictionaries(
    st.sampled_from(FIELDS),
    JSON | st.sampled_from(["alert", "metric", "change", "tick", "1.0", 1.5, "2026-01-01T00:00:00Z", "e30="]),
)
HEADERS = st.none() | st.dictionaries(
    st.sampled_from(["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "ce_subject", "other"]),
    st.sampled_from(["1.0", "x", ""]),
)


@settings(max_examples=400, deadline=None)
@given(payload=SHAPED | st.lists(SHAPED, max_size=3) | JSON, headers=HEADERS)
def test_any_json_gives_records_or_reasons(payload: Any, headers: Any) -> None:
    _check(ValueDecoder(), msgspec.json.encode(payload), headers, _count(payload))


def _count(payload: Any) -> int:
    """Return the number of records or reasons: one an element, also of lists in lists."""
    return sum(_count(one) for one in payload) if isinstance(payload, list) else 1


@settings(max_examples=200, deadline=None)
@given(value=st.binary(max_size=200))
def test_any_bytes_give_records_or_reasons(value: bytes) -> None:
    _check(ValueDecoder(), value, None, 1)


@pytest.mark.skipif(not names(), reason="no mapping is shipped")
@settings(max_examples=100, deadline=None)
@given(payload=SHAPED | st.lists(SHAPED, max_size=3) | JSON, headers=HEADERS)
def test_any_json_through_a_mapping(payload: Any, headers: Any) -> None:
    decoder = ValueDecoder(load_mapping(names()[0]))
    records: list[Record] = []
    decoder.decode(msgspec.json.encode(payload), records, place="t/0@1", now=5.0, headers=headers, key="k")
    assert all(type(record) in KINDS and record.id for record in records)


def _check(decoder: ValueDecoder, value: bytes, headers: Any, wanted: int) -> None:
    records: list[Record] = []
    problems = decoder.decode(value, records, place="t/0@1", now=5.0, headers=headers)
    assert all(type(record) in KINDS and record.id for record in records)
    assert all(problem.reason and len(problem.raw) <= max(len(value) * 2, 1_000) for problem in problems)
    # An empty list holds nothing; anything else is accounted for.
    assert len(records) + len(problems) == wanted or (len(problems) == 1 and not records)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "the message has none"),
        (b"", "the message has none"),
        (b"[1]", "$[0]: expected an object"),
        (b'{"kind":"incident","id":"i"}', "alert, metric or change from outside"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"!"}', "base 64"),
        (b'{"specversion":"1.0","id":"1","source":"s","type":"t","data":[1]}', "$.data: expected an object"),
        (b'{"specversion":"1.0","id":"1","type":"t"}', "$.source: expected text"),
        (b"[" + b"1," * 10_000 + b"1]", "at most 10000 records"),
    ],
)
def test_reasons(value: bytes, reason: str) -> None:
    records: list[Record] = []
    [problem] = ValueDecoder().decode(value, records, place="t/0@1", now=5.0)
    assert reason in problem.reason
    assert not records


def test_bad_items_do_not_take_good_ones_with_them() -> None:
    records: list[Record] = []
    value = b'[{"kind":"alert","ts":1,"name":"a"},{"kind":"alert","ts":1},{"kind":"alert","ts":2,"name":"b","id":"x"}]'
    [problem] = ValueDecoder().decode(value, records, place="t/0@1", now=5.0)
    assert [(record.name, record.id) for record in records if isinstance(record, Alert)] == [
        ("a", "t/0@1#0"),
        ("b", "x"),
    ]
    assert problem.place == "$[1]"
    assert problem.raw == b'{"kind":"alert","ts":1}'


def test_an_event_in_http_has_other_header_names() -> None:
    records: list[Record] = []
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "Late"}
    assert not ValueDecoder(prefix="ce-").decode(b"{}", records, place="p", now=5.0, headers=headers)
    [found] = records
    assert isinstance(found, Alert)
    assert (found.id, found.name, found.ts) == ("/s#1", "Late", 5.0)
