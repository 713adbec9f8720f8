"""SVG pictures: what a notebook shows, and the drawing that makes one of escaped text and numbers."""

from __future__ import annotations

import os
import re
import unicodedata
from hashlib import sha256
from pathlib import Path

from markupsafe import escape

from aiops.errors import UsageError
from aiops.web.visible import shown

# More letters than any picture is wide.
_MAX_CHARACTERS = 400
# What XML cannot hold at all; `shown` writes most of it by its code before.
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Width of a letter as a share of the font's size, of the widest font that a browser takes for system-ui: cut too early
# is better than text over text. Bold letters are wider, and those of East Asia take the whole.
_LETTER, _BOLD = 0.6, 0.68
# Letters of the end that are kept of a name cut in its middle: the random part of a pod's name.
_END = 5
# Severity is coded by glyph and word as well as by colour.
GLYPHS = {"critical": "◆", "high": "▲", "warning": "●", "info": "○", "ok": "✓"}

# The tokens of the web page. Surface and ink are painted: a picture can be read on any page around it. It follows the
# colour scheme of the browser, and where it stands inside a page of a notebook the theme of that.
_LIGHT = (
    "--surface:#fff;--line:#e4e6ea;--ink:#12161c;--ink2:#454d59;--ink3:#626b79;"
    "--critical:#c3142d;--high:#b0460a;--warning:#b58200;--info:#2557b0;--ok:#18733f"
)
_DARK = (
    "--surface:#121519;--line:#232830;--ink:#eceef1;--ink2:#b3bac5;--ink3:#8d96a4;"
    "--critical:#ff6b78;--high:#ff9457;--warning:#d3a42c;--info:#83b2ff;--ok:#55c98a"
)
_STYLE = f"""
.aiops-picture{{{_LIGHT};font-family:system-ui,sans-serif;font-variant-numeric:tabular-nums}}
@media (prefers-color-scheme:dark){{.aiops-picture{{{_DARK}}}}}
[data-jp-theme-light="true"] .aiops-picture,.vscode-light .aiops-picture{{{_LIGHT}}}
[data-jp-theme-light="false"] .aiops-picture,.vscode-dark .aiops-picture{{{_DARK}}}
"""
_STYLE += """
.aiops-picture .surface{fill:var(--surface);stroke:var(--line)}
.aiops-picture .rule{stroke:var(--line);stroke-width:1;fill:none}
.aiops-picture .edge{stroke:var(--ink3);stroke-width:1.25;fill:none}
.aiops-picture .span{stroke:var(--ink3);stroke-width:1.5;fill:none}
.aiops-picture .bar{fill:var(--ink3)}.aiops-picture text{fill:var(--ink);font-size:13px}
.aiops-picture .title{font-size:14px;font-weight:600}.aiops-picture .second{fill:var(--ink2)}
.aiops-picture .label{paint-order:stroke;stroke:var(--surface);stroke-width:4px;stroke-linejoin:round}
.aiops-picture .small{fill:var(--ink3);font-size:11.5px}.aiops-picture .strong{font-weight:600}
.aiops-picture .arrow{fill:var(--ink3)}.aiops-picture .hollow{fill:var(--surface);stroke:var(--ink3);stroke-width:1.5}
.aiops-picture .ring{fill:none;stroke:var(--ink);stroke-width:1.5}
.aiops-picture .band{fill:var(--ok);opacity:.13}
.aiops-picture .current{stroke:var(--ink3);stroke-width:1.25;stroke-dasharray:4 4}
.aiops-picture .suggested{stroke:var(--ok);stroke-width:2}
.aiops-picture .curve{fill:none;stroke-width:2;stroke-linejoin:round}
.aiops-picture .dot{stroke:var(--surface);stroke-width:1}
""" + "".join(f".aiops-picture .{name}{{fill:var(--{name})}}" for name in GLYPHS)
# Lines of a chart differ in dash as well as in colour.
_SERIES = (("info", ""), ("high", "7 4"), ("ok", "2 4"), ("critical", "9 3 2 3"), ("warning", "14 4"), ("ink2", "1 3"))
_STYLE += "".join(
    f".aiops-picture .curve.series{place}{{stroke:var(--{colour})"
    + (f";stroke-dasharray:{dash}" if dash else "")
    + f"}}.aiops-picture .dot.series{place}{{fill:var(--{colour})}}"
    for place, (colour, dash) in enumerate(_SERIES)
)
_STYLE = _STYLE.replace("\n", "")


class Picture:
    """An SVG picture. A notebook shows it; `save` writes it to a file."""

    def __init__(self, svg: str, title: str) -> None:
        self.svg = svg
        self.title = title

    def __repr__(self) -> str:
        return f"<aiops.Picture: {self.title}; show it in a notebook, or write it with .save('picture.svg')>"

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the SVG to a file."""
        try:
            Path(path).write_text(self.svg, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror or error}") from error


def xml(text: object) -> str:
    r"""Text for an element or an attribute: escaped, with hidden and impossible characters by their code.

    >>> xml('<b> & "x"'), xml("a\u202eb")
    ('&lt;b&gt; &amp; &#34;x&#34;', 'a\\u202eb')
    """
    return str(escape(_NO_XML.sub("\ufffd", str(shown(str(text))))))


def fit(text: str, width: float, size: float = 13, *, bold: bool = False) -> str:
    """The text on one line, cut with an ellipsis to about `width` pixels at a font size.

    >>> fit("payments-api", 200), fit("payments-api", 60)
    ('payments-api', 'paymen…')
    """
    # Cut first: a text of a megabyte costs no more than one of a line.
    line = " ".join(str(shown(text[:_MAX_CHARACTERS])).split())
    used = 0.0
    for place, letter in enumerate(line):
        used += size * _share(letter, bold)
        if used > width:
            return line[: max(0, place - 1)] + "…"
    return line if len(text) <= _MAX_CHARACTERS else line + "…"


def fit_middle(text: str, width: float, size: float = 13, *, bold: bool = False) -> str:
    """The text cut in its middle: replicas of one workload differ at the end of their names.

    >>> fit_middle("payments-api-7nhp9tcvm-p6hsh", 150), fit_middle("payments-api", 150)
    ('payments-api-…p6hsh', 'payments-api')
    """
    cut = fit(text, width, size, bold=bold)
    if not cut.endswith("…"):
        return cut
    end = str(shown(text[-_END:]))
    head = fit(text, width - width_of(end, size, bold=bold), size, bold=bold)
    return head + end if head.endswith("…") else cut


def width_of(text: str, size: float = 13, *, bold: bool = False) -> float:
    """Return about the pixels that a text takes.

    >>> round(width_of("web")), round(width_of("web", bold=True))
    (23, 27)
    """
    return size * sum(_share(letter, bold) for letter in text)


def _share(letter: str, bold: bool) -> float:
    return 1.0 if unicodedata.east_asian_width(letter) in "WF" else _BOLD if bold else _LETTER


def _hint(text: str) -> str:
    """Text that a browser shows under the pointer; bounded, as one picture has thousands of marks."""
    return f"<title>{xml(text[:_MAX_CHARACTERS])}</title>" if text else ""


class Drawing:
    """Collects elements of a picture. Every text that goes in is escaped here, and nowhere else."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._parts: list[str] = []

    def text(self, x: float, y: float, text: str, style: str = "", anchor: str = "start", hint: str = "") -> None:
        """A line of text; `hint` is the whole of it where it was cut."""
        self._add(f'<text x="{x:g}" y="{y:g}" class="{style}" text-anchor="{anchor}">{_hint(hint)}{xml(text)}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        """A straight line."""
        self._add(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>')

    def rect(self, x: float, y: float, width: float, height: float, style: str, hint: str = "") -> None:
        """A rectangle."""
        size = f'width="{width:.1f}" height="{height:.1f}"'
        self._add(f'<rect x="{x:.1f}" y="{y:.1f}" {size} class="{style}">{_hint(hint)}</rect>')

    def circle(self, x: float, y: float, radius: float, style: str, hint: str = "") -> None:
        """A circle."""
        self._add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" class="{style}">{_hint(hint)}</circle>')

    def path(self, data: str, style: str, hint: str = "") -> None:
        """A path; `data` is made of numbers by the caller."""
        self._add(f'<path d="{data}" class="{style}">{_hint(hint)}</path>')

    def picture(self, height: float, title: str, description: str) -> Picture:
        """The finished picture; title and description are what a screen reader reads."""
        body = "".join(self._parts)
        # Several pictures may stand on one page: their ids must differ.
        name = "aiops-" + sha256((title + description + body).encode("utf-8", "replace")).hexdigest()[:12]
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="aiops-picture" role="img" width="{self.width}" '
            f'height="{height:g}" viewBox="0 0 {self.width} {height:g}" style="max-width:100%;height:auto" '
            f'aria-labelledby="{name}-title {name}-description">'
            f'<title id="{name}-title">{xml(title)}</title><desc id="{name}-description">{xml(description)}</desc>'
            f"<style>{_STYLE}</style>"
            f'<rect x=".5" y=".5" width="{self.width - 1}" height="{height - 1:g}" rx="10" class="surface"/>'
            f"{body}</svg>"
        )
        return Picture(svg, title)

    def _add(self, part: str) -> None:
        self._parts.append(part)
