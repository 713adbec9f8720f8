"""Texts cut to what receivers take."""

from __future__ import annotations

import pytest
from aiops_connectors.texts.truncation import cut, cut_utf16, line, plain
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)


@given(TEXT, st.integers(1, 40))
def test_cut_text_fits_and_begins_as_the_whole(text: str, limit: int) -> None:
    found = cut(text, limit)
    assert len(found) <= limit
    assert found == text or (found.endswith("…") and text.startswith(found[:-1]))


@given(TEXT, st.integers(1, 40))
def test_cut_in_utf16_counts_units_and_halves_no_character(text: str, limit: int) -> None:
    found = cut_utf16(text, limit)
    assert len(found.encode("utf-16-le")) // 2 <= limit
    assert found == text or text.startswith(found[:-1])


@pytest.mark.parametrize(
    ("text", "limit", "found"),
    [("😀😀😀", 6, "😀😀😀"), ("😀😀😀", 5, "😀😀…"), ("😀😀😀", 4, "😀…"), ("😀😀", 2, "…"), ("ab", 1, "…")],
)
def test_cut_in_utf16_counts_an_emoji_as_two(text: str, limit: int, found: str) -> None:
    assert cut_utf16(text, limit) == found


@given(st.text(max_size=60), st.integers(1, 40))
def test_line_is_one_line_that_can_be_encoded(text: str, limit: int) -> None:
    found = line(text, limit)
    assert len(found) <= limit
    assert "\n" not in found
    found.encode()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a\x00b", "a b"),
        ("a\u202eb", "a b"),
        ("a\ud83db", "a b"),
        ("a\tb\nc", "a\tb\nc"),
        ("a\rb", "a b"),
        ("ä😀", "ä😀"),
    ],
)
def test_plain_text_keeps_tabs_and_lines_only(text: str, found: str) -> None:
    assert plain(text) == found
