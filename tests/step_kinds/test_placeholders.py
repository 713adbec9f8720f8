"""Placeholders: nothing hostile leaves its place, types are kept, whole values only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiops.errors import UsageError
from aiops.step_kinds.placeholders import fill, path, placeholders, query, segment


def test_no_value_of_a_request_takes_for_ever() -> None:
    for text in ("{{" * 100_000, "{{ " * 60_000 + "}", "{{ x" * 60_000):
        assert fill({"a": text}, {}) == {"a": text}
    with pytest.raises(UsageError, match="whole of a value"):
        fill("{{" * 1_000 + "}}", {})


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.floats(allow_nan=False)))
def test_whole_scalars_keep_their_type(value: Any) -> None:
    assert fill({"a": ["{{ x }}", {"b": "{{x}}"}], "c": "plain"}, {"x": value}) == {
        "a": [value, {"b": value}],
        "c": "plain",
    }


@pytest.mark.parametrize("text", ["a {{ x }}", "{{ x }}{{ x }}", "{{ x.y }}", "{{ }}", "{{ 1 }}"])
def test_parts_of_values_and_expressions_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        fill(text, {"x": "1"})


def test_a_placeholder_in_a_value_is_not_filled_again() -> None:
    assert fill("{{ x }}", {"x": "{{ y }}", "y": "secret"}) == "{{ y }}"


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (2, "2"), ("a b&c=d", "a+b%26c%3Dd")])
def test_a_query_value_stays_one_value(value: Any, text: str) -> None:
    assert query({"q": value}) == f"?q={text}"


def test_a_request_without_query_has_no_question_mark() -> None:
    assert query({}) == ""


@pytest.mark.parametrize("value", ["..", ".", ""])
def test_a_path_cannot_climb(value: str) -> None:
    with pytest.raises(UsageError, match="path segment"):
        path("https://ops.example", "hosts", value)


def test_braces_of_a_value_are_no_hole() -> None:
    assert segment("{id}") == "%7Bid%7D"


def test_placeholders_are_named_once_in_order() -> None:
    assert placeholders({"a": "{{ y }}", "{{ x }}": ["{{ y }}", 3]}) == ["y", "x"]
