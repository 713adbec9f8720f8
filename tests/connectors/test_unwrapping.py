"""JSON held as text is read by the path segment [json], whatever the text holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiops_connectors.mapping.expressions import JSON_LIMIT, Scope, compile_path
from aiops_connectors.mapping.unwrapping import unwrapped
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("value", [None, 7, {"a": 1}, [1], "plain", "", "{", "[1,", "NaN nothing"])
def test_what_is_no_json_text_stays_as_it_is(value: Any) -> None:
    assert unwrapped(value) == value


def test_a_lone_surrogate_in_a_text_is_replaced() -> None:
    assert list(unwrapped('{"a": "\ud800"}')) == ["a"]


@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=8))
def test_json_in_a_text_is_what_was_written(value: Any) -> None:
    written = {"value": value}
    assert unwrapped(json.dumps(written)) == written


def test_a_path_leaves_a_text_beyond_its_limit_alone() -> None:
    long = json.dumps({"a": "x" * JSON_LIMIT})
    assert compile_path("text[json].a")(Scope({"text": long}, {}, {}, None)) is None
