"""The sender's own key of an alert."""

from __future__ import annotations

from typing import Any

import pytest
from aiops_connectors.mapping.expressions import Scope
from aiops_connectors.mapping.sender_key import MAX_KEY, sender_key
from hypothesis import given
from hypothesis import strategies as st


def key(value: str | None) -> str | None:
    empty: dict[str, Any] = {}
    return sender_key(lambda scope: value)(Scope(empty, empty, {}, None))


@pytest.mark.parametrize(
    "word", ["0", "-", "null", "None", "NIL", "undefined", "Unknown", "n/a", "NaN", "False", "true", None]
)
def test_word_for_none_is_no_key(word: str | None) -> None:
    """Taken for one, it would make one alert of all that have none."""
    assert key(word) is None


@pytest.mark.parametrize("found", ["a", "00", "nullable", "unknown-7", "x" * MAX_KEY])
def test_key_is_as_it_was_sent(found: str) -> None:
    assert key(found) == found


def test_long_keys_that_differ_at_their_end_stay_different() -> None:
    first, second = key("x" * MAX_KEY + "1"), key("x" * MAX_KEY + "2")
    assert first is not None
    assert first != second
    assert len(first) == 64
    assert key("x" * MAX_KEY + "1") == first


@given(st.text(min_size=1, max_size=3_000))
def test_key_is_bounded(text: str) -> None:
    found = key(text)
    assert found is None or 0 < len(found) <= MAX_KEY
