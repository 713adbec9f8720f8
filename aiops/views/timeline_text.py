"""The timeline as text for a terminal: a row for each service, then what else happened."""

from __future__ import annotations

from datetime import UTC, datetime

from aiops.records import LABELS
from aiops.views.course import Course
from aiops.views.timeline import Timeline, Track
from aiops.wording import plural

# The worst severity of a column; the same marks as on the page.
_MARKS = {"critical": "◆", "high": "▲", "warning": "●", "info": "○", "ok": "·"}
_MOST_COLUMNS, _LEAST_COLUMNS, _NAME = 60, 10, 24
# The time and the kind in front of what happened.
_BESIDE = 24
# Lines about one incident that a person reads in a terminal.
MAX_LINES = 40


def timeline_lines(shown: Timeline, width: int = 100) -> list[str]:
    """Return the timeline in at most `width` characters a line, with times in UTC."""
    tracks = [*shown.tracks, *([shown.folded] if shown.folded is not None else [])]
    if not tracks:
        return ["No alert is kept of this incident."]
    names = [_cut(_name(track, shown), _NAME) for track in tracks]
    room = max(len(name) for name in names)
    columns = max(_LEAST_COLUMNS, min(_MOST_COLUMNS, width - room - 26))
    rows = [
        f"{name:<{room}} {_marks(track, shown, columns)} {plural(track.alerts, 'alert')}{' · cause' * track.is_cause}"
        for name, track in zip(names, tracks, strict=True)
    ]
    start, end = _clock(shown.start), _clock(shown.end)
    scale = f"{'':<{room}} {start}{end:>{columns - len(start)}} UTC"
    return [line.rstrip() for line in (scale, *rows, *_course(shown, width))]


def _name(track: Track, shown: Timeline) -> str:
    return plural(shown.folded_count, "more service") if track is shown.folded else track.name


def _marks(track: Track, shown: Timeline, columns: int) -> str:
    """Return a mark for the worst severity of each column."""
    worst: dict[int, str] = {}
    for bar in track.bars:
        place = int((max(bar.at, shown.start) - shown.start) / (shown.end - shown.start) * columns)
        known = worst.get(place)
        if known is None or LABELS.index(bar.severity) > LABELS.index(known):
            worst[place] = bar.severity
    return "".join(_MARKS[worst[place]] if place in worst else " " for place in range(columns))


def _course(shown: Timeline, width: int) -> list[str]:
    course = Course(shown.changes, shown.decisions, shown.notifications, shown.people, shown.runs).in_order()
    lines = []
    for kind, mark in course:
        text = _cut(f"{mark.actor + ' ' if mark.actor else ''}{mark.text}", width - _BESIDE)
        lines.append(f"{_clock(mark.at)}  {kind:<12}  {text}")
    more = len(lines) - MAX_LINES
    return lines if more <= 0 else [*lines[:MAX_LINES], f"and {more:,} more"]


def _clock(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{at:g} s"


def _cut(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
