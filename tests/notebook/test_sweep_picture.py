"""The picture of a sweep: accessible, marked, and with lines that differ."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from aiops.errors import UsageError
from aiops.notebook.sweep_picture import MAX_LINES, check_lines, draw
from aiops.sweep import Grouping, Row, Suggestion, SweepReport

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>alert(1)</script>\x00"


def row(setting: dict[str, str], pages: float, f1: float | None = None, **more: object) -> Row:
    scores = Grouping(f1, f1, f1, 1.0, 0.0) if f1 is not None else None
    label = ", ".join(setting.values())
    return Row(setting, label, 1, pages, pages / 2, 1, 1.0, 1.0, {}, {"pager": 1}, scores=scores, **more)  # type: ignore[arg-type]


def report(*rows: Row, **more: object) -> SweepReport:
    return SweepReport(list(rows[0].setting), 10, 86_400.0, list(rows), **more)  # type: ignore[arg-type]


def parsed(made: SweepReport) -> ElementTree.Element:
    return ElementTree.fromstring(draw(made).svg)


def texts(root: ElementTree.Element) -> list[str]:
    return [
        "".join([element.text or "", *(child.tail or "" for child in element)]) for element in root.iter(f"{SVG}text")
    ]


def classes(root: ElementTree.Element, tag: str) -> list[str]:
    return [element.attrib.get("class", "") for element in root.iter(f"{SVG}{tag}")]


LABELLED = report(
    row({"a.size": "0.1"}, 24.6, 0.4),
    row({"a.size": "0.2"}, 12.0, 0.9, is_current=True),
    row({"a.size": "0.3"}, 11.0, 0.95, is_suggested=True),
    truth="labels",
    suggestion=Suggestion("change", ["0.3 is better."], 2, alike=[1, 2]),
)


def test_panels_have_titles_axes_and_marks() -> None:
    root = parsed(LABELLED)
    shown = texts(root)
    assert [text for text in shown if text in ("pages a day", "incidents a day", "pieces a fault")]
    assert {"a.size", "0.1", "0.2", "0.3", "25", "0.2: current", "0.3: suggested", "F1", "recall"} <= set(shown)
    assert {"current", "suggested"} <= set(classes(root, "line"))
    assert "band" in classes(root, "rect")


def test_figures_are_in_the_description() -> None:
    root = parsed(LABELLED)
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert description is not None
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], description.attrib["id"]]
    assert "0.1: pages a day 24.6, incidents a day 1.0, F1 0.400" in (description.text or "")
    assert "0.3 is better." in (description.text or "")


def test_points_lie_inside_their_panels_in_the_order_of_the_values() -> None:
    circles = [one for one in parsed(LABELLED).iter(f"{SVG}circle") if "series0" in one.attrib["class"]]
    first = circles[:3]
    assert [float(one.attrib["cx"]) for one in first] == sorted(float(one.attrib["cx"]) for one in first)
    heights = [float(one.attrib["cy"]) for one in first]
    assert heights == sorted(heights)
    assert 98 <= heights[0] <= heights[-1] <= 98 + 118


def test_without_truth_the_agreement_is_drawn() -> None:
    made = report(row({"a.size": "1"}, 1.0, agreement=-0.2, is_current=True), row({"a.size": "2"}, 0.0))
    shown = texts(parsed(made))
    assert "agreement with the next value (adjusted Rand index)" in shown
    assert "pairwise F1" not in shown


def test_words_are_points_without_a_line() -> None:
    made = report(row({"a.size": "high"}, 1.0, is_current=True), row({"a.size": "critical"}, 2.0))
    root = parsed(made)
    assert {"high", "critical"} <= set(texts(root))
    assert not [name for name in classes(root, "path") if "curve" in name]


def test_other_keys_are_lines() -> None:
    rows = [row({"a.size": str(one), "a.kind": kind}, one, 0.5) for one in (1, 2) for kind in ("x", "y")]
    root = parsed(report(*rows, truth="labels"))
    assert {"kind x", "kind y", "pairwise F1"} <= set(texts(root))
    curves = [name for name in classes(root, "path") if "curve" in name]
    assert {"curve series0", "curve series1"} == set(curves)


def test_more_lines_than_a_picture_shows_are_refused() -> None:
    check_lines(("1", str(number)) for number in range(MAX_LINES))
    with pytest.raises(UsageError, match=f"at most {MAX_LINES}"):
        check_lines(("1", str(number)) for number in range(MAX_LINES + 1))


def test_values_are_escaped() -> None:
    svg = draw(report(row({"a.size": HOSTILE}, 1.0, is_current=True), row({"a.size": "b"}, 2.0))).svg
    ElementTree.fromstring(svg)
    assert "<script>" not in svg


def test_figures_that_are_all_zero_can_be_drawn() -> None:
    parsed(report(row({"a.size": "1"}, 0.0, is_current=True), row({"a.size": "2"}, 0.0)))
