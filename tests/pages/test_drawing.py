"""Drawings are well-formed XML whatever text goes in, with short numbers and no style of their own."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from aiops.pages.drawing import Drawing, number, xml


@given(st.text(max_size=400))
def test_any_text_makes_well_formed_xml(text: str) -> None:
    drawing = Drawing(100, "x")
    drawing.text(1, 2, text, "dim", hint=text)
    drawing.begin("group", text)
    drawing.path("M0 0", "line", text)
    drawing.mark(3, 4, text, text)
    drawing.end()
    root = ElementTree.fromstring(drawing.picture(50, text))
    assert {one.tag for one in root.iter()} <= {"svg", "text", "title", "g", "path"}
    assert not any("style" in one.attrib or any(name.startswith("on") for name in one.attrib) for one in root.iter())


def test_numbers_are_short() -> None:
    assert [number(value) for value in (1.0, 1.04, -0.01, 1234.56, 0.05)] == ["1", "1", "0", "1234.6", "0.1"]


def test_hidden_characters_are_shown_by_their_code() -> None:
    assert str(xml("a\u202eb")) == "a\\u202eb"
    assert str(xml("\ufffe")) == "\ufffd"


def test_a_picture_has_its_size_and_its_sentence() -> None:
    drawing = Drawing(120.5, "x")
    drawing.rect(1, 2, 3, 4, "box", radius=8)
    drawing.rect(1, 2, 3, 4, "box")
    drawing.path("M0 0", "line")
    svg = str(drawing.picture(40, "Two boxes.", "is-wide"))
    assert svg.startswith('<svg class="x is-wide" width="120.5" height="40" viewBox="0 0 120.5 40" role="img"')
    assert 'aria-label="Two boxes."' in svg
    assert svg.count("rx=") == 1
