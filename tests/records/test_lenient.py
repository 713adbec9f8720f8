"""JSON with one bad character is read as far as it can be; where it cannot, the reason says what came."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import RecordError
from aiops.records import Alert
from aiops.records.decode import decode
from aiops.records.lenient import MAX_FLAWS, NotJsonError, read


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'"cut \\ud83d"', "cut \ufffd"),
        (b'"\\ude00 late, \\ud83d\\ude00 whole"', "\ufffd late, \U0001f600 whole"),
        (b'{"\\ud83d": 1}', {"\ufffd": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "two\nlines\tand a tab"}', {"a": "two\nlines\tand a tab"}),
        (b"[NaN, Infinity, -Infinity, 1e999, 2]", [None, None, None, None, 2]),
        (b"[" + b"9" * 5_000 + b"]", [None]),
        (b"[12345678901234567890123]", [12345678901234567890123]),
    ],
)
def test_one_bad_character_costs_only_itself(raw: bytes, value: Any) -> None:
    assert read(raw).value == value


def test_numbers_that_are_none_are_noted_with_their_place() -> None:
    found = read(b'{"alerts": [{"value": 1}, {"value": NaN}]}')
    assert found.flaws == [("$.alerts[1].value", "expected a number; got nan")]
    assert len(read(b"[" + b",".join([b"NaN"] * 1_000) + b"]").flaws) == MAX_FLAWS


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"a": "m\xfcnchen"}', "not UTF-8: byte 0xfc at 8"),
        ('{"a": 1}'.encode("utf-16"), "UTF-16"),
        (b'{"a": 1', "malformed"),
        (b"", "malformed"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 300 + b"]" * 300, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(NotJsonError, match=reason):
        read(raw)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: json.dumps(text).encode()))
def test_whatever_is_read_can_be_written(raw: bytes) -> None:
    try:
        found = read(raw)
    except NotJsonError:
        return
    msgspec.json.encode(found.value)


def test_a_line_of_an_archive_may_have_a_mark_and_half_an_emoji() -> None:
    record = decode(b'\xef\xbb\xbf{"kind":"alert","ts":1,"name":"A","message":"cut \\ud83d","severity":1}')
    assert isinstance(record, Alert)
    assert (record.message, record.severity) == ("cut \ufffd", "1")
    with pytest.raises(RecordError, match=r"\$\.value"):
        decode(b'{"kind":"metric","ts":1,"entity":"e","name":"n","value":NaN}')
