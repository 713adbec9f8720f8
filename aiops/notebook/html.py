"""HTML for notebooks: small tables of escaped text that take the page's own colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiops.notebook.picture import GLYPHS, xml

# Letters of a cell: titles of alerts may be long, and a page of them is no summary.
MAX_CHARACTERS = 90

# Severities have colours of their own, for light and for dark pages; all else is inherited.
_LIGHT = {"critical": "#c3142d", "high": "#b0460a", "warning": "#855d00", "info": "#2557b0", "ok": "#18733f"}
_DARK = {"critical": "#ff6b78", "high": "#ff9457", "warning": "#e2b640", "info": "#83b2ff", "ok": "#55c98a"}
# Marks that JupyterLab and Visual Studio Code put around a dark page.
_DARK_PAGES = ('[data-jp-theme-light="false"]', ".vscode-dark")
_STYLE = (
    "<style>.aiops-view{font-variant-numeric:tabular-nums;max-width:70em}.aiops-view table{border-collapse:collapse;"
    "margin:.5em 0}.aiops-view th,.aiops-view td{padding:.2em .9em .2em 0;vertical-align:top;"
    "border-bottom:1px solid rgba(128,128,128,.3)}.aiops-view td:last-child{white-space:nowrap}"
    ".aiops-view small{opacity:.75}"
    + "".join(f".aiops-view .{name}{{color:{colour}}}" for name, colour in _LIGHT.items())
    + "".join(f"{page} .aiops-view .{name}{{color:{_DARK[name]}}}" for page in _DARK_PAGES for name in _DARK)
    + "</style>"
)
# On each cell: a notebook's own style sheet sets it for tables, and more strongly than one of an output can.
_LEFT, _RIGHT = 'style="text-align:left"', 'style="text-align:right"'


@dataclass(slots=True)
class Level:
    """A severity, shown as glyph and word."""

    name: str


@dataclass(slots=True)
class Count:
    """A figure, shown at the right."""

    text: str


Cell = str | Level | Count | None


def view(title: str, lines: Iterable[str], header: Sequence[Cell], rows: Iterable[Sequence[Cell]]) -> str:
    """A heading, lines of text, and a table where it has rows."""
    body = "".join("<tr>" + "".join(_cell(cell, "td") for cell in row) + "</tr>" for row in rows)
    head = "".join(_cell(cell, "th") for cell in header)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""
    notes = "".join(f"<div><small>{xml(line)}</small></div>" for line in lines if line)
    return f'<div class="aiops-view">{_STYLE}<div><strong>{xml(title)}</strong></div>{notes}{table}</div>'


def _cell(cell: Cell, tag: str) -> str:
    if isinstance(cell, Level):
        glyph = GLYPHS.get(cell.name, "●")
        known = cell.name if cell.name in GLYPHS else "warning"
        return f'<{tag} {_LEFT}><span class="{known}">{glyph}&nbsp;{xml(cell.name)}</span></{tag}>'
    if isinstance(cell, Count):
        return f"<{tag} {_RIGHT}>{xml(cell.text)}</{tag}>"
    return f"<{tag} {_LEFT}>{xml(cut(cell or ''))}</{tag}>"


def cut(text: str) -> str:
    """The text on one line, cut to what a cell holds.

    >>> len(cut("x" * 500)), cut("a\\n b")
    (90, 'a b')
    """
    line = " ".join(text[: 4 * MAX_CHARACTERS].split())
    return line if len(line) <= MAX_CHARACTERS else line[: MAX_CHARACTERS - 1] + "…"
