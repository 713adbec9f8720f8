"""A sweep as a picture: a panel for each figure over the values of the first key, all on one axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from aiops.errors import UsageError
from aiops.notebook.picture import Drawing, Picture, fit, width_of
from aiops.sweep import Row, SweepReport
from aiops.wording import duration, plural

_WIDTH = 880
_LEFT, _RIGHT = 76, 672
_TOP, _PANEL, _GAP, _AXIS = 98, 118, 38, 52
# Beside each other, more lines than this cannot be followed; the words at their ends would not fit either.
MAX_LINES = 6
_LABEL_GAP = 15
# Values that are written below the axis; of more, some are left out.
_MAX_TICKS = 13


@dataclass(slots=True)
class Line:
    """A figure of some rows, by their place on the axis."""

    name: str
    points: list[tuple[float, float, str]]


@dataclass(slots=True)
class Panel:
    """One panel: its title, its lines, and the top of its scale (None: from the figures)."""

    title: str
    lines: list[Line]
    top: float | None = None


@dataclass(slots=True)
class Axis:
    """The common axis: the place of each row, the words below it, and whether the places are numbers."""

    key: str
    places: list[float]
    ticks: list[tuple[float, str]]
    is_numeric: bool

    def x(self, place: float) -> float:
        """Return where a place is drawn."""
        low, high = min(self.places), max(self.places)
        inset = 24
        return _LEFT + inset + (place - low) / ((high - low) or 1.0) * (_RIGHT - _LEFT - 2 * inset)


def check_lines(settings: Iterable[Sequence[str]]) -> None:
    """Raise `UsageError` for more lines than a picture can show; `settings` are the values of each."""
    lines = {tuple(values[1:]) for values in settings}
    if len(lines) > MAX_LINES:
        raise UsageError(
            f"--svg: a picture has a line for each combination of the keys after the first, at most {MAX_LINES} "
            f"(got {len(lines)}); sweep fewer values of them, or put the key with the most values first"
        )


def draw(report: SweepReport) -> Picture:
    """Draw a sweep."""
    axis = _axis(report)
    panels = _panels(report, axis)
    drawing = Drawing(_WIDTH)
    bottom = _TOP + len(panels) * (_PANEL + _GAP) - _GAP
    title = f"Sweep of {', '.join(report.keys)}"
    drawing.text(16, 28, fit(title, 640, 14, bold=True), "title", hint=title)
    drawing.text(16, 48, f"{plural(report.alerts, 'alert')} of {duration(report.span_s)}", "small")
    _band(drawing, report, axis, bottom)
    for place, panel in enumerate(panels):
        _draw_panel(drawing, panel, axis, _TOP + place * (_PANEL + _GAP))
    _marks(drawing, report, axis, bottom)
    for x, text in axis.ticks:
        drawing.text(axis.x(x), bottom + 18, fit(text, 110, 11.5), "small", "middle", hint=text)
    drawing.text((_LEFT + _RIGHT) / 2, bottom + 38, fit(axis.key, 560), "second", "middle", hint=axis.key)
    return drawing.picture(bottom + _AXIS, title, _described(report))


def _axis(report: SweepReport) -> Axis:
    rows = report.rows
    firsts = [_first(row) for row in rows]
    numbers = [_number(text) for text in firsts]
    if all(number is not None for number in numbers):
        places = [number for number in numbers if number is not None]
        distinct = sorted(set(zip(places, firsts, strict=True)))
        step = ceil(len(distinct) / _MAX_TICKS)
        return Axis(report.keys[0], places, distinct[::step], True)
    words = list(dict.fromkeys(firsts))
    return Axis(
        report.keys[0],
        [float(words.index(text)) for text in firsts],
        [(float(place), text) for place, text in enumerate(words)],
        False,
    )


def _first(row: Row) -> str:
    return next(iter(row.setting.values()))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _panels(report: SweepReport, axis: Axis) -> list[Panel]:
    """Return the panels that the rows have figures for."""
    lines = _Lines(report, axis)
    pages = lines.of("all pages", lambda row: row.pages_a_day)
    if len(report.keys) == 1:
        pages += lines.of("new incidents", lambda row: row.new_a_day)
    panels = [
        Panel("pages a day", pages),
        Panel("incidents a day", lines.of("incidents", lambda row: row.incidents_a_day)),
    ]
    if report.truth is None:
        against = "current setting" if len(report.keys) > 1 else "next value"
        panels.append(Panel(f"agreement with the {against} (adjusted Rand index)", lines.of("agreement", _agreed), 1.0))
        return panels
    if report.truth == "labels":
        panels.append(Panel("pieces a fault", lines.of("pieces", _score("pieces"))))
    f1 = lines.of("F1", _score("f1"))
    if len(report.keys) > 1:
        return [*panels, Panel("pairwise F1", f1, 1.0)]
    scores = [
        *f1,
        *lines.of("precision", _score("precision")),
        *lines.of("recall", _score("recall")),
    ]
    if report.truth == "labels":
        scores += lines.of("foreign alerts", _score("foreign"))
    return [*panels, Panel("scores of pairs, and share of foreign alerts", scores, 1.0)]


def _score(name: str) -> Callable[[Row], float | None]:
    def figure(row: Row) -> float | None:
        return getattr(row.scores, name, None)

    return figure


def _agreed(row: Row) -> float | None:
    return row.agreement


class _Lines:
    """The rows by line: all in one, or one for each combination of the keys after the first."""

    def __init__(self, report: SweepReport, axis: Axis) -> None:
        self.groups: dict[str, list[tuple[float, Row]]] = {}
        for place, row in zip(axis.places, report.rows, strict=True):
            others = list(row.setting.items())[1:]
            name = ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in others)
            self.groups.setdefault(name, []).append((place, row))

    def of(self, name: str, figure: Callable[[Row], float | None]) -> list[Line]:
        """Return the lines of a figure; a row without it leaves a gap."""
        found = []
        for group, rows in self.groups.items():
            figures = [(place, figure(row), row.label) for place, row in rows]
            points = [(place, value, label) for place, value, label in figures if value is not None]
            found.append(Line(group or name, sorted(points)))
        return found


def _band(drawing: Drawing, report: SweepReport, axis: Axis, bottom: float) -> None:
    """Shade the values that are as good as the best one, where they are neighbours on an axis."""
    alike = report.suggestion.alike if report.suggestion is not None else []
    if len(report.keys) > 1 or not axis.is_numeric or len(alike) < 2:
        return
    if sorted(alike) != list(range(min(alike), max(alike) + 1)):
        return
    first, last = axis.x(axis.places[min(alike)]) - 10, axis.x(axis.places[max(alike)]) + 10
    drawing.rect(first, _TOP, last - first, bottom - _TOP, "band", "not distinguishable from the best")
    drawing.text(_RIGHT + 14, _TOP - 12, "shaded: as good as the best", "small")


def _draw_panel(drawing: Drawing, panel: Panel, axis: Axis, top: float) -> None:
    figures = [value for line in panel.lines for _, value, _ in line.points]
    scale = _Scale(panel.top or max(figures, default=1.0), top)
    drawing.text(_LEFT, top - 10, panel.title, "label strong")
    for value in scale.ticks:
        drawing.line(_LEFT, scale.y(value), _RIGHT, scale.y(value), "rule")
        drawing.text(_LEFT - 8, scale.y(value) + 4, f"{value:g}", "small", "end")
    for number, line in enumerate(panel.lines):
        style = f"series{number % MAX_LINES}"
        path = [f"{axis.x(place):.1f} {scale.y(value):.1f}" for place, value, _ in line.points]
        if axis.is_numeric and len(path) > 1:
            drawing.path("M" + "L".join(path), f"curve {style}")
        for place, value, label in line.points:
            hint = f"{label}: {line.name} {value:.4g}"
            drawing.circle(axis.x(place), scale.y(value), 3.5, f"dot {style}", hint)
    _end_labels(drawing, panel, axis, scale)


def _end_labels(drawing: Drawing, panel: Panel, axis: Axis, scale: _Scale) -> None:
    """Name each line at its end, one below the other where they end together."""
    ends = [(scale.y(line.points[-1][1]), number, line) for number, line in enumerate(panel.lines) if line.points]
    last = float("-inf")
    lowest = scale.base - (len(ends) - 1) * _LABEL_GAP
    for place, (y, number, line) in enumerate(sorted(ends, key=lambda end: end[:2])):
        y = max(min(y, lowest + place * _LABEL_GAP), last + _LABEL_GAP)
        last = y
        end = axis.x(line.points[-1][0])
        drawing.line(end + 6, scale.y(line.points[-1][1]), _RIGHT + 8, y, "rule")
        drawing.line(_RIGHT + 8, y, _RIGHT + 30, y, f"curve series{number % MAX_LINES}")
        drawing.text(_RIGHT + 36, y + 4, fit(line.name, _WIDTH - _RIGHT - 48, 12), "second", hint=line.name)


class _Scale:
    """The vertical scale of a panel, from 0 to a round number."""

    def __init__(self, highest: float, top: float) -> None:
        step = _step(highest)
        self.highest = max(step, ceil(highest / step - 1e-9) * step)
        self.ticks = [step * count for count in range(round(self.highest / step) + 1)]
        self.top = top
        self.base = top + _PANEL

    def y(self, value: float) -> float:
        """Return where a figure is drawn."""
        # An agreement worse than chance is negative; the axis is as far below as a reader needs to see.
        return self.base - min(max(value, 0.0), self.highest) / self.highest * _PANEL


def _step(highest: float) -> float:
    """Return a round distance of marks: at most five fit.

    >>> _step(24.6), _step(1.0), _step(0.0)
    (5.0, 0.2, 0.25)
    """
    if highest <= 0:
        return 0.25
    size = 10.0 ** floor(log10(highest))
    return next(size * share for share in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5) if highest <= 5 * size * share)


def _marks(drawing: Drawing, report: SweepReport, axis: Axis, bottom: float) -> None:
    """Mark the current value, and the suggested one if it is another."""
    for place, row in zip(axis.places, report.rows, strict=True):
        words = [word for word, is_so in (("current", row.is_current), ("suggested", row.is_suggested)) if is_so]
        if not words:
            continue
        x = axis.x(place)
        drawing.line(x, _TOP - 2, x, bottom, "suggested" if row.is_suggested else "current")
        text = f"{row.label}: {' and '.join(words)}"
        half = width_of(fit(text, 300, bold=True), bold=True) / 2
        drawing.text(
            min(max(x, _LEFT + half), _RIGHT - half),
            _TOP - 28,
            fit(text, 300, bold=True),
            "label strong",
            "middle",
            hint=row.label,
        )


def _described(report: SweepReport) -> str:
    """Return the figures as text, for who cannot see the lines."""
    shown = []
    for row in report.rows[:60]:
        marks = "".join(f" ({word})" for word, is_so in _states(row) if is_so)
        scores = f", F1 {row.scores.f1:.3f}" if row.scores is not None else ""
        shown.append(
            f"{row.label}{marks}: pages a day {row.pages_a_day:.1f}, incidents a day {row.incidents_a_day:.1f}{scores}"
        )
    verdict = f" {report.suggestion.text[0]}" if report.suggestion is not None else ""
    return f"{', '.join(report.keys)}. {'; '.join(shown)}.{verdict}"


def _states(row: Row) -> Sequence[tuple[str, bool]]:
    return ("current", row.is_current), ("suggested", row.is_suggested)
