"""HTML for notebooks."""

from __future__ import annotations

from xml.etree import ElementTree

from aiops.notebook import html

HOSTILE = '<img src=x onerror="alert(1)">\u202e'


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.replace("&nbsp;", " "))


def test_all_text_is_escaped() -> None:
    cells: list[html.Cell] = [HOSTILE, html.Level(HOSTILE), html.Count(HOSTILE), None]
    root = parsed(html.view(HOSTILE, [HOSTILE], cells, [cells, cells]))
    assert {element.tag for element in root.iter()} <= {
        "div", "style", "strong", "small", "table", "thead", "tbody", "tr", "th", "td", "span",
    }  # fmt: skip
    assert {name for element in root.iter() for name in element.attrib} <= {"class", "style"}
    assert "".join(root.itertext()).count("<img src=x") == 11


def test_a_severity_has_glyph_and_word() -> None:
    root = parsed(html.view("", [], [""], [[html.Level("high")], [html.Level("purple")]]))
    spans = [(span.attrib["class"], span.text) for span in root.iter("span")]
    assert spans == [("high", "▲ high"), ("warning", "● purple")]


def test_without_rows_there_is_no_table() -> None:
    root = parsed(html.view("nothing", ["", "one line"], ["header"], []))
    assert root.find(".//table") is None
    assert [small.text for small in root.iter("small")] == ["one line"]
