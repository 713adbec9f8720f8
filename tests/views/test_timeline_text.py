"""The timeline in a terminal: a row for each service, in the width that there is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiops.views.course import Course
from aiops.views.marks import Mark
from aiops.views.stretch import stretch_of
from aiops.views.timeline import Timeline, timeline
from aiops.views.timeline_text import MAX_LINES, timeline_lines
from tests.views.incidents import START, alerts, incident, minute, stream


def line(names: list[str], course: Course | None = None) -> Timeline:
    own = alerts(
        *[stream("Slow", name) for name in names],
        minutes=tuple(minute(turn, name, 1, 2 + (turn == 5) * 2) for name in names for turn in range(0, 10, 5)),
        cause=names[0] if names else None,
    )
    one = incident()
    return timeline(one, own, course or Course(), stretch_of(one, [], START + 600))


def test_a_row_has_the_marks_of_its_severities() -> None:
    course = Course(
        changes=[Mark(START - 24, "web: deploy 8.14.6")], people=[Mark(START + 30, "acknowledged", "alice")]
    )
    found = timeline_lines(line(["web", "db"], course), 60)
    assert found[0].split() == ["09:59:30", "10:10:30", "UTC"]
    assert found[1].startswith("web ")
    assert found[1].endswith("2 alerts · cause")
    assert found[1].index("●") < found[1].index("◆")
    assert found[3] == "09:59:36  change        web: deploy 8.14.6"
    assert found[4] == "10:00:30  person        alice acknowledged"


def test_no_alerts_are_stated() -> None:
    assert timeline_lines(line([])) == ["No alert is kept of this incident."]


def test_many_services_and_marks_are_counted() -> None:
    course = Course(decisions=[Mark(START, "reopened")] * 99)
    found = timeline_lines(line([f"s{number}" for number in range(60)], course))
    assert any(row.startswith("48 more services") for row in found)
    assert found[-1] == f"and {99 - MAX_LINES} more"


@given(st.lists(st.text(max_size=60), max_size=8, unique=True), st.integers(60, 200))
def test_no_line_is_longer_than_the_terminal(names: list[str], width: int) -> None:
    for row in timeline_lines(line(names, Course(changes=[Mark(START, "x" * 999)])), width):
        assert len(row) <= width
        assert "\n" not in row
