"""The timeline as a picture: all alerts above, a track for each incident or entity below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt

from aiops.notebook.picture import GLYPHS, Drawing, Picture, fit
from aiops.notebook.tracks import BINS, Span, Track
from aiops.records import Change
from aiops.wording import plural

_WIDTH = 960
_LEFT, _RIGHT = 372, 876
_TOP = 56
_STRIP, _TRACK, _AXIS = 40, 40, 34
_LEGEND = 76
# Marks of changes: more of them are a line, and their number stands beside it.
MAX_CHANGES = 100
# Distances of the marks on the axis that people can count with.
_STEPS_S = (1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000)
_MOST_MARKS = 7


@dataclass(slots=True)
class Timeline:
    """A picture to be drawn: the strip of all alerts, tracks, and a line on tracks that are left out."""

    title: str
    span: Span
    total: Track
    tracks: Sequence[Track]
    changes: Sequence[Change]
    left_out: str = ""


def draw(timeline: Timeline) -> Picture:
    """Draw a timeline."""
    drawing = Drawing(_WIDTH)
    span = timeline.span
    bottom = _TOP + _STRIP + _TRACK * len(timeline.tracks)
    _header(drawing, timeline)
    _axis(drawing, span, bottom)
    _strip(drawing, timeline)
    highest = max((max(track.bins) for track in timeline.tracks), default=1)
    for place, track in enumerate(timeline.tracks):
        _track(drawing, track, span, _TOP + _STRIP + _TRACK * place, max(1, highest))
    if timeline.left_out:
        drawing.text(16, bottom + 22, timeline.left_out, "small")
    return drawing.picture(bottom + _AXIS, timeline.title, _described(timeline))


def _described(timeline: Timeline) -> str:
    tracks = "; ".join(
        f"{track.severity}: {track.label}, {plural(track.total, 'alert')} from {clock(track.start)}"
        for track in timeline.tracks
    )
    more = f"; {timeline.left_out}" if timeline.left_out else ""
    return f"{clock(timeline.span.start)} to {clock(timeline.span.end)} UTC. {tracks}{more}."


def _header(drawing: Drawing, timeline: Timeline) -> None:
    drawing.text(16, 26, fit(timeline.title, 640, 14, bold=True), "title", hint=timeline.title)
    span = timeline.span
    drawing.text(16, 44, f"{day(span.start)} {clock(span.start)} to {day(span.end)} {clock(span.end)} UTC", "small")
    severities = [name for name in GLYPHS if any(track.severity == name for track in timeline.tracks)]
    for place, severity in enumerate(reversed(severities), 1):
        x = _WIDTH - 12.0 - place * _LEGEND
        drawing.text(x, 26, GLYPHS[severity], severity)
        drawing.text(x + 16, 26, severity, "small")


def _axis(drawing: Drawing, span: Span, bottom: float) -> None:
    step = next((one for one in _STEPS_S if (span.end - span.start) / one <= _MOST_MARKS), _STEPS_S[-1])
    at = (int(span.start) // step + 1) * step
    for _ in range(_MOST_MARKS + 1):
        if at > span.end:
            break
        x = _x(span, at)
        drawing.line(x, _TOP, x, bottom + 6, "rule")
        drawing.text(x, bottom + 20, day(at) if step >= 86_400 else clock(at, step), "small", "middle")
        at += step


def _strip(drawing: Drawing, timeline: Timeline) -> None:
    total = timeline.total
    drawing.text(16, _TOP + 24, total.label, "second")
    drawing.text(_WIDTH - 16, _TOP + 24, f"{total.total:,}", "second", "end")
    most = max(1, *total.bins)
    for place, count in enumerate(total.bins):
        if count:
            _bar(drawing, place, count / most, _TOP + _STRIP - 8, 28, "bar", f"{plural(count, 'alert')}")
    for change in timeline.changes[:MAX_CHANGES]:
        if timeline.span.bin_of(change.ts) is not None:
            x = _x(timeline.span, change.ts)
            hint = f"{change.name} on {change.entity} at {clock(change.ts)} UTC"
            drawing.path(f"M{x - 4:.1f} {_TOP + 34}L{x + 4:.1f} {_TOP + 34}L{x:.1f} {_TOP + 40}Z", "info", hint)
    if timeline.changes:
        drawing.text(_LEFT - 12, _TOP + 38, f"▼ {plural(len(timeline.changes), 'change')}", "small", "end")


def _track(drawing: Drawing, track: Track, span: Span, top: float, highest: int) -> None:
    drawing.line(16, top, _WIDTH - 16, top, "rule")
    drawing.text(16, top + 18, GLYPHS.get(track.severity, "●"), track.severity)
    drawing.text(
        34, top + 18, fit(track.label, _LEFT - 48, bold=True), "strong", hint=f"{track.severity}: {track.label}"
    )
    drawing.text(34, top + 33, fit(track.detail, _LEFT - 48, 11.5), "small", hint=track.detail)
    drawing.text(_WIDTH - 16, top + 25, f"{track.total:,}", "second", "end")
    base = top + _TRACK - 9
    first, last = _x(span, track.start), _x(span, track.end)
    drawing.line(first, base, max(last, first + 2), base, "span")
    for place, count in enumerate(track.bins):
        if count:
            # By the root: beside a burst of hundreds, a single alert must still be seen.
            share = sqrt(count / highest)
            _bar(drawing, place, share, base, 24, track.severity, f"{plural(count, 'alert')}")
    if track.is_open:
        drawing.path(f"M{last:.1f} {base - 4:.1f}L{last + 6:.1f} {base:.1f}L{last:.1f} {base + 4:.1f}Z", "arrow")
    else:
        drawing.text(last + 3, base + 4, GLYPHS["ok"], "small")


def _bar(drawing: Drawing, place: int, share: float, base: float, height: float, style: str, hint: str) -> None:
    width = (_RIGHT - _LEFT) / BINS
    tall = max(2.0, height * share)
    drawing.rect(_LEFT + place * width, base - tall, width - 0.8, tall, style, hint)


def _x(span: Span, at: float) -> float:
    return _LEFT + span.share(at) * (_RIGHT - _LEFT)


def clock(at: float, step_s: float = 60) -> str:
    """The time of day in UTC.

    >>> clock(1767225630.0), clock(1767225630.0, 1)
    ('00:00', '00:00:30')
    """
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S" if step_s < 60 else "%H:%M")


def day(at: float) -> str:
    """The date in UTC.

    >>> day(1767225630.0)
    '2026-01-01'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
