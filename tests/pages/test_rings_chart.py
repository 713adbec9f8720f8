"""Pages are marks on a line of time, each with the shape of its severity."""

from __future__ import annotations

from xml.etree import ElementTree

from aiops.pages.rings_chart import rings_chart
from aiops.views.replay import Ring

AT = 1_772_359_200.0


def ring(at: float, severity: str = "critical", title: str = "Disk full") -> Ring:
    return Ring(at, "pager", "opened", "inc-1", severity, title)


def test_each_page_is_one_mark_where_it_rang() -> None:
    found = ElementTree.fromstring(rings_chart([ring(AT), ring(AT + 3_600, "high")], AT, AT + 3_600, "UTC"))
    marks = [(one.get("class"), one.get("transform")) for one in found.iter("g")]
    assert marks == [("rings-high", "translate(523.0 13.0)"), ("rings-critical", "translate(7.0 8.0)")]
    assert found.get("aria-label") == "2 pages, the first at 10:00:00, the last at 11:00:00"
    assert [one.text for one in found.iter("text")] == ["10:00", "10:15", "10:30", "10:45", "11:00"]


def test_a_title_is_text() -> None:
    picture = rings_chart([ring(AT, title="<script>alert(1)</script>")], AT, AT + 60, "Europe/Berlin")
    assert "<script>" not in picture
    assert "11:00:00 critical: &lt;script&gt;" in picture


def test_a_page_outside_the_time_stands_at_its_edge() -> None:
    picture = rings_chart([ring(AT - 99), ring(AT + 9_999)], AT, AT + 60, "UTC")
    assert "translate(7.0" in picture
    assert "translate(523.0" in picture


def test_a_moment_without_length_and_a_day_are_drawn() -> None:
    assert "nobody would have been called" in rings_chart([], AT, AT, "UTC")
    assert "03-01 10:00" in rings_chart([ring(AT)], AT, AT + 90_000, "UTC")
