"""Rows of the list: the verdict as title, else the worst alert; groups in the order of need."""

from __future__ import annotations

from typing import Any

from aiops.pages.list_rows import groups_of, row_of
from aiops.search.lines import Line
from tests.cli.test_incident_lines import line


def row(**more: Any) -> Any:
    return row_of(line(**more), ())


def test_a_clear_cause_gives_the_title() -> None:
    one = row(verdict="api rollout stuck", cause="api", confidence="high", alert="ProbeFailed", entity="web", more=9)
    assert (one.title, one.hurts) == ("api rollout stuck", "ProbeFailed · web and 9 more")
    assert one.sure == "clear lead, not yet checked here"


def test_without_a_cause_the_worst_alert_is_the_title() -> None:
    one = row(alert="ProbeFailed", entity="web", more=1_200, is_cut=True, perhaps=["a", "b"])
    assert (one.title, one.hurts, one.perhaps) == ("ProbeFailed", "web and at least 1,200 more", "a or b")
    assert one.sure == ""


def test_an_alert_that_stands_for_itself_is_named_once() -> None:
    one = row(alert="Payroll export failed", entity="Payroll export failed")
    assert (one.title, one.hurts) == ("Payroll export failed", "")


def test_a_storm_keeps_its_title() -> None:
    assert row(is_storm=True, title="Storm: 10,000 alerts", alert="X", entity="y").title == "Storm: 10,000 alerts"


def test_an_incident_without_anything_has_its_id() -> None:
    assert row(alert="", entity="", title="").title == "inc-1"


def test_certainty_has_its_words() -> None:
    assert row(cause="db", is_confirmed=True).sure == "confirmed"
    assert row(cause="db", confidence="high", probability=0.8).sure == "80 %"


def test_groups_keep_the_order_of_lines_and_count_all_pages() -> None:
    lines: list[Line] = [line(id="a", rank=5), line(id="b", rank=5), line(id="c", rank=2)]
    found = groups_of(lines, {"a": [1, 2]}, {5: 70, 2: 1})
    assert [(one.title, one.count, [row.line.id for row in one.rows]) for one in found] == [
        ("Nobody on it", 70, ["a", "b"]),
        ("Resolved in the last hour", 1, ["c"]),
    ]
    assert [one.spark for one in found[0].rows] == [[1, 2], ()]
    assert [one.is_over for group in found for one in group.rows] == [False, False, True]
