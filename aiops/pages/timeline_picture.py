"""The timeline as a picture: a track for each service, and rows for what else happened.

The height of a mark is its severity; where there is room its width grows with the number of alerts. Each picture is
drawn for a width, as text in SVG keeps its size relative to the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

from markupsafe import Markup
from msgspec import Struct

from aiops.pages.drawing import Drawing, number
from aiops.pages.text_width import cut, cut_middle, two_lines, width_of
from aiops.pages.time_axis import ticks
from aiops.pages.timeline_marks import Row, draw_row, rows_of
from aiops.pages.times import clock, thousands
from aiops.views.timeline import Bar, Timeline, Track
from aiops.wording import listed, plural

_HEIGHTS = {"critical": 30, "high": 22, "warning": 13, "info": 7, "ok": 4}
_TALLEST_FIRST = tuple(_HEIGHTS)
_AXIS, _TRACK, _ROW, _END = 30, 42, 38, 10
_SMALL = 11.5
# Severities of a bucket stand side by side where each has at least so much room.
_APART = 2.8
# The room of one bucket that its marks use at most: marks keep near its beginning.
_MOST = 40.0
# Names of services in the description.
_NAMED = 4


class Frame(Struct):
    """The measures of one picture: its width, and where the plot begins and ends."""

    width: float
    left: float
    right: float
    is_narrow: bool
    start: float
    end: float
    zone: str = "UTC"

    def x(self, at: float) -> float:
        """Return the place of a time; one outside is at the edge."""
        share = (at - self.start) / (self.end - self.start)
        return self.left + min(1.0, max(0.0, share)) * (self.right - self.left)

    def holds(self, at: float) -> bool:
        """Return True if a time is in the picture."""
        return self.start <= at <= self.end


def wide(shown: Timeline, zone: str, where: tzinfo = UTC) -> Markup:
    """Draw the timeline for a screen."""
    return _draw(shown, Frame(840, 190, 832, False, shown.start, shown.end, zone), where)


def narrow(shown: Timeline, zone: str, where: tzinfo = UTC) -> Markup:
    """Draw the timeline for a phone: names are shorter, the details are in the table."""
    return _draw(shown, Frame(340, 88, 336, True, shown.start, shown.end, zone), where)


def _draw(shown: Timeline, frame: Frame, where: tzinfo) -> Markup:
    drawing = Drawing(frame.width, "timeline-picture")
    tracks = [*shown.tracks, *([shown.folded] if shown.folded is not None else [])]
    before, after = rows_of(shown)
    top = _AXIS + _ROW * len(before)
    bottom = top + _TRACK * len(tracks) + _ROW * len(after) + _END
    _axis(drawing, shown, frame, bottom, where)
    y: float = _AXIS
    for row in before:
        _event_row(drawing, row, frame, y)
        y += _ROW
    for place, track in enumerate(tracks):
        _track(drawing, track, frame, top + _TRACK * place, shown)
    _change_lines(drawing, shown, frame, top, top + _TRACK * len(tracks))
    y = top + _TRACK * len(tracks)
    for row in after:
        _event_row(drawing, row, frame, y)
        y += _ROW
    return drawing.picture(bottom, description(shown, frame.zone), "is-narrow" if frame.is_narrow else "is-wide")


def description(shown: Timeline, zone: str) -> str:
    """Return the timeline in a sentence."""
    begun, ended = clock(shown.start, zone), clock(shown.end, zone)
    tracks = [f"{one.name}{' (cause)' if one.is_cause else ''}, {plural(one.alerts, 'alert')}" for one in shown.tracks]
    names = listed(tracks, _NAMED, len(tracks) + shown.folded_count, separator="; ")
    changes = plural(len(shown.changes), "change")
    return f"Alerts by service from {begun} to {ended} {zone}: {names or 'none'}. {changes}."


def _axis(drawing: Drawing, shown: Timeline, frame: Frame, bottom: float, where: tzinfo) -> None:
    now = frame.x(shown.at) if frame.holds(shown.at) else None
    marks = ticks(frame.start, frame.end, 4 if frame.is_narrow else 8, where)
    lines, used = [], frame.left - 40
    for tick in marks:
        x, half = frame.x(tick.at), width_of(tick.label, _SMALL) / 2
        lines.append(f"M{number(x)} {_AXIS - 6}V{number(bottom)}")
        fits = x + half <= frame.width - 2 and x - half >= used and x - half >= frame.left - half - 4
        if fits and (now is None or abs(now - x) > half + 24):
            drawing.text(x, 15, tick.label, "dim", anchor="middle")
            used = x + half + 10
    drawing.path("".join(lines), "grid")
    if now is not None:
        drawing.path(f"M{number(now)} {_AXIS - 8}V{number(bottom)}", "now")
        half = width_of("now", _SMALL) / 2
        drawing.text(min(now, frame.width - half - 2), 15, "now", "dim", anchor="middle")


def _track(drawing: Drawing, track: Track, frame: Frame, y: float, shown: Timeline) -> None:
    is_folded = track is shown.folded
    name = f"{shown.folded_count:,} more services" if is_folded else track.name
    drawing.begin("track is-cause" if track.is_cause else "track", _hint(track, name))
    if track.is_cause:
        drawing.rect(0, y + 1, frame.width, _TRACK - 2, "lit", radius=6)
    _label(drawing, track, name, frame, y)
    base = y + _TRACK - 8
    drawing.path(f"M{number(frame.left)} {number(base + 0.5)}H{number(frame.right)}", "base")
    _bars(drawing, track.bars, frame, base, shown.bucket_s)
    _onsets(drawing, track.onsets, frame, base)
    drawing.end()


def _label(drawing: Drawing, track: Track, name: str, frame: Frame, y: float) -> None:
    room, bold = frame.left - 14, track.is_cause
    style = "strong" if bold else "name"
    if frame.is_narrow:
        # The name takes both lines: the counts are in the table.
        first, second = two_lines(name, room, _SMALL, bold=bold)
        drawing.text(8, y + (18 if second else 25), first, f"{style} small")
        if second:
            drawing.text(8, y + 32, second, f"{style} small")
        return
    drawing.text(8, y + 18, cut_middle(name, room, 13, bold=bold), style)
    drawing.text(8, y + 33, _detail(track, room), "dim")


def _detail(track: Track, room: float) -> str:
    alerts = plural(track.alerts, "alert").replace(",", "\u202f")
    cause = " · cause" if track.is_cause else ""
    whole = f"{alerts}, {plural(track.entities, 'entity', 'entities')}{cause}" if track.entities else alerts + cause
    return whole if width_of(whole, _SMALL) <= room else cut(alerts + cause, room, _SMALL)


def _hint(track: Track, name: str) -> str:
    return (
        f"{name}: {plural(track.alerts, 'alert')}, worst {track.severity}{', likely cause' if track.is_cause else ''}"
    )


def _bars(drawing: Drawing, bars: Sequence[Bar], frame: Frame, base: float, bucket_s: float) -> None:
    """Draw bars as one path a severity: hundreds of elements would be most of the page."""
    width = (frame.right - frame.left) * bucket_s / (frame.end - frame.start)
    buckets: dict[float, dict[str, int]] = {}
    for bar in bars:
        buckets.setdefault(bar.at, {})[bar.severity] = bar.count
    paths: dict[tuple[str, float], list[str]] = {}
    most = max((len(counts) for counts in buckets.values()), default=1)
    is_apart = width >= most * _APART
    for at, counts in buckets.items():
        start, end = frame.x(at), frame.x(at + bucket_s)
        if end <= start:
            continue
        for severity, x, wide_ in _side_by_side(counts, start, width) if is_apart else _stacked(counts, start, end):
            # A line as thick as the mark is wide takes half the letters of a rectangle.
            data = f"M{number(x + wide_ / 2)} {number(base)}v-{_HEIGHTS[severity]}"
            paths.setdefault((severity, round(wide_, 1)), []).append(data)
    for severity, wide_ in sorted(paths, key=lambda key: _TALLEST_FIRST.index(key[0])):
        drawing.path("".join(paths[severity, wide_]), f"bar {severity}", width=wide_)


def _stacked(counts: dict[str, int], start: float, end: float) -> list[tuple[str, float, float]]:
    """Return (severity, left edge, width) of marks in one place, the lower ones in front."""
    return [(one, start + 0.4, max(1.2, end - start - 0.8)) for one in _TALLEST_FIRST if one in counts]


def _side_by_side(counts: dict[str, int], start: float, width: float) -> list[tuple[str, float, float]]:
    """Return (severity, left edge, width) of marks beside each other."""
    severities = [one for one in _TALLEST_FIRST if one in counts]
    gap = 1.5 if width >= 18.0 else 0.8
    found, most = [], (min(width, _MOST) - gap) / len(severities) - gap
    x = start + gap
    for one in severities:
        wide_ = min(most, _breadth(counts[one]))
        found.append((one, x, wide_))
        x += wide_ + gap
    return found


def _breadth(count: int) -> float:
    """Return the width of a mark: from 1 alert on 2.5 px, from ten 5, from a hundred 7.5 px."""
    return 2.5 * min(4, len(str(count)))


def _onsets(drawing: Drawing, onsets: Sequence[float], frame: Frame, base: float) -> None:
    """Draw small marks below the line where streams began to fire; those that touch are one."""
    spans: list[list[int]] = []
    for x in sorted({round(frame.x(at)) for at in onsets if frame.holds(at)}):
        if spans and x - spans[-1][1] <= 2:
            spans[-1][1] = x
        else:
            spans.append([x, x])
    if spans:
        data = "".join(f"M{first} {number(base + 3)}h{last - first + 1}" for first, last in spans)
        drawing.path(data, "onset", width=4)


def _change_lines(drawing: Drawing, shown: Timeline, frame: Frame, top: float, bottom: float) -> None:
    places = sorted({round(frame.x(mark.at)) for mark in shown.changes if frame.holds(mark.at)})
    if places and bottom > top:
        drawing.path("".join(f"M{x}.5 {number(top - 14)}V{number(bottom)}" for x in places[:20]), "change-line")


def _event_row(drawing: Drawing, row: Row, frame: Frame, y: float) -> None:
    base = y + _ROW - 12
    drawing.text(8, y + 20, cut(row.name, frame.left - 18, 13), "row-name")
    drawing.path(f"M{number(frame.left)} {number(base + 0.5 + 6)}H{number(frame.right)}", "base")
    draw_row(drawing, row, frame.x, (frame.left, frame.right), y + 16)


def total(shown: Timeline) -> str:
    """Return the number of alerts of all tracks."""
    tracks = [*shown.tracks, *([shown.folded] if shown.folded is not None else [])]
    return thousands(sum(one.alerts for one in tracks))
