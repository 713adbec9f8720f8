"""Texts of payloads as one line."""

from __future__ import annotations

from aiops.views.one_line import MAX_NAME, one_line


def test_text_of_any_length_is_one_bounded_line() -> None:
    assert one_line("a\r\n\tb\u2028c") == "a b c"
    assert len(one_line("x" * 10_000)) == MAX_NAME
    assert one_line("") == ""
