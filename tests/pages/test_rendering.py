"""Filters of the templates."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from aiops.pages.rendering import humps
from tests.pages.test_pages import Parsed


@given(st.text(max_size=300))
def test_a_name_with_humps_reads_as_before(text: str) -> None:
    found = humps(text)
    assert isinstance(found, Markup)
    assert set(Parsed(str(found)).tags) <= {"wbr"}


def test_a_name_may_end_a_line_between_its_words() -> None:
    assert str(humps("DatabaseConnectionPoolExhausted")) == "Database<wbr>Connection<wbr>Pool<wbr>Exhausted"
    long = "aB" * 500
    assert str(humps(long)).replace("<wbr>", "") == long
    assert str(humps("<i>a\u202e")) == "&lt;i&gt;a\\u202e"
