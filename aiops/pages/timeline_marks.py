"""Rows of marks in a timeline, each mark with as much of its words as has room."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from aiops.pages.drawing import Drawing, number
from aiops.pages.text_width import cut, width_of
from aiops.views.marks import Mark
from aiops.views.timeline import Timeline

_SIZE = 11.5
# Marks nearer than this are one, and room that is too little for words.
_NEAR, _LEAST = 9.0, 54.0
_GAP = 9.0
_SEPARATOR = " · "


class Row(Struct):
    """A row: its name, the shape of its marks, the marks in order, and the words where there are none."""

    name: str
    style: str
    marks: list[Mark]
    empty: str
    start: float
    end: float


class Cluster(Struct):
    """Marks in one place, with the words of all."""

    x: float
    marks: list[Mark]

    @property
    def text(self) -> str:
        """Return the different words of its marks."""
        return _SEPARATOR.join(dict.fromkeys(words(mark) for mark in self.marks))


class Label(Struct):
    """Words beside a mark, from `left` to `right`."""

    left: float
    right: float
    text: str
    whole: str
    is_before: bool = False


def rows_of(shown: Timeline) -> tuple[list[Row], list[Row]]:
    """Return the rows above the services, and those below."""

    def row(name: str, style: str, marks: Sequence[Mark], empty: str) -> Row:
        return Row(name, style, sorted(marks, key=lambda one: one.at), empty, shown.start, shown.end)

    after = [
        row("Engine", "engine", shown.decisions, "no decision is kept"),
        row("Notified", "notified", shown.notifications, "nobody was notified"),
        row("People", "people", shown.people, "nobody has acted yet"),
    ]
    if shown.runs:
        after.append(row("Runs", "runs", shown.runs, ""))
    return [row("Changes", "change", shown.changes, "no change was received")], after


def words(mark: Mark) -> str:
    """Return the words of a mark.

    >>> words(Mark(0.0, "acknowledged", "alice"))
    'alice acknowledged'
    """
    return f"{mark.actor} {mark.text}" if mark.actor else mark.text


def clusters(marks: Sequence[Mark], place: Callable[[float], float]) -> list[Cluster]:
    """Return marks by place, in order; those nearer than a mark is wide are one."""
    found: list[Cluster] = []
    for mark in marks:
        x = place(mark.at)
        if found and x - found[-1].x < _NEAR:
            found[-1].marks.append(mark)
        else:
            found.append(Cluster(x, [mark]))
    return found


def labels(found: Sequence[Cluster], left: float, right: float) -> list[Label]:
    """Return the words that have room, each right of its mark and before the next one.

    Words without room are added to those of the next mark that has some; the last ones may stand left of their mark.
    """
    placed: list[Label] = []
    waiting: list[str] = []
    for number_, cluster in enumerate(found):
        start = cluster.x + _GAP
        is_last = number_ == len(found) - 1
        end = right if is_last else found[number_ + 1].x - _GAP
        waiting.append(cluster.text)
        whole = _SEPARATOR.join(dict.fromkeys(waiting))
        need = width_of(whole, _SIZE)
        if need <= end - start or (is_last and end - start >= min(need, _LEAST)):
            placed.append(_label(start, end, whole))
            waiting = []
        elif is_last:
            before = _before(found, placed, left)
            if cluster.x - _GAP - before >= _LEAST and len(found) == 1:
                placed.append(_label(before, cluster.x - _GAP, whole, is_before=True))
    return placed


def _before(found: Sequence[Cluster], placed: Sequence[Label], left: float) -> float:
    last = max([left, *(one.right + _GAP for one in placed)])
    return max([last, *(one.x + _GAP for one in found[:-1])])


def _label(left: float, right: float, whole: str, *, is_before: bool = False) -> Label:
    text = cut(whole, right - left, _SIZE)
    used = width_of(text, _SIZE)
    return Label(right - used, right, text, whole, True) if is_before else Label(left, left + used, text, whole)


def draw_row(
    drawing: Drawing, row: Row, place: Callable[[float], float], plot: tuple[float, float], middle: float
) -> None:
    """Draw the marks of a row and their words."""
    left, right = plot
    inside = [mark for mark in row.marks if row.start <= mark.at <= row.end]
    if not inside:
        outside = f"{len(row.marks):,} outside of this stretch"
        drawing.text(left + 4, middle + 4, cut(outside if row.marks else row.empty, right - left - 4, _SIZE), "dim")
        return
    found = clusters(inside, place)
    for cluster in found:
        style = f"event {row.style}{' is-failure' if any(one.is_failure for one in cluster.marks) else ''}"
        drawing.path(_shape(row.style, cluster.x, middle), style, cluster.text)
    for label in labels(found, left, right):
        hint = label.whole if label.whole != label.text else ""
        drawing.text(label.left, middle + 4, label.text, "words", hint=hint)


def _shape(style: str, x: float, y: float) -> str:
    at = f"M{number(x)} {number(y)}"
    if style == "change":
        return f"{at}m0-6l6 6l-6 6l-6-6z"
    if style == "people":
        return f"{at}m-4-4h8v8h-8z"
    if style == "runs":
        return f"{at}m-4-5l9 5l-9 5z"
    return f"{at}m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"
