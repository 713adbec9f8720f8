"""Icons of our own drawing, as SVG in the page: they need no request, and no rule of the policy.

Outlines are of 16 by 16 units and a line of 1.5. Marks of severity are filled, 10 by 10; each has its own shape, as
some people see no colour.
"""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup

_OUTLINES = {
    "mark": "M1.5 3h1c4 0 3 5 7 5M1.5 8h8M1.5 13h1c4 0 3-5 7-5M10 8a2 2 0 1 0 4 0 2 2 0 1 0-4 0",
    "incidents": "M2.5 9.5 4.5 3h7l2 6.5V13h-11V9.5h3l1 1.5h3l1-1.5h3",
    "alerts": "M3.5 11.5h9c-1-1-1-2-1-4.5a3.5 3.5 0 0 0-7 0c0 2.5 0 3.5-1 4.5M6.5 13.5h3",
    "playbooks": "M3.5 2.5h9v11h-9zM3.5 11h9M6 5.5h4",
    "silences": "M3.5 11.5h9c-1-1-1-2-1-4.5a3.5 3.5 0 0 0-7 0c0 2.5 0 3.5-1 4.5M6.5 13.5h3M2.5 2.5l11 11",
    "deliveries": "M14 2 2 7l4.5 2L14 2 9 14l-2.5-5",
    "runs": "M5 3l7.5 5L5 13z",
    "replay": "M4.5 13V3M2 5.5 4.5 3 7 5.5M11.5 3v10M9 10.5l2.5 2.5 2.5-2.5",
    "engine": "M1.5 8h3l2-5 3 10 2-5h3",
    "models": "M8 1.5 13.5 4.7v6.6L8 14.5l-5.5-3.2V4.7zM2.5 4.7 8 8l5.5-3.3M8 8v6.5",
    "api": "M5.5 4 2 8l3.5 4M10.5 4 14 8l-3.5 4",
    "tokens": "M8.5 7.5a3 3 0 1 0-2 2l1 1H9V12h1.5v1.5H13v-2z",
    "settings": "M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M9 3v3M7 10v3",
    "more": "M3 8h.1M8 8h.1M13 8h.1",
    "search": "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.5 10.5 14 14",
    "copy": "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
    "check": "M3 8.5 6.5 12 13 4.5",
    "cross": "M4 4l8 8M12 4l-8 8",
    "back": "M10 3 5 8l5 5",
    "person": "M8 2.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5M3 13.5c0-6 10-6 10 0",
    "clock": "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2M8 5v3l2 1.5",
    "merge": "M4 2.5c0 4 4 4 4 7M12 2.5c0 4-4 4-4 7v4",
    "split": "M4 2.5v2c0 3 4 3 4 5v4M12 2.5v2c0 1.5-1 2.2-2 3",
    "filter": "M2 4h12M4.5 8h7M6.5 12h3",
    "link": "M6.5 9.5l5-5M8 4.5h3.5V8M6 4.5H3.5v8h8V10",
    "note": "M3 3h10v7l-3 3H3zM6 6.5h4M6 9h2",
    "change": "M8 2l6 6-6 6-6-6z",
    "sign-out": "M6.5 2.5h-4v11h4M6 8h8M11 5l3 3-3 3",
    "warning": "M8 2.5 14.5 13.5h-13zM8 6.5v3.5M8 12h.1",
    "pause": "M5.5 3v10M10.5 3v10",
    "undo": "M5.5 3 2.5 6l3 3M2.5 6h7a3.8 3.8 0 0 1 0 7.5H6",
    "refresh": "M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3",
}
_MARKS = {
    "critical": Markup('<path d="M5 0l5 5-5 5-5-5z"/>'),
    "high": Markup('<path d="M5 .5l5 9H0z"/>'),
    "warning": Markup('<circle cx="5" cy="5" r="4"/>'),
    "info": Markup('<circle cx="5" cy="5" r="3.2" fill="none" stroke="currentColor" stroke-width="1.6"/>'),
    "ok": Markup('<path d="M1 5.5l2.8 2.8L9.2 2" fill="none" stroke="currentColor" stroke-width="1.6"/>'),
}
_ICON = Markup(
    '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.5"'
    ' stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="{}"/></svg>'
)
_MARK = Markup(
    '<svg class="mark" viewBox="0 0 10 10" width="10" height="10" fill="currentColor" aria-hidden="true">{}</svg>'
)
MARKS = tuple(_MARKS)
NAMES = tuple(_OUTLINES)


@lru_cache(maxsize=64)
def icon(name: str) -> Markup:
    """Return an outline by its name; whoever uses it alone gives its control a label."""
    return _ICON.format(_OUTLINES[name])


@lru_cache(maxsize=64)
def mark(severity: str) -> Markup:
    """Return the mark of a severity; an unknown word gets the one of a warning."""
    return _MARK.format(_MARKS.get(severity, _MARKS["warning"]))


def mark_shape(severity: str) -> Markup:
    """Return the shape of a severity, 10 by 10 units, for a picture of many marks."""
    return _MARKS.get(severity, _MARKS["warning"])
