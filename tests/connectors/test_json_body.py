"""JSON as careless senders write it, and JSON Lines."""

from __future__ import annotations

import pytest
from aiops_connectors.mapping.builders import Problem
from aiops_connectors.mapping.unwrapping import unwrapped
from aiops_connectors.payloads.json_body import json_documents, json_lines, plain

from aiops.errors import RecordError


def test_flaws_are_noted_and_mended() -> None:
    problems: list[Problem] = []
    assert plain(b'\xef\xbb\xbf{"a": 1e999, "b": "\\ud83d"}', problems) == {"a": None, "b": "\ufffd"}
    assert [(problem.place, problem.warning) for problem in problems] == [("$.a", True)]


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(RecordError, match="expected JSON"):
        plain(b"{", [])


@pytest.mark.parametrize("body", [b"", b'{"a":1}', b'{"a":1}\n3', b'{"a":1}\n{', b"[1]\n[2]", b'{"a":1}\n\xff'])
def test_other_bodies_are_no_lines(body: bytes) -> None:
    assert json_lines(body) is None


def test_lines_are_objects_in_their_order() -> None:
    assert json_lines(b'{"a":1}\r\n\n {"a":2}\n') == [{"a": 1}, {"a": 2}]


def test_text_that_holds_json_is_unwrapped() -> None:
    assert unwrapped('[{"a": 1}]') == [{"a": 1}]
    assert unwrapped('{"a": NaN}') == {"a": None}
    assert unwrapped("a: 1") == "a: 1"
    assert unwrapped(None) is None


def test_objects_that_follow_each_other_are_all_read() -> None:
    assert json_documents(b' {"a": 1},\n{"b": "},{"} {"c": [1]},') == [{"a": 1}, {"b": "},{"}, {"c": [1]}]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"a":1}',
        b'{"a":1},',
        b'{"a":1},,{"a":2}',
        b'{"a":1}{"a":NaN}',
        b'{"a":1}[2]',
        b'{"a":1}{"a"',
        b'{"a":1}\xff',
    ],
)
def test_anything_else_is_no_row_of_objects(body: bytes) -> None:
    assert json_documents(body) is None
