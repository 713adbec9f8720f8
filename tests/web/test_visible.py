"""Text made safe for a page: what hides is shown by its code, what a form sends back is unchanged."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from aiops.web.visible import exact, shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain\n\ttext\r", "plain\n\ttext\r"),
        ("\x00\x1b[2J\x7f\x9b", "\\x00\\x1b[2J\\x7f\\x9b"),
        ("evil\u202etxt.exe", "evil\\u202etxt.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\u2028line", "\\u2028line"),
        ("half \ud83d", "half \\ud83d"),
        ("👩\u200d🚀 می\u200cخواهم", "👩\u200d🚀 می\u200cخواهم"),
        ("<b>", "<b>"),
    ],
)
def test_hidden_characters_are_shown_by_their_code(text: str, seen: str) -> None:
    assert shown(text) == seen


@pytest.mark.parametrize("value", [7, 1.5, None, [1, "\u202e"]])
def test_values_that_are_no_text_stay(value: object) -> None:
    assert shown(value) is value


def test_markup_of_a_template_stays() -> None:
    markup = Markup("<b>\u202e</b>")
    assert shown(markup) is markup


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    seen = str(shown(text))
    assert shown(seen) == seen
    seen.encode()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=40))
def test_field_of_a_form_comes_back_as_it_was(text: str) -> None:
    field = exact(text)
    assert "<" not in field
    assert '"' not in field
    read = html.unescape(str(field))
    # What HTML itself replaces or drops: references to controls.
    assert read == text or any(
        ord(char) < 32 or 127 <= ord(char) < 160 or ord(char) & 0xFFFE == 0xFFFE for char in text
    )


def test_field_holds_references_for_what_hides() -> None:
    assert exact("a\u202e<b>&") == Markup("a&#x202e;&lt;b&gt;&amp;")
