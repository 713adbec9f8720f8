"""Rows of marks: words never lie over a mark or over each other, and what has no words is still marked."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aiops.pages.drawing import Drawing
from aiops.pages.timeline_marks import Row, clusters, draw_row, labels, rows_of, words
from aiops.views.marks import Mark
from aiops.views.timeline import Timeline
from tests.pages.svg_geometry import Picture

MARKS = st.lists(
    st.builds(Mark, st.floats(0, 100), st.text(max_size=40), st.one_of(st.none(), st.just("alice"))), max_size=30
)


def drawn(marks: list[Mark], empty: str = "nothing", width: float = 840) -> Picture:
    drawing = Drawing(width, "x")
    row = Row("Engine", "engine", sorted(marks, key=lambda one: one.at), empty, 0, 100)
    draw_row(drawing, row, lambda at: 200 + at * (width - 210) / 100, (200, width - 10), 16)
    return Picture(drawing.picture(40, ""))


@given(MARKS)
def test_words_lie_over_nothing(marks: list[Mark]) -> None:
    picture = drawn(marks)
    assert picture.overlapping() == []
    assert picture.outside() == []


@given(MARKS, st.floats(100, 800))
def test_words_keep_off_the_marks(marks: list[Mark], right: float) -> None:
    found = clusters(sorted(marks, key=lambda one: one.at), lambda at: 100 + at * (right - 100) / 100)
    placed = labels(found, 100, right)
    for one, other in pairwise(placed):
        assert one.right <= other.left
    for label in placed:
        assert label.right <= right + 1e-6
        assert not any(label.left < cluster.x + 4 and cluster.x - 4 < label.right for cluster in found)


def test_marks_in_one_place_share_their_words() -> None:
    [found] = clusters([Mark(1, "opened"), Mark(1.2, "cause found"), Mark(1.3, "opened")], lambda at: at)
    assert found.text == "opened · cause found"


def test_words_without_room_go_to_the_next_mark() -> None:
    texts = [text.text for text in drawn([Mark(1, "opened"), Mark(4, "cause found"), Mark(7, "critical")]).texts]
    assert texts == ["opened · cause found · critical"]


def test_a_mark_at_the_right_edge_has_its_words_on_the_left() -> None:
    [text] = drawn([Mark(99, "acknowledged", "alice")]).texts
    assert text.text == "alice acknowledged"
    assert text.right < 824


def test_an_empty_row_states_why() -> None:
    assert [text.text for text in drawn([], "nobody has acted yet").texts] == ["nobody has acted yet"]
    assert [text.text for text in drawn([Mark(500, "late")]).texts] == ["1 outside of this stretch"]


def test_rows_are_changes_above_and_the_rest_below() -> None:
    line = Timeline("inc-1", 0, 100, 0, 100, 50, 60, True, [], runs=[Mark(4, "restart: verified")])
    before, after = rows_of(line)
    assert [row.name for row in before] == ["Changes"]
    assert [row.name for row in after] == ["Engine", "Notified", "People", "Runs"]
    line.runs = []
    assert [row.name for row in rows_of(line)[1]] == ["Engine", "Notified", "People"]
    assert words(Mark(0, "acknowledged", "alice")) == "alice acknowledged"
