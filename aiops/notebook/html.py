"""HTML for notebooks: small tables of escaped text that take the page's own colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiops.notebook.picture import GLYPHS, xml

# Letters of a cell: titles of alerts may be long, and a page of them is no summary.
MAX_CHARACTERS = 90

# Only severity has a colour of its own, which both light and dark pages carry; all else is inherited.
_STYLE = (
    "<style>.aiops-view{font-variant-numeric:tabular-nums;max-width:70em}.aiops-view table{border-collapse:collapse;"
    "margin:.5em 0}.aiops-view th,.aiops-view td{text-align:left;padding:.2em .9em .2em 0;vertical-align:top;"
    "border-bottom:1px solid rgba(128,128,128,.3);background:none}.aiops-view td.n,.aiops-view th.n{text-align:right}"
    ".aiops-view td:last-child{white-space:nowrap}"
    ".aiops-view .critical{color:#c3142d}.aiops-view .high{color:#b0460a}.aiops-view .warning{color:#855d00}"
    ".aiops-view .info{color:#2557b0}.aiops-view .ok{color:#18733f}.aiops-view small{opacity:.75}"
    '[data-jp-theme-light="false"] .aiops-view .critical,.vscode-dark .aiops-view .critical{color:#ff6b78}'
    '[data-jp-theme-light="false"] .aiops-view .high,.vscode-dark .aiops-view .high{color:#ff9457}'
    '[data-jp-theme-light="false"] .aiops-view .warning,.vscode-dark .aiops-view .warning{color:#e2b640}'
    '[data-jp-theme-light="false"] .aiops-view .info,.vscode-dark .aiops-view .info{color:#83b2ff}'
    '[data-jp-theme-light="false"] .aiops-view .ok,.vscode-dark .aiops-view .ok{color:#55c98a}</style>'
)


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
        return f'<{tag}><span class="{known}">{glyph}&nbsp;{xml(cell.name)}</span></{tag}>'
    if isinstance(cell, Count):
        return f'<{tag} class="n">{xml(cell.text)}</{tag}>'
    return f"<{tag}>{xml(cut(cell or ''))}</{tag}>"


def cut(text: str) -> str:
    """The text on one line, cut to what a cell holds.

    >>> len(cut("x" * 500)), cut("a\\n b")
    (90, 'a b')
    """
    line = " ".join(text[: 4 * MAX_CHARACTERS].split())
    return line if len(line) <= MAX_CHARACTERS else line[: MAX_CHARACTERS - 1] + "…"
