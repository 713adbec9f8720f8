"""Records: what fits, and what is said of what does not."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiops.errors import AiopsError, RecordError
from aiops.records import Alert, Severity, parse_severity
from aiops.records.decode import MAX_LABELS, MAX_RECORD_BYTES, decode, encode, format_time, parse_time

GOOD = {"kind": "alert", "ts": 1700000000.5, "name": "DiskFull"}


def decoded(**changes: object) -> Alert:
    record = decode(json.dumps({**GOOD, **changes}).encode())
    assert isinstance(record, Alert)
    return record


@pytest.mark.parametrize(
    ("changes", "place", "expected", "got"),
    [
        ({"ts": "yesterday"}, "$.ts", "RFC 3339", "yesterday"),
        ({"ts": -1}, "$.ts", ">= 0", "-1"),
        ({"ts": 1700000000000}, "$.ts", "< 4102444800", "1700000000000"),
        ({"ts": None}, "$.ts", "float", "None"),
        ({"ts": True}, "$.ts", "float", "True"),
        ({"name": 7}, "$.name", "str", "7"),
        ({"name": ""}, "$.name", "length >= 1", "''"),
        ({"status": "gone"}, "$.status", "known value", "gone"),
        ({"labels": {"a": ["x"]}}, "$.labels[...]", "str", "['x']"),
        ({"labels": {"a": {"b": 1}}}, "$.labels[...]", "str", "{'b': 1}"),
        ({"labels": [1]}, "$.labels", "object", "[1]"),
        ({"labels": {str(n): "x" for n in range(MAX_LABELS + 1)}}, "$.labels", "at most", "129 labels"),
        ({"kind": "alarm"}, "$.kind", "one of alert", "alarm"),
        ({"starts_at": "soon"}, "$.starts_at", "RFC 3339", "soon"),
    ],
)
def test_what_does_not_fit_is_told_with_place_expectation_and_value(
    changes: dict[str, object], place: str, expected: str, got: str
) -> None:
    with pytest.raises(RecordError) as caught:
        decoded(**changes)
    assert caught.value.field == place
    assert expected in caught.value.expected
    assert got in caught.value.got


@pytest.mark.parametrize(
    "raw", [b"", b"nope", b"[1]", b'"text"', b"{", b"\xff\xfe", b'{"kind":"alert"}', b"[" * 100_000]
)
def test_what_is_no_record_is_an_error_of_one_line(raw: bytes) -> None:
    with pytest.raises(RecordError) as caught:
        decode(raw)
    assert "\n" not in str(caught.value)


def test_a_record_of_ten_megabytes_is_refused_by_its_size() -> None:
    with pytest.raises(RecordError, match="expected at most 1048576"):
        decode(encode(Alert(ts=1, name="N", message="x" * 10_000_000)))
    assert decoded(message="x" * (MAX_RECORD_BYTES // 2)).message


def test_labels_that_tools_send_as_numbers_become_text_and_nulls_are_left_out() -> None:
    assert decoded(labels={"port": 8080, "up": True, "none": None, "load": 0.5}).labels == {
        "port": "8080",
        "up": "true",
        "load": "0.5",
    }


def test_times_may_be_text_and_unknown_fields_are_ignored() -> None:
    assert decoded(ts="2023-11-14T22:13:20.5Z", colour="red").ts == 1700000000.5
    assert decoded(ts="2023-11-14T23:13:20.500+01:00").ts == 1700000000.5


@given(st.floats(0, 4e9))
def test_times_come_back_to_the_millisecond(at: float) -> None:
    assert parse_time(format_time(at)) == pytest.approx(at, abs=1.1e-3)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_a_clear_error(raw: bytes) -> None:
    with suppress(AiopsError):
        decode(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*Alert.__struct_fields__, "kind", "value", "entity", "verb"]), JSON, max_size=8)
)
def test_any_object_is_a_record_or_a_clear_error(plain: dict[str, object]) -> None:
    plain.setdefault("kind", "alert")
    with suppress(AiopsError):
        record = decode(json.dumps(plain).encode())
        assert decode(encode(record)) == record


def test_severities_are_ordered_and_never_compared_as_text() -> None:
    words = ["ok", "info", "warning", "high", "critical"]
    assert [parse_severity(word) for word in words] == sorted(Severity)
    assert parse_severity("Error") is Severity.HIGH
    assert parse_severity("page") is Severity.CRITICAL
    assert parse_severity("purple") is parse_severity(None) is Severity.WARNING
